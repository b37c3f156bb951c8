//! `MatMul`: the matrix product of two values, sample by sample.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let (&[rows, inner], &[_, columns]) = (call.input_shape(), call.node.shape) else {
        return Err(call.error("its inputs are not matrices"));
    };
    let batch = call.batch;
    let a = call.input()?.try_reshape_like(&(batch, rows, inner)).on_device()?;
    let b = call.apart_input(1)?.try_reshape_like(&(batch, inner, columns)).on_device()?;
    let product = a.try_matmul(b).on_device()?;
    product.try_reshape_like(&(batch * rows * columns,)).on_device()
}
