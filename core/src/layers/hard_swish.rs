//! `HardSwish`: x · min(max(x + 3, 0), 6) / 6.

use super::hard_sigmoid::gate;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let x = call.input()?;
    let gate = gate(x.retaped())?;
    x.try_mul(gate).on_device()
}
