//! `Mean`: the mean along one axis.

use super::{Call, Flat, OnDevice, sum};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let count = call.input_shape().get(call.node.size("axis")).copied().unwrap_or(1);
    sum::forward(call)?.try_div(E::of(count.max(1) as f64)).on_device()
}
