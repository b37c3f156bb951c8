//! `BatchNorm2d`: each channel of an image with mean 0 and variance 1 over the batch.

use super::{Call, Flat, norm};
use crate::backend::{Backend, Float};
use crate::error::Result;

/// The parameters of a `BatchNorm2d` layer: weight · (x - mean) / √(variance + eps) + bias, for
/// each of the channels apart.
///
/// In the training form mean and variance are those of the batch, height and width, and the running
/// ones move: running = (1 - momentum) · running + momentum · batch's, where the variance is
/// divided by n - 1 instead of n. In the inference form mean and variance are the running ones.
///
/// # Shapes
/// `[channels, h, w]` → `[channels, h, w]`.
/// All four are `[channels]`; with `affine = false`, `weight` and `bias` are
/// [`Absent`](super::Absent).
///
/// # Initial values
/// `weight` and `running_var` 1, `bias` and `running_mean` 0, as PyTorch's `nn.BatchNorm2d`.
///
/// # Source
/// Ioffe and Szegedy: Batch Normalization: Accelerating Deep Network Training by Reducing Internal
/// Covariate Shift, 2015.
#[derive(Clone, Debug)]
pub struct BatchNorm2d<W, B, M, V> {
    /// The scale.
    pub weight: W,
    /// The shift.
    pub bias: B,
    /// The mean that inference uses; not trained.
    pub running_mean: M,
    /// The variance that inference uses; not trained.
    pub running_var: V,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    norm::batch_norm(call)
}
