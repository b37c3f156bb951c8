//! `Relu`: max(x, 0).

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    relu(call.input()?)
}

/// `x <= 0 ? 0 : x` instead of dfdx's `relu`, which turns NaN into 0 and would hide it.
pub(crate) fn relu<E: Float, D: Backend<E>>(x: Flat<E, D>) -> Result<Flat<E, D>> {
    let negative = x.try_le(E::default()).on_device()?;
    let zeros = x.device().try_zeros_like(&negative).on_device()?;
    let zeros: Flat<E, D> = zeros.put_tape(OwnedTape::default());
    negative.try_choose(zeros, x).on_device()
}
