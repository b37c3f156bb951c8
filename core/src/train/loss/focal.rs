//! `Focal`: a loss for what is rare.

use super::labels::{Settings, weights_and_ignored};
use super::{Criterion, criterion};
use crate::backend::{Backend, Float};
use crate::error::Result;

/// [`CrossEntropy`](super::CrossEntropy) in which samples that are already right count less:
/// `-(1 - p)ᵞ · ln p` with `p = softmax(x)[label]`, the mean over all labels. For classes of which
/// one is much more frequent than the others.
///
/// T.-Y. Lin et al.: *Focal Loss for Dense Object Detection*, 2017. Keras's
/// `CategoricalFocalCrossentropy`; [`weight`](Self::weight) is its α (Keras's is 0.25 for all
/// classes unless set, here there is none; the weighted mean is divided by the sum of the weights,
/// as that of `CrossEntropy`).
///
/// # Settings
/// [`gamma`](Self::gamma) is 2 unless set; with 0 it is `CrossEntropy`.
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
/// use netwright_core::train::{Focal, Loss};
///
/// let scores = Cpu::default().tensor([[2.0f32, 0.0], [1.0, 1.0]]);
/// let loss = Focal::default().loss(scores.leaky_trace(), &Column::labels(vec![0, 1]))?;
/// assert!((loss.array() - 0.087545).abs() < 1e-6); // (0.0142 · 0.1269 + ¼ · ln 2) / 2
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Focal {
    settings: Settings,
}

impl Default for Focal {
    fn default() -> Self {
        Focal { settings: Settings { gamma: 2.0, ..Settings::default() } }
    }
}

weights_and_ignored!(Focal);

impl Focal {
    /// How much less right samples count: the power of `1 - p`. A number below 0 is an
    /// [`Error::Setting`](crate::Error::Setting) when the loss is used.
    #[must_use]
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.settings.gamma = gamma;
        self
    }
}

criterion!(Focal, self => Criterion::Labels(self.settings.labels("Focal")));
