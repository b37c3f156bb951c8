//! The losses of this crate as data, and what is done by which.

use super::{
    BinaryFocalSettings, Correct, CtcSettings, Labels, Margins, Output, Scalar,
    binary_cross_entropy, binary_focal, check, cosine_embedding, hinge, huber, kl_divergence,
    mean_absolute, mean_squared, triplet_margin,
};
use crate::backend::{Backend, Float};
use crate::data::Column;
use crate::error::Result;
use crate::value::{Array, Value};
#[cfg(feature = "engine")]
use netwright_spec::graph::{self, Graph};

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
    Ctc(CtcSettings),
    CosineEmbedding { margin: f64 },
    TripletMargin { margin: f64 },
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
            Criterion::Ctc(_) => "Ctc",
            Criterion::CosineEmbedding { .. } => "CosineEmbedding",
            Criterion::TripletMargin { .. } => "TripletMargin",
        }
    }

    /// Whether there are right and wrong answers.
    pub(crate) fn has_accuracy(self) -> bool {
        match self {
            Criterion::Labels(_) | Criterion::MultiMargin(_) | Criterion::Hinge { .. } => true,
            Criterion::BinaryCrossEntropy | Criterion::BinaryFocal(_) => true,
            Criterion::MeanSquared | Criterion::MeanAbsolute | Criterion::Huber { .. } => false,
            Criterion::KlDivergence | Criterion::Ctc(_) => false,
            Criterion::CosineEmbedding { .. } | Criterion::TripletMargin { .. } => false,
        }
    }

    /// What the loss of these targets is divided by, where that is not the same for each sample.
    pub(crate) fn weight(self, targets: &[Column]) -> Option<f64> {
        match (self, targets) {
            (Criterion::Labels(labels), [Column::Indices { data, .. }]) => {
                Some(labels.total(data).1)
            }
            _ => None,
        }
    }

    /// How many rows of the last axis, or elements, count, and how much together, in samples of
    /// this shape.
    #[cfg(feature = "engine")]
    pub(crate) fn total(
        self,
        output: &[usize],
        samples: usize,
        targets: &[Column],
    ) -> (usize, f64) {
        let all = |count: usize| (count, count as f64);
        let elements = samples * output.iter().product::<usize>();
        let rows = elements / output.last().copied().unwrap_or(1);
        match (self, targets) {
            (Criterion::Labels(labels), [Column::Indices { data, .. }]) => labels.total(data),
            (Criterion::MultiMargin(_), _) => (rows, elements as f64),
            (Criterion::Ctc(_), _) => all(samples),
            (Criterion::KlDivergence, _) => all(rows),
            (Criterion::CosineEmbedding { .. } | Criterion::TripletMargin { .. }, _) => all(rows),
            _ => all(elements),
        }
    }

    /// Whether the settings make sense and the targets are those for the outputs of this network:
    /// what [`compute`](Self::compute) checks and words.
    #[cfg(feature = "engine")]
    pub(crate) fn fits(self, graph: &Graph, targets: &[Column], samples: usize) -> bool {
        let shape = |output: &graph::Output| graph.shape_of(output.value);
        targets.iter().all(|target| target.len() == samples)
            && self.settings_fit()
            && match (self, graph.outputs, targets) {
                (Criterion::Ctc(settings), [one], _) => settings.fits(shape(one), targets),
                (Criterion::CosineEmbedding { .. }, [a, b], [target]) => {
                    a.value != b.value
                        && shape(a) == shape(b)
                        && shape(a)
                            .split_last()
                            .is_some_and(|(_, rows)| self.fits_one(rows, target))
                }
                (Criterion::TripletMargin { .. }, [a, p, n], []) => {
                    (a.value != p.value && a.value != n.value && p.value != n.value)
                        && (shape(a) == shape(p) && shape(a) == shape(n) && !shape(a).is_empty())
                }
                (_, [one], [target]) => self.fits_one(shape(one), target),
                _ => false,
            }
    }

    #[cfg(feature = "engine")]
    fn fits_one(self, output: &[usize], target: &Column) -> bool {
        match (self, target) {
            (Criterion::Labels(labels), Column::Indices { data, shape })
            | (Criterion::MultiMargin(Margins { labels, .. }), Column::Indices { data, shape }) => {
                output.split_last().is_some_and(|(&classes, rows)| {
                    rows == shape && labels.check(data, classes, rows).is_ok()
                })
            }
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
            Criterion::CosineEmbedding { margin } => cosine_embedding::check_margin(margin).is_ok(),
            Criterion::TripletMargin { margin } => triplet_margin::check_margin(margin).is_ok(),
            _ => true,
        }
    }

    /// Whether a float can be the target of an element.
    #[cfg(feature = "engine")]
    fn takes(self, y: f32) -> bool {
        match self {
            Criterion::Labels(_) | Criterion::MultiMargin(_) | Criterion::Ctc(_) => false,
            Criterion::TripletMargin { .. } => false,
            Criterion::BinaryCrossEntropy | Criterion::BinaryFocal(_) => (0.0..=1.0).contains(&y),
            Criterion::Hinge { .. } | Criterion::CosineEmbedding { .. } => check::sign(y).is_some(),
            Criterion::KlDivergence => kl_divergence::probable(y),
            Criterion::MeanSquared | Criterion::MeanAbsolute | Criterion::Huber { .. } => true,
        }
    }

    /// Whether 0 and 1 can be the targets of elements.
    #[cfg(feature = "engine")]
    fn takes_labels(self) -> bool {
        matches!(
            self,
            Criterion::BinaryCrossEntropy
                | Criterion::BinaryFocal(_)
                | Criterion::Hinge { .. }
                | Criterion::CosineEmbedding { .. }
        )
    }

    pub(crate) fn compute<E: Float, D: Backend<E>>(
        self,
        mut outputs: Vec<Output<E, D>>,
        targets: &[Value<E, D>],
    ) -> Result<Scalar<E, D>> {
        match self {
            Criterion::Ctc(settings) if outputs.len() == 1 => {
                settings.compute(outputs.swap_remove(0), targets)
            }
            Criterion::CosineEmbedding { margin } => {
                cosine_embedding::compute(margin, outputs, targets)
            }
            Criterion::TripletMargin { margin } => {
                triplet_margin::compute(margin, outputs, targets)
            }
            _ => {
                let target = check::only_target(self.name(), outputs.len(), targets)?;
                self.compute_one(outputs.swap_remove(0), target)
            }
        }
    }

    /// Of one output and one target.
    fn compute_one<E: Float, D: Backend<E>>(
        self,
        output: Output<E, D>,
        target: &Value<E, D>,
    ) -> Result<Scalar<E, D>> {
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
            Criterion::Ctc(settings) => settings.compute(output, std::slice::from_ref(target)),
            Criterion::CosineEmbedding { margin } => {
                cosine_embedding::compute(margin, vec![output], std::slice::from_ref(target))
            }
            Criterion::TripletMargin { margin } => {
                triplet_margin::compute(margin, vec![output], std::slice::from_ref(target))
            }
        }
    }

    pub(crate) fn correct<E: Float, D: Backend<E>>(
        self,
        outputs: &[Array<E, D>],
        targets: &[Value<E, D>],
    ) -> Result<Option<Correct>> {
        if !self.has_accuracy() {
            return Ok(None);
        }
        let target = check::only_target(self.name(), outputs.len(), targets)?;
        let Some(output) = outputs.first() else { return Ok(None) };
        match self {
            Criterion::Labels(labels) => labels.correct(output, target),
            Criterion::MultiMargin(margins) => margins.labels.correct(output, target),
            Criterion::Hinge { .. } => hinge::correct(output, target),
            _ => binary_cross_entropy::correct(self.name(), output, target),
        }
        .map(Some)
    }
}
