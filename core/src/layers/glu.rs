//! `Glu`: a · sigmoid(b) of the halves a and b of one axis.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Dauphin and others: Language Modeling with Gated Convolutional Networks, 2017.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let [a, b] = halves(call)?;
    a.try_mul(b.try_sigmoid().on_device()?).on_device()
}

/// Both halves of the axis; what lies before it are rows.
pub(super) fn halves<E: Float, D: Backend<E>>(
    call: &mut Call<'_, E, D>,
) -> Result<[Flat<E, D>; 2]> {
    let width: usize = call.input_shape().iter().skip(call.node.size("axis")).product();
    let (half, x) = (width / 2, call.input()?);
    let rows = x.shape().0 / width.max(1);
    let x = x.try_reshape_like(&(rows, width)).on_device()?;
    // The gradient of dfdx's slice overwrites that of its input, so each has an input of its own.
    let again = x.retaped::<OwnedTape<E, D>>().try_mul(E::one()).on_device()?;
    let second = again.try_slice((.., half..)).on_device()?;
    let first = x.try_mul(E::one()).on_device()?.try_slice((.., ..half)).on_device()?;
    let flat = (rows * half,);
    let second = second.try_reshape_like(&flat).on_device()?;
    Ok([first.try_reshape_like(&flat).on_device()?, second])
}
