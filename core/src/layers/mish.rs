//! `Mish`: x · tanh(ln(1 + exp(x))).

use super::pointwise::{choose, cut, except, filled, with_gradient_of};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Above this the hyperbolic tangent is 1 to every digit of an `f64`.
const STRAIGHT: f64 = 20.0;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let x = call.input()?;
    let gate = gate(x.retaped())?;
    x.try_mul(gate).on_device()
}

/// tanh(ln(1 + u)) = n / (n + 2) with u = exp(x) and n = u · (u + 2). Its gradient is that of
/// 1 - 2 / (n + 2), which loses digits only as a value.
fn gate<E: Float, D: Backend<E>>(x: Flat<E, D>) -> Result<Flat<E, D>> {
    let (one, two) = (E::one(), E::of(2.0));
    let straight = x.try_gt(E::of(STRAIGHT)).on_device()?;
    let u = except(&straight, x, E::default())?.try_exp().on_device()?;
    let more = u.retaped::<OwnedTape<E, D>>().try_add(two).on_device()?;
    let n = u.try_mul(more).on_device()?;
    let plain = cut(&n)?;
    let quotient = plain.clone().try_div(plain.try_add(two).on_device()?).on_device()?;
    let value = choose(&straight, filled(&quotient, one)?, quotient)?;
    let share = n.try_add(two).on_device()?.try_recip().on_device()?;
    with_gradient_of(value, share.try_mul(E::of(-2.0)).on_device()?)
}
