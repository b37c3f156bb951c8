//! `Mul`: the product of values of one shape, and of a number.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let by = E::of(call.node.number("by"));
    let mut product = call.input()?.try_mul(by).on_device()?;
    for i in 1..call.inputs.len() {
        let next = call.apart_input(i)?;
        product = product.try_mul(next).on_device()?;
    }
    Ok(product)
}
