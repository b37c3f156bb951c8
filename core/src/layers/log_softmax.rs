//! `LogSoftmax`: ln of `Softmax`, computed without overflow.

use super::softmax::shifted;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// x - ln(Σ exp(x)), with x less its largest value: the sum is at least one.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let (x, lines) = shifted(call)?;
    let count = x.shape().0;
    let x = x.try_reshape_like(&lines).on_device()?;
    let exp = x.retaped::<OwnedTape<E, D>>().try_exp().on_device()?;
    let ln = exp.try_sum::<(usize, usize), Axis<1>>().on_device()?.try_ln().on_device()?;
    let ln = ln.try_broadcast_like::<_, Axis<1>>(&lines).on_device()?;
    x.try_sub(ln).on_device()?.try_reshape_like(&(count,)).on_device()
}
