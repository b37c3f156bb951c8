//! `Swiglu`: a · sigmoid(a) · b of the halves a and b of one axis.

use super::glu::halves;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Shazeer: GLU Variants Improve Transformer, 2020, with both products in the layer before.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let [a, b] = halves(call)?;
    let gate = a.retaped::<OwnedTape<E, D>>().try_sigmoid().on_device()?;
    a.try_mul(gate).on_device()?.try_mul(b).on_device()
}
