//! `Sub`: the difference of two values of one shape.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let first = call.input()?;
    let second = call.apart_input(1)?;
    first.try_sub(second).on_device()
}
