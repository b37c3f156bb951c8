//! `CrossEntropy`: class scores against class labels.

use super::{Correct, Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::{Array, Value};
use dfdx::prelude::*;

/// The negative logarithm of the probability that the network gives to the right class:
/// `-ln softmax(x)[label]`, the mean over all labels. PyTorch's `CrossEntropyLoss`.
///
/// The network's output are scores (logits), without a `Softmax` at its end; the softmax here is
/// exact for scores of any size.
///
/// # Shapes
/// Output `[classes]` with labels `[]`, or `[time, classes]` with labels `[time]`: the classes are
/// the last axis.
///
/// # Accuracy
/// The share of labels whose class has the highest score (the first of equal ones).
///
/// ```
/// use netwright_core::data::Column;
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{CrossEntropy, Loss};
///
/// let scores = Cpu::default().tensor([[2.0f32, 0.0], [1.0, 1.0]]);
/// let loss = CrossEntropy.loss(scores.leaky_trace(), &Column::labels(vec![0, 1]))?;
/// assert!((loss.array() - 0.410038).abs() < 1e-6); // (ln(1 + e⁻²) + ln 2) / 2
/// let gradients = loss.backward();
/// assert!((gradients.get(&scores).array()[1][0] - 0.25).abs() < 1e-6);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CrossEntropy;

impl CrossEntropy {
    /// Mixes the share `smoothing` of a uniform distribution into the labels:
    /// `(1 - smoothing) · CrossEntropy + smoothing · mean(-ln softmax(x))`, as PyTorch's
    /// `label_smoothing`. Szegedy et al.: *Rethinking the Inception Architecture*, 2015.
    ///
    /// A share outside of `[0, 1]` is an [`Error::Setting`] when the loss is used.
    #[must_use]
    pub fn label_smoothing(self, smoothing: f64) -> SmoothedCrossEntropy {
        SmoothedCrossEntropy { smoothing }
    }
}

/// [`CrossEntropy`] with [label smoothing](CrossEntropy::label_smoothing).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothedCrossEntropy {
    smoothing: f64,
}

criterion!(CrossEntropy, self => Criterion::CrossEntropy { smoothing: 0.0 });
criterion!(SmoothedCrossEntropy, self => Criterion::CrossEntropy { smoothing: self.smoothing });

pub(super) fn compute<E: Float, D: Backend<E>>(
    smoothing: f64,
    output: Output<E, D>,
    target: &Value<E, D>,
) -> Result<Scalar<E, D>> {
    if !(0.0..=1.0).contains(&smoothing) {
        return Err(Error::Setting(format!(
            "CrossEntropy's label_smoothing is a share between 0 and 1, not {smoothing}"
        )));
    }
    let (labels, classes) = check::labels(&output.shape, target)?;
    let rows = labels.len();
    let labels = output.data.device().try_tensor_from_vec(labels, (rows,)).on_device()?;
    let scores = output.data.try_reshape_like(&(rows, classes)).on_device()?;
    let log = scores.try_log_softmax::<Axis<1>>().on_device()?;
    let all = (smoothing > 0.0).then(|| log.retaped::<OwnedTape<E, D>>());
    let right = super::mean(log.try_select(labels).on_device()?)?;
    let nll = right.try_mul(E::of(smoothing - 1.0)).on_device()?;
    let Some(all) = all else { return Ok(nll) };
    let uniform = super::mean(all.try_reshape_like(&(rows * classes,)).on_device()?)?;
    nll.try_add(uniform.try_mul(E::of(-smoothing)).on_device()?).on_device()
}

pub(super) fn correct<E: Float, D: Backend<E>>(
    output: &Array<E, D>,
    target: &Value<E, D>,
) -> Result<Correct> {
    let (labels, classes) = check::labels(&output.shape, target)?;
    let scores = output.data.as_vec();
    let right = |(scores, &label): (&[E], &usize)| highest(scores) == label;
    let hits = scores.chunks_exact(classes).zip(&labels).filter(|&pair| right(pair)).count();
    Ok(Correct { hits, of: labels.len() })
}

/// The position of the highest score, the first one of equals.
fn highest<E: Float>(scores: &[E]) -> usize {
    let better =
        |best: usize, (i, score): (usize, &E)| if *score > scores[best] { i } else { best };
    scores.iter().enumerate().fold(0, better)
}
