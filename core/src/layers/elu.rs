//! `Elu`: max(x, 0) + alpha · (exp(min(x, 0)) - 1).

use super::pointwise::{except, expm1};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// At zero its gradient is alpha, as in PyTorch.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let alpha = E::of(call.node.number("alpha"));
    let x = call.input()?;
    let positive = x.try_gt(E::default()).on_device()?;
    let below = expm1(except(&positive, x.retaped(), E::default())?)?;
    positive.try_choose(x, below.try_mul(alpha).on_device()?).on_device()
}
