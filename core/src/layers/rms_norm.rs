//! `RmsNorm`: the last axis divided by its root mean square.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// The parameters of an `RmsNorm` layer: x / √(mean(x²) + eps) · weight over the last axis.
///
/// # Shapes
/// Any with at least one axis, which it keeps; `weight` is as long as the last axis
/// (or [`Absent`](super::Absent) with `affine = false`).
///
/// # Initial values
/// 1, as PyTorch's `nn.RMSNorm`, whose `eps` is by default the float's own; here it is 10⁻⁶, as in Keras.
///
/// # Source
/// Zhang and Sennrich: Root Mean Square Layer Normalization, 2019.
#[derive(Clone, Debug)]
pub struct RmsNorm<W> {
    /// The scale.
    pub weight: W,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let width = call.input_shape().last().copied().unwrap_or(1).max(1);
    let x = call.input()?;
    let count = x.shape().0;
    let shape = (count / width, width);
    let x = x.try_reshape_like(&shape).on_device()?;
    let square = x.retaped::<OwnedTape<E, D>>().try_square().on_device()?;
    let mean = square.try_mean::<(usize,), Axis<1>>().on_device()?;
    let root = mean.try_add(E::of(call.node.number("eps"))).on_device()?.try_sqrt().on_device()?;
    let root = root.try_broadcast_like::<_, Axis<1>>(&shape).on_device()?;
    let mut y = x.try_div(root).on_device()?;
    if call.has_param(0) {
        let weight = call.param(0)?.try_broadcast_like::<_, Axis<0>>(&shape).on_device()?;
        y = y.try_mul(weight).on_device()?;
    }
    y.try_reshape_like(&(count,)).on_device()
}
