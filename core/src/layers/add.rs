//! `Add`: the sum of values of one shape.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let mut sum = call.input()?;
    for i in 1..call.inputs.len() {
        let next = call.apart_input(i)?;
        sum = sum.try_add(next).on_device()?;
    }
    Ok(sum)
}
