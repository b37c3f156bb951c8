//! A loss of the user's own.

use super::{Correct, Criterion, Loss, Output, Scalar};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::value::{Array, Value};

/// A loss made of a closure, for example one that counts large errors less.
///
/// ```
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Loss, MeanSquared, Output, custom_loss};
/// use netwright_core::value::Value;
///
/// let mild = custom_loss(|outputs: Vec<Output<f32, Cpu>>, targets: &[Value<f32, Cpu>]| {
///     Ok((MeanSquared.compute(outputs, targets)? + 1.0).ln())
/// });
/// # fn is_loss(_: impl Loss<f32, Cpu>) {}
/// # is_loss(mild);
/// ```
pub fn custom_loss<E, D, F>(compute: F) -> CustomLoss<F>
where
    E: Float,
    D: Backend<E>,
    F: Fn(Vec<Output<E, D>>, &[Value<E, D>]) -> Result<Scalar<E, D>>,
{
    CustomLoss { compute }
}

/// What [`custom_loss`] gives. It has no accuracy.
#[derive(Clone, Copy, Debug)]
pub struct CustomLoss<F> {
    compute: F,
}

impl<E, D, F> Loss<E, D> for CustomLoss<F>
where
    E: Float,
    D: Backend<E>,
    F: Fn(Vec<Output<E, D>>, &[Value<E, D>]) -> Result<Scalar<E, D>>,
{
    fn compute(&self, outputs: Vec<Output<E, D>>, targets: &[Value<E, D>]) -> Result<Scalar<E, D>> {
        (self.compute)(outputs, targets)
    }
}

/// Accuracies and errors as the loss that is borrowed.
impl<E: Float, D: Backend<E>, L: Loss<E, D> + ?Sized> Loss<E, D> for &L {
    fn compute(&self, outputs: Vec<Output<E, D>>, targets: &[Value<E, D>]) -> Result<Scalar<E, D>> {
        (**self).compute(outputs, targets)
    }

    fn correct(&self, outputs: &[Array<E, D>], targets: &[Value<E, D>]) -> Result<Option<Correct>> {
        (**self).correct(outputs, targets)
    }

    fn criterion(&self) -> Option<Criterion<'_>> {
        (**self).criterion()
    }
}
