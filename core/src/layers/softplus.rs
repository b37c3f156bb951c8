//! `Softplus`: ln(1 + exp(beta · x)) / beta, and x itself where beta · x > threshold.

use super::pointwise::{except, log1p_exp};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Where beta · x is above this, ln(1 + exp(beta · x)) is beta · x to every digit of an `f64`.
pub(super) const STRAIGHT: f64 = 40.0;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let beta = E::of(call.node.number("beta"));
    let threshold = E::of(call.node.number("threshold").min(STRAIGHT));
    bend(call.input()?, beta, threshold)
}

/// The same of any value.
pub(super) fn bend<E: Float, D: Backend<E>>(
    x: Flat<E, D>,
    beta: E,
    threshold: E,
) -> Result<Flat<E, D>> {
    let scaled = x.retaped::<OwnedTape<E, D>>().try_mul(beta).on_device()?;
    let straight = scaled.try_gt(threshold).on_device()?;
    let bent = log1p_exp(except(&straight, scaled, E::default())?)?;
    straight.try_choose(x, bent.try_div(beta).on_device()?).on_device()
}
