//! `LayerNorm`: each sample's last axes with mean 0 and variance 1.

use super::norm::standardize;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// The parameters of a `LayerNorm` layer: weight · (x - mean) / √(variance + eps) + bias, with the
/// mean and the (biased) variance of the last `axes` axes of each sample.
///
/// # Shapes
/// The output has the input's shape; `weight` and `bias` have the shape of its last `axes` axes
/// (or are [`Absent`](super::Absent) with `affine = false`).
///
/// # Initial values
/// `weight` 1, `bias` 0, as PyTorch's `nn.LayerNorm`.
///
/// # Source
/// Ba, Kiros and Hinton: Layer Normalization, 2016.
#[derive(Clone, Debug)]
pub struct LayerNorm<W, B> {
    /// The scale.
    pub weight: W,
    /// The shift.
    pub bias: B,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let shape = call.input_shape();
    let first = shape.len().saturating_sub(call.node.size("axes"));
    let width = shape.iter().skip(first).product::<usize>();
    let x = call.input()?;
    let count = x.shape().0;
    let rows = count / width.max(1);
    let x = x.try_reshape_like(&(1, rows, width)).on_device()?;
    let (y, _) = standardize(x, call.node.number("eps"))?;
    let mut y = y.try_reshape_like(&(rows, width)).on_device()?;
    if call.has_param(1) {
        let weight = call.param(0)?.try_broadcast_like::<_, Axis<0>>(&(rows, width)).on_device()?;
        let bias = call.param(1)?.try_broadcast_like::<_, Axis<0>>(&(rows, width)).on_device()?;
        y = y.try_mul(weight).on_device()?.try_add(bias).on_device()?;
    }
    y.try_reshape_like(&(count,)).on_device()
}
