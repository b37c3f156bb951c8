//! `LeakyRelu`: max(x, 0) + negative_slope · min(x, 0).

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// At zero its gradient is the slope, as in PyTorch.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let slope = E::of(call.node.number("negative_slope"));
    let x = call.input()?;
    let positive = x.try_gt(E::default()).on_device()?;
    let scaled = x.retaped::<OwnedTape<E, D>>().try_mul(slope).on_device()?;
    positive.try_choose(x, scaled).on_device()
}
