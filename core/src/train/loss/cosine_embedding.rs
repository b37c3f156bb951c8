//! `CosineEmbedding`: two outputs in one direction, or not.

use super::{Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::{OnDevice, relu};
use crate::value::Value;
use dfdx::prelude::*;

/// What is added to the square of a length, as in PyTorch.
pub(crate) const EPS: f64 = 1e-12;

/// With `cos = x₁·x₂ / (‖x₁‖ · ‖x₂‖)` of a network's two outputs along the last axis: the mean of
/// `1 - cos` where the target is 1, and of `max(0, cos - margin)` where it is -1. PyTorch's
/// `CosineEmbeddingLoss`; for example, for two images of the same thing or of two.
///
/// R. Hadsell, S. Chopra, Y. LeCun: *Dimensionality Reduction by Learning an Invariant Mapping*, 2006,
/// with the cosine as the distance.
///
/// # Settings
/// [`margin`](Self::margin) is 0 unless set.
///
/// # Shapes
/// Outputs `[size]` and `[size]` with a target `[]`, or `[time, size]` twice with `[time]`. The target
/// are floats 1 and -1, or indices (or floats) 1 and 0, where 0 stands for -1.
///
/// ```
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{CosineEmbedding, Loss, Output};
/// use netwright_core::train::Target;
///
/// let device = Cpu::default();
/// let (a, b) = (device.tensor([[3.0f32, 0.0]]), device.tensor([[3.0f32, 4.0]]));
/// let outputs = vec![Output::of(a.leaky_trace())?, Output::of(b.leaky_trace())?];
/// let target = device.tensor([1.0f32]).into_value(&device)?;
/// let loss = CosineEmbedding::default().compute(outputs, &[target])?;
/// assert!((loss.array() - 0.4).abs() < 1e-6);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CosineEmbedding {
    margin: f64,
}

impl CosineEmbedding {
    /// The cosine below which what differs is different enough, from -1 to 1. Elsewhere: an
    /// [`Error::Setting`] when the loss is used.
    #[must_use]
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }
}

criterion!(CosineEmbedding, self => Criterion::CosineEmbedding { margin: self.margin });

pub(super) fn check_margin(margin: f64) -> Result<()> {
    if (-1.0..=1.0).contains(&margin) {
        return Ok(());
    }
    Err(Error::Setting(format!(
        "CosineEmbedding's margin is a cosine between -1 and 1, not {margin}"
    )))
}

pub(super) fn compute<E: Float, D: Backend<E>>(
    margin: f64,
    outputs: Vec<Output<E, D>>,
    targets: &[Value<E, D>],
) -> Result<Scalar<E, D>> {
    check_margin(margin)?;
    let counts = (outputs.len(), targets.len());
    let (Ok([a, b]), [target]) = (<[_; 2]>::try_from(outputs), targets) else {
        return Err(check::counts("CosineEmbedding", 2, 1, counts));
    };
    let (rows, size) = check::alike("CosineEmbedding", &[&a.shape, &b.shape])?;
    let signs = check::signs("CosineEmbedding", &a.shape[..a.shape.len() - 1], target)?;
    let shape = (rows, size);
    let a = a.data.try_reshape_like(&shape).on_device()?;
    let b = b.data.try_reshape_like(&shape).on_device()?;
    let square = |x: &Tensor<(usize, usize), E, D, OwnedTape<E, D>>| {
        let square = x.retaped::<OwnedTape<E, D>>().try_square().on_device()?;
        let sum = square.try_sum::<(usize,), Axis<1>>().on_device()?;
        sum.try_add(E::of(EPS)).on_device()
    };
    let lengths = square(&a)?.try_mul(square(&b)?).on_device()?.try_sqrt().on_device()?;
    let product = a.try_mul(b).on_device()?.try_sum::<(usize,), Axis<1>>().on_device()?;
    let cosine = product.try_div(lengths).on_device()?;
    let device = cosine.device().clone();
    let same: Vec<E> = signs.iter().map(|&sign| sign.max(E::default())).collect();
    let other = same.iter().map(|&same| E::one() - same).collect();
    let same = device.try_tensor_from_vec(same, (rows,)).on_device()?;
    let other = device.try_tensor_from_vec(other, (rows,)).on_device()?;
    let beyond = cosine.retaped::<OwnedTape<E, D>>().try_sub(E::of(margin)).on_device()?;
    let beyond = relu(beyond)?.try_mul(other).on_device()?;
    let missing = cosine.try_negate().on_device()?.try_add(E::one()).on_device()?;
    super::mean(missing.try_mul(same).on_device()?.try_add(beyond).on_device()?)
}
