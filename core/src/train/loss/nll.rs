//! `Nll`: logarithms of probabilities against class labels.

use super::labels::{Labels, Settings, weights_and_ignored};
use super::{Criterion, criterion};
use crate::backend::{Backend, Float};
use crate::error::Result;

/// The negative log-likelihood: `-x[label]`, the mean over all labels. PyTorch's `NLLLoss`.
///
/// The network's output are logarithms of probabilities: it ends with `LogSoftmax`. For scores,
/// [`CrossEntropy`](super::CrossEntropy) does both at once.
///
/// # Shapes
/// Output `[classes]` with labels `[]`, or `[time, classes]` with labels `[time]`: the classes are
/// the last axis.
///
/// # Accuracy
/// The share of labels whose class has the highest number (the first of equal ones).
///
/// ```
/// use netwright_core::data::Column;
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Loss, Nll};
///
/// let logs = Cpu::default().tensor([[-0.5f32, -1.0], [-2.0, -0.25]]);
/// let loss = Nll::default().weight([1.0, 3.0]);
/// let loss = loss.loss(logs.leaky_trace(), &Column::labels(vec![0, 1]))?;
/// assert_eq!(loss.array(), (0.5 + 3.0 * 0.25) / (1.0 + 3.0));
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nll {
    settings: Settings,
}

weights_and_ignored!(Nll);

criterion!(Nll, self => {
    Criterion::Labels(Labels { scores: false, ..self.settings.labels("Nll") })
});
