//! `Concat`: values joined along the channels.

use super::window::Rows;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// What lies before the joined axis (with the batch) are rows, which are joined end to end.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let axis = call.node.size("axis");
    let rows = call.batch * call.input_shape().iter().take(axis).product::<usize>();
    let mut joined = as_rows(call.input()?, rows)?;
    for i in 1..call.inputs.len() {
        let next = as_rows(call.apart_input(i)?, rows)?;
        joined = (joined, next).try_concat_along(Axis::<1>).on_device()?;
    }
    let &(rows, width) = joined.shape();
    joined.try_reshape_like(&(rows * width,)).on_device()
}

fn as_rows<E: Float, D: Backend<E>>(x: Flat<E, D>, rows: usize) -> Result<Rows<E, D>> {
    let width = x.shape().0 / rows.max(1);
    x.try_reshape_like(&(rows, width)).on_device()
}
