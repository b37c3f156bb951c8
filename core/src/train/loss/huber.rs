//! `Huber`: squared near the target, absolute far from it.

use super::{Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::Value;

/// The mean of `½ (x - y)²` where `|x - y| < delta`, and of `delta · (|x - y| - ½ delta)`
/// elsewhere. PyTorch's `HuberLoss`; `delta` is 1 unless set.
///
/// P. J. Huber: *Robust Estimation of a Location Parameter*, 1964.
///
/// # Shapes
/// Output and target are floats of the same shape; a target `[]` fits an output `[1]`.
///
/// ```
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Huber, Loss};
///
/// let device = Cpu::default();
/// let (x, y) = (device.tensor([[1.0f32], [5.0]]), device.tensor([[0.5f32], [2.0]]));
/// assert_eq!(Huber::default().loss(x.leaky_trace(), y)?.array(), (0.125 + 2.5) / 2.0);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    delta: f64,
}

impl Huber {
    /// Where the square ends. Not a positive number: an [`Error::Setting`] when the loss is used.
    #[must_use]
    pub fn delta(delta: f64) -> Self {
        Huber { delta }
    }
}

impl Default for Huber {
    fn default() -> Self {
        Huber { delta: 1.0 }
    }
}

criterion!(Huber, self => Criterion::Huber { delta: self.delta });

pub(super) fn check(delta: f64) -> Result<()> {
    if delta > 0.0 && delta.is_finite() {
        return Ok(());
    }
    Err(Error::Setting(format!("Huber's delta is a positive number, not {delta}")))
}

pub(super) fn compute<E: Float, D: Backend<E>>(
    delta: f64,
    output: Output<E, D>,
    target: &Value<E, D>,
) -> Result<Scalar<E, D>> {
    check(delta)?;
    let target = check::floats("Huber", &output.shape, target)?;
    super::mean(output.data.try_huber_error(target, delta).on_device()?)
}
