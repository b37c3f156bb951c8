//! `MeanSquared`: the usual loss of a regression.

use super::{Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::layers::OnDevice;
use crate::value::Value;
use dfdx::prelude::*;

/// The mean of `(x - y)²`. PyTorch's `MSELoss`.
///
/// # Shapes
/// Output and target are floats of the same shape; a target `[]` fits an output `[1]`.
///
/// ```
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Loss, MeanSquared};
///
/// let device = Cpu::default();
/// let (x, y) = (device.tensor([[1.0f32], [5.0]]), device.tensor([[0.0f32], [2.0]]));
/// assert_eq!(MeanSquared.loss(x.leaky_trace(), y)?.array(), 5.0);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanSquared;

criterion!(MeanSquared, self => Criterion::MeanSquared);

pub(super) fn compute<E: Float, D: Backend<E>>(
    output: Output<E, D>,
    target: &Value<E, D>,
) -> Result<Scalar<E, D>> {
    let target = check::floats("MeanSquared", &output.shape, target)?;
    let difference = output.data.try_sub(target).on_device()?;
    super::mean(difference.try_square().on_device()?)
}
