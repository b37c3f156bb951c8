//! `Hinge`: yes or no with a margin, for each element.

use super::{Correct, Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::layers::{OnDevice, relu};
use crate::value::{Array, Value};
use dfdx::prelude::*;

/// The mean of `max(0, 1 - y·x)`, or of its [square](Hinge::squared): the loss of support vector
/// machines. Keras's `Hinge` and `SquaredHinge`. C. Cortes, V. Vapnik: *Support-Vector Networks*,
/// 1995.
///
/// For one of several classes there is [`MultiMargin`](super::MultiMargin).
///
/// # Shapes
/// Output and target have the same shape; the target are floats 1 and -1, or indices (or floats) 1
/// and 0, where 0 stands for -1. A target `[]` fits an output `[1]`.
///
/// # Accuracy
/// The share of elements where `x > 0` and `y = 1` agree.
///
/// ```
/// use netwright_core::data::Column;
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Hinge, Loss};
///
/// let scores = Cpu::default().tensor([[2.0f32], [0.5], [-0.5]]);
/// let target = Column::labels(vec![1, 1, 1]);
/// assert_eq!(Hinge::default().loss(scores.leaky_trace(), &target)?.array(), (0.5 + 1.5) / 3.0);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hinge {
    squared: bool,
}

impl Hinge {
    /// With the square of each element's loss.
    #[must_use]
    pub fn squared() -> Self {
        Hinge { squared: true }
    }
}

criterion!(Hinge, self => Criterion::Hinge { squared: self.squared });

pub(super) fn compute<E: Float, D: Backend<E>>(
    squared: bool,
    output: Output<E, D>,
    target: &Value<E, D>,
) -> Result<Scalar<E, D>> {
    let signs = check::signs("Hinge", &output.shape, target)?;
    let count = signs.len();
    let against = signs.into_iter().map(|y| -y).collect();
    let against = output.data.device().try_tensor_from_vec(against, (count,)).on_device()?;
    let missing = output.data.try_mul(against).on_device()?.try_add(E::one()).on_device()?;
    let loss = relu(missing)?;
    super::mean(if squared { loss.try_square().on_device()? } else { loss })
}

pub(super) fn correct<E: Float, D: Backend<E>>(
    output: &Array<E, D>,
    target: &Value<E, D>,
) -> Result<Correct> {
    let signs = check::signs("Hinge", &output.shape, target)?;
    let zero = E::default();
    let agree = |(&x, &y): (&E, &E)| (x > zero) == (y > zero);
    let hits = output.data.as_vec().iter().zip(&signs).filter(|&pair| agree(pair)).count();
    Ok(Correct { hits, of: signs.len() })
}
