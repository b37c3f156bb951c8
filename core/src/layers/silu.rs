//! `Silu`: x · sigmoid(x).

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let x = call.input()?;
    let gate = x.retaped::<OwnedTape<E, D>>().try_sigmoid().on_device()?;
    x.try_mul(gate).on_device()
}
