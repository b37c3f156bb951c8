//! `HardSigmoid`: min(max(x + 3, 0), 6) / 6.

use super::pointwise::{choose, cut, filled};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let x = call.input()?;
    gate(x)
}

/// The gradient is 0 at both bends and at NaN, as in PyTorch.
pub(super) fn gate<E: Float, D: Backend<E>>(x: Flat<E, D>) -> Result<Flat<E, D>> {
    let plain = cut(&x)?;
    let (negative, positive) =
        (plain.try_lt(E::default()).on_device()?, plain.try_gt(E::default()).on_device()?);
    let [zeros, ones] = [filled(&x, E::default())?, filled(&x, E::one())?];
    let inside = plain.clone().try_abs().on_device()?.try_lt(E::of(3.0)).on_device()?;
    // What is neither is NaN, and stays so.
    let edge = choose(&negative, zeros, choose(&positive, ones, plain)?)?;
    let line = x.try_add(E::of(3.0)).on_device()?.try_div(E::of(6.0)).on_device()?;
    inside.try_choose(line, edge.put_tape(OwnedTape::default())).on_device()
}
