//! `Sum`: the sum along one axis.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// What lies before the axis, the axis, and what lies behind it.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let shape = call.input_shape();
    let (before, behind) = shape.split_at(call.node.size("axis").min(shape.len()));
    let (&along, behind) = behind.split_first().unwrap_or((&1, &[]));
    let rows = call.batch * before.iter().product::<usize>();
    let width = behind.iter().product::<usize>();
    let x = call.input()?.try_reshape_like(&(rows, along, width)).on_device()?;
    let sum = x.try_sum::<(usize, usize), Axis<1>>().on_device()?;
    sum.try_reshape_like(&(rows * width,)).on_device()
}
