//! `CrossEntropy`: class scores against class labels.

use super::labels::{Labels, Settings, weights_and_ignored};
use super::{Criterion, criterion};
use crate::backend::{Backend, Float};
use crate::error::Result;

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
/// # Settings
/// `CrossEntropy` alone has none; [`weight`](CrossEntropy::weight),
/// [`ignore_index`](CrossEntropy::ignore_index) and
/// [`label_smoothing`](CrossEntropy::label_smoothing) give a [`CrossEntropyWith`], which has them
/// too:
///
/// ```
/// use netwright_core::train::CrossEntropy;
/// const PADDING: usize = 0;
/// let loss = CrossEntropy.ignore_index(PADDING).label_smoothing(0.1);
/// ```
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
    /// What each class counts: see [`CrossEntropyWith::weight`].
    #[must_use]
    pub fn weight(self, weight: impl Into<Vec<f64>>) -> CrossEntropyWith {
        CrossEntropyWith::default().weight(weight)
    }

    /// The label that counts nothing: see [`CrossEntropyWith::ignore_index`].
    #[must_use]
    pub fn ignore_index(self, label: usize) -> CrossEntropyWith {
        CrossEntropyWith::default().ignore_index(label)
    }

    /// Smooth labels: see [`CrossEntropyWith::label_smoothing`].
    #[must_use]
    pub fn label_smoothing(self, smoothing: f64) -> CrossEntropyWith {
        CrossEntropyWith::default().label_smoothing(smoothing)
    }
}

/// [`CrossEntropy`] with settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossEntropyWith {
    settings: Settings,
}

weights_and_ignored!(CrossEntropyWith);

impl CrossEntropyWith {
    /// Mixes the share `smoothing` of a uniform distribution into the labels:
    /// `(1 - smoothing) · CrossEntropy + smoothing · mean(-ln softmax(x))`, as PyTorch's
    /// `label_smoothing`; with [`weight`](Self::weight), the mean over classes has their weights.
    /// Szegedy et al.: *Rethinking the Inception Architecture*, 2015.
    ///
    /// A share outside of `[0, 1]` is an [`Error::Setting`](crate::Error::Setting) when the loss
    /// is used.
    #[must_use]
    pub fn label_smoothing(mut self, smoothing: f64) -> Self {
        self.settings.smoothing = smoothing;
        self
    }
}

criterion!(CrossEntropy, self => {
    Criterion::Labels(Labels { name: "CrossEntropy", ..Labels::PLAIN })
});
criterion!(CrossEntropyWith, self => Criterion::Labels(self.settings.labels("CrossEntropy")));
