//! `Softmax`: exp(x) / Σ exp(x) along one axis.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// What lies before the axis (with the batch), along it, and behind it.
pub(super) type Lines = (usize, usize, usize);

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let (x, lines) = shifted(call)?;
    normalized(x, lines)
}

/// exp(x) / Σ exp(x) of lines whose largest is 0.
pub(super) fn normalized<E: Float, D: Backend<E>>(
    x: Flat<E, D>,
    lines: Lines,
) -> Result<Flat<E, D>> {
    let count = x.shape().0;
    let exp = x.try_reshape_like(&lines).on_device()?.try_exp().on_device()?;
    let sum = exp.retaped::<OwnedTape<E, D>>().try_sum::<(usize, usize), Axis<1>>().on_device()?;
    let sum = sum.try_broadcast_like::<_, Axis<1>>(&lines).on_device()?;
    exp.try_div(sum).on_device()?.try_reshape_like(&(count,)).on_device()
}

/// The input less the largest value of its line. That is a constant to the gradient: adding the
/// same number to a whole line changes neither `Softmax` nor `LogSoftmax`.
pub(super) fn shifted<E: Float, D: Backend<E>>(
    call: &mut Call<'_, E, D>,
) -> Result<(Flat<E, D>, Lines)> {
    let shape = call.input_shape();
    let (before, behind) = shape.split_at(call.node.size("axis").min(shape.len()));
    let (&along, behind) = behind.split_first().unwrap_or((&1, &[]));
    let before = call.batch * before.iter().product::<usize>();
    let lines = (before, along, behind.iter().product());
    Ok((below_zero(call.input()?, lines)?, lines))
}

/// Lines less their largest value.
pub(super) fn below_zero<E: Float, D: Backend<E>>(
    x: Flat<E, D>,
    lines: Lines,
) -> Result<Flat<E, D>> {
    let count = x.shape().0;
    let x = x.try_reshape_like(&lines).on_device()?;
    let top = x.retaped::<NoneTape>().try_max::<(usize, usize), Axis<1>>().on_device()?;
    let top = top.try_broadcast_like::<_, Axis<1>>(&lines).on_device()?;
    x.try_sub(top).on_device()?.try_reshape_like(&(count,)).on_device()
}
