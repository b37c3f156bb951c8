//! `GroupNorm` and `InstanceNorm2d`: groups of channels, or each, with mean 0 and variance 1.

use super::norm::{spread, standardize};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// The parameters of a `GroupNorm<num_groups>` layer: (x - mean) / √(variance + eps) of each group of
/// channels of a sample, times weight plus bias of each channel. The variance is the biased one.
///
/// # Shapes
/// `[channels]`, `[channels, length]` or `[channels, height, width]`, which it keeps; `weight` and
/// `bias` are `[channels]`. `num_groups` divides the channels: 1 group is a `LayerNorm` of whole images,
/// as many as there are channels an `InstanceNorm2d`.
///
/// # Initial values
/// `weight` 1, `bias` 0, as PyTorch's `nn.GroupNorm`.
///
/// # Source
/// Wu and He: Group Normalization, 2018.
#[derive(Clone, Debug)]
pub struct GroupNorm<W, B> {
    /// The scale.
    pub weight: W,
    /// The shift.
    pub bias: B,
}

/// The parameters of an `InstanceNorm2d<affine = true>` layer: (x - mean) / √(variance + eps) of each
/// channel of an image, times weight plus bias. Without `affine`, which is the default as in PyTorch,
/// it has none. There are no running statistics.
///
/// # Shapes
/// `[channels, height, width]`, which it keeps; `weight` and `bias` are `[channels]`.
///
/// # Initial values
/// `weight` 1, `bias` 0, as PyTorch's `nn.InstanceNorm2d`.
///
/// # Source
/// Ulyanov and others: Instance Normalization, 2016.
#[derive(Clone, Debug)]
pub struct InstanceNorm2d<W, B> {
    /// The scale.
    pub weight: W,
    /// The shift.
    pub bias: B,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let (groups, batch) = (call.node.size("num_groups").max(1), call.batch);
    let channels = call.input_shape().first().copied().unwrap_or(1).max(1);
    let x = call.input()?;
    let count = x.shape().0;
    let rows = batch * groups;
    let x = x.try_reshape_like(&(1, rows, count / rows.max(1))).on_device()?;
    let (y, _) = standardize(x, call.node.number("eps"))?;
    let shape = (batch, channels, count / (batch * channels).max(1));
    let mut y = y.try_reshape_like(&shape).on_device()?;
    if call.has_param(1) {
        y = y.try_mul(spread(call.param(0)?, shape)?).on_device()?;
        y = y.try_add(spread(call.param(1)?, shape)?).on_device()?;
    }
    y.try_reshape_like(&(count,)).on_device()
}
