//! `Softsign`: x / (1 + |x|).

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Of an infinity it is NaN, as in PyTorch.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let x = call.input()?;
    let size = x.retaped::<OwnedTape<E, D>>().try_abs().on_device()?;
    x.try_div(size.try_add(E::one()).on_device()?).on_device()
}
