//! `MeanAbsolute`: a regression that outliers do not rule.

use super::{Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::layers::OnDevice;
use crate::value::Value;
use dfdx::prelude::*;

/// The mean of `|x - y|`. PyTorch's `L1Loss`.
///
/// # Shapes
/// Output and target are floats of the same shape; a target `[]` fits an output `[1]`.
///
/// ```
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Loss, MeanAbsolute};
///
/// let device = Cpu::default();
/// let (x, y) = (device.tensor([[1.0f32], [5.0]]), device.tensor([[0.0f32], [8.0]]));
/// assert_eq!(MeanAbsolute.loss(x.leaky_trace(), y)?.array(), 2.0);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanAbsolute;

criterion!(MeanAbsolute, self => Criterion::MeanAbsolute);

pub(super) fn compute<E: Float, D: Backend<E>>(
    output: Output<E, D>,
    target: &Value<E, D>,
) -> Result<Scalar<E, D>> {
    let target = check::floats("MeanAbsolute", &output.shape, target)?;
    let difference = output.data.try_sub(target).on_device()?;
    super::mean(difference.try_abs().on_device()?)
}
