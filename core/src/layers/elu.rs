//! `Elu`: max(x, 0) + alpha · (exp(min(x, 0)) - 1).

use super::pointwise::{except, expm1};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let alpha = call.node.number("alpha");
    bend(call.input()?, [1.0, alpha, 1.0])
}

/// scale · x above zero, depth · (exp(rate · x) - 1) elsewhere. At zero its gradient is that of the
/// lower branch, as in PyTorch.
pub(super) fn bend<E: Float, D: Backend<E>>(
    x: Flat<E, D>,
    [scale, depth, rate]: [f64; 3],
) -> Result<Flat<E, D>> {
    let positive = x.try_gt(E::default()).on_device()?;
    let below = except(&positive, x.retaped(), E::default())?;
    let below = expm1(below.try_mul(E::of(rate)).on_device()?)?;
    let above = x.try_mul(E::of(scale)).on_device()?;
    positive.try_choose(above, below.try_mul(E::of(depth)).on_device()?).on_device()
}
