//! The losses of this crate as data, and what is done by which.

use super::{
    BinaryFocalSettings, Correct, Labels, Margins, Output, Scalar, binary_cross_entropy,
    binary_focal, check, hinge, huber, kl_divergence, mean_absolute, mean_squared,
};
use crate::backend::{Backend, Float};
#[cfg(feature = "engine")]
use crate::data::Column;
use crate::error::Result;
use crate::value::{Array, Value};

/// The losses of this crate. Their bodies are compiled here, once for each device.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Criterion<'a> {
    Labels(Labels<'a>),
    MultiMargin(Margins<'a>),
    MeanSquared,
    MeanAbsolute,
    Huber { delta: f64 },
    BinaryCrossEntropy,
    BinaryFocal(BinaryFocalSettings),
    Hinge { squared: bool },
    KlDivergence,
}

impl Criterion<'_> {
    fn name(self) -> &'static str {
        match self {
            Criterion::Labels(labels) => labels.name,
            Criterion::MultiMargin(margins) => margins.labels.name,
            Criterion::MeanSquared => "MeanSquared",
            Criterion::MeanAbsolute => "MeanAbsolute",
            Criterion::Huber { .. } => "Huber",
            Criterion::BinaryCrossEntropy => "BinaryCrossEntropy",
            Criterion::BinaryFocal(_) => "BinaryFocal",
            Criterion::Hinge { .. } => "Hinge",
            Criterion::KlDivergence => "KlDivergence",
        }
    }

    /// Whether there are right and wrong answers.
    #[cfg(feature = "engine")]
    pub(crate) fn has_accuracy(self) -> bool {
        match self {
            Criterion::Labels(_) | Criterion::MultiMargin(_) | Criterion::Hinge { .. } => true,
            Criterion::BinaryCrossEntropy | Criterion::BinaryFocal(_) => true,
            Criterion::MeanSquared | Criterion::MeanAbsolute | Criterion::Huber { .. } => false,
            Criterion::KlDivergence => false,
        }
    }

    /// How many rows of the last axis, or elements, count, and how much together.
    #[cfg(feature = "engine")]
    pub(crate) fn total(self, elements: usize, classes: usize, target: &Column) -> (usize, f64) {
        let all = |count: usize| (count, count as f64);
        match (self, target) {
            (Criterion::Labels(labels), Column::Indices { data, .. }) => labels.total(data),
            (Criterion::MultiMargin(_), _) => (elements / classes, elements as f64),
            (Criterion::KlDivergence, _) => all(elements / classes),
            _ => all(elements),
        }
    }

    /// Whether the settings make sense and the target is one for outputs of this shape: what
    /// [`compute`](Self::compute) checks and words.
    #[cfg(feature = "engine")]
    pub(crate) fn fits(self, output: &[usize], target: &Column, samples: usize) -> bool {
        target.len() == samples
            && self.settings_fit()
            && match (self, target) {
                (Criterion::Labels(labels), Column::Indices { data, shape })
                | (
                    Criterion::MultiMargin(Margins { labels, .. }),
                    Column::Indices { data, shape },
                ) => output.split_last().is_some_and(|(&classes, rows)| {
                    rows == shape && labels.check(data, classes, rows).is_ok()
                }),
                (_, Column::Floats { data, shape }) => {
                    check::same(output, shape) && data.iter().all(|&y| self.takes(y))
                }
                (_, Column::Indices { data, shape }) => {
                    check::same(output, shape) && self.takes_labels() && data.iter().all(|&y| y < 2)
                }
            }
    }

    #[cfg(feature = "engine")]
    fn settings_fit(self) -> bool {
        match self {
            Criterion::Huber { delta } => huber::check(delta).is_ok(),
            Criterion::BinaryFocal(settings) => settings.check().is_ok(),
            Criterion::MultiMargin(margins) => margins.check().is_ok(),
            _ => true,
        }
    }

    /// Whether a float can be the target of an element.
    #[cfg(feature = "engine")]
    fn takes(self, y: f32) -> bool {
        match self {
            Criterion::Labels(_) | Criterion::MultiMargin(_) => false,
            Criterion::BinaryCrossEntropy | Criterion::BinaryFocal(_) => (0.0..=1.0).contains(&y),
            Criterion::Hinge { .. } => check::sign(y).is_some(),
            Criterion::KlDivergence => kl_divergence::probable(y),
            Criterion::MeanSquared | Criterion::MeanAbsolute | Criterion::Huber { .. } => true,
        }
    }

    /// Whether 0 and 1 can be the targets of elements.
    #[cfg(feature = "engine")]
    fn takes_labels(self) -> bool {
        matches!(
            self,
            Criterion::BinaryCrossEntropy | Criterion::BinaryFocal(_) | Criterion::Hinge { .. }
        )
    }

    pub(crate) fn compute<E: Float, D: Backend<E>>(
        self,
        mut outputs: Vec<Output<E, D>>,
        targets: &[Value<E, D>],
    ) -> Result<Scalar<E, D>> {
        let target = check::only_target(self.name(), outputs.len(), targets)?;
        let output = outputs.swap_remove(0);
        match self {
            Criterion::Labels(labels) => labels.compute(output, target),
            Criterion::MultiMargin(margins) => margins.compute(output, target),
            Criterion::MeanSquared => mean_squared::compute(output, target),
            Criterion::MeanAbsolute => mean_absolute::compute(output, target),
            Criterion::Huber { delta } => huber::compute(delta, output, target),
            Criterion::BinaryCrossEntropy => binary_cross_entropy::compute(output, target),
            Criterion::BinaryFocal(settings) => binary_focal::compute(settings, output, target),
            Criterion::Hinge { squared } => hinge::compute(squared, output, target),
            Criterion::KlDivergence => kl_divergence::compute(output, target),
        }
    }

    pub(crate) fn correct<E: Float, D: Backend<E>>(
        self,
        outputs: &[Array<E, D>],
        targets: &[Value<E, D>],
    ) -> Result<Option<Correct>> {
        let target = check::only_target(self.name(), outputs.len(), targets)?;
        let Some(output) = outputs.first() else { return Ok(None) };
        match self {
            Criterion::Labels(labels) => labels.correct(output, target),
            Criterion::MultiMargin(margins) => margins.labels.correct(output, target),
            Criterion::BinaryCrossEntropy | Criterion::BinaryFocal(_) => {
                binary_cross_entropy::correct(self.name(), output, target)
            }
            Criterion::Hinge { .. } => hinge::correct(output, target),
            Criterion::MeanSquared | Criterion::MeanAbsolute | Criterion::Huber { .. } => {
                return Ok(None);
            }
            Criterion::KlDivergence => return Ok(None),
        }
        .map(Some)
    }
}
