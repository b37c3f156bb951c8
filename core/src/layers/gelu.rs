//! `Gelu`: x · Φ(x), with Φ the normal distribution.

use super::pointwise::{Plain, choose, cut, except, filled, with_gradient_of};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;
use std::f64::consts::{FRAC_2_SQRT_PI, PI, SQRT_2};

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let x = call.input()?;
    match call.node.word("approximate") {
        "tanh" => approximate(x),
        _ => exact(x),
    }
}

/// Beyond this on either side the density is 0 to every digit of an `f64`, and x² may be infinite.
const FLAT: f64 = 40.0;

/// x · Φ - φ, with Φ held constant, and φ, the density, in the gradient alone: φ' = -x · φ, so the
/// gradient is Φ + x · φ. (dfdx has `accurate_gelu`, but its gradient takes √2 · x · φ.)
fn exact<E: Float, D: Backend<E>>(x: Flat<E, D>) -> Result<Flat<E, D>> {
    let phi = cumulative(cut(&x)?)?;
    let flat = x.retaped::<NoneTape>().try_abs().on_device()?.try_gt(E::of(FLAT)).on_device()?;
    let square = except(&flat, x.retaped(), E::default())?.try_square().on_device()?;
    let bell = square.try_mul(E::of(-0.5)).on_device()?.try_exp().on_device()?;
    let minus_density = bell.try_mul(E::of(-FRAC_2_SQRT_PI / (2.0 * SQRT_2))).on_device()?;
    let product = x.try_mul(phi).on_device()?;
    let nothing = filled(&product, E::default())?;
    product.try_add(with_gradient_of(nothing, minus_density)?).on_device()
}

/// Φ(x), from dfdx's x · Φ(x).
fn cumulative<E: Float, D: Backend<E>>(x: Plain<E, D>) -> Result<Plain<E, D>> {
    let near_zero = x.clone().try_abs().on_device()?.try_lt(E::of(1e-20)).on_device()?;
    let far = x.try_gt(E::of(10.0)).on_device()?;
    let quotient = x.clone().try_accurate_gelu().on_device()?.try_div(x.clone()).on_device()?;
    let near = choose(&near_zero, filled(&x, E::of(0.5))?, quotient)?;
    choose(&far, filled(&x, E::one())?, near)
}

/// 0.5 · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
fn approximate<E: Float, D: Backend<E>>(x: Flat<E, D>) -> Result<Flat<E, D>> {
    let square = x.retaped::<OwnedTape<E, D>>().try_square().on_device()?;
    let inner = square.try_mul(E::of(0.044715)).on_device()?.try_add(E::one()).on_device()?;
    let inner = inner.try_mul(x.retaped::<OwnedTape<E, D>>()).on_device()?;
    let inner = inner.try_mul(E::of((2.0 / PI).sqrt())).on_device()?;
    let gate = inner.try_tanh().on_device()?.try_add(E::one()).on_device()?;
    x.try_mul(gate).on_device()?.try_mul(E::of(0.5)).on_device()
}
