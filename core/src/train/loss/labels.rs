//! What the losses over class labels share: [`CrossEntropy`](super::CrossEntropy) and its kin.

use super::{Correct, Output, Scalar, check};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::{Array, Value};
use dfdx::prelude::*;

type Rows<E, D> = Tensor<(usize, usize), E, D, OwnedTape<E, D>>;
type Flat<E, D> = Tensor<(usize,), E, D, OwnedTape<E, D>>;

/// The settings of a loss over class labels, kept in the loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    pub(super) weight: Vec<f64>,
    pub(super) ignore: Option<usize>,
    pub(super) smoothing: f64,
    pub(super) gamma: f64,
}

impl Settings {
    pub(super) fn labels(&self, name: &'static str) -> Labels<'_> {
        let Settings { ref weight, ignore, smoothing, gamma } = *self;
        Labels { name, weight, ignore, smoothing, gamma, ..Labels::PLAIN }
    }
}

/// The settings, lent: `-(1 - p)ᵞ · ln p` of each label's class, weighted, with smoothed labels.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    pub(super) name: &'static str,
    /// One number for each class, or none.
    pub(super) weight: &'a [f64],
    /// The label that counts nothing.
    pub(super) ignore: Option<usize>,
    pub(crate) smoothing: f64,
    pub(crate) gamma: f64,
    /// Whether the output are scores; else logarithms of probabilities.
    pub(crate) scores: bool,
}

impl Labels<'_> {
    /// Scores, and no settings.
    pub(super) const PLAIN: Labels<'static> =
        Labels { name: "", weight: &[], ignore: None, smoothing: 0.0, gamma: 0.0, scores: true };

    /// What a label counts; nothing if it is ignored.
    pub(crate) fn counts(&self, label: usize) -> Option<f64> {
        (Some(label) != self.ignore).then(|| self.of_class(label))
    }

    pub(crate) fn of_class(&self, class: usize) -> f64 {
        self.weight.get(class).copied().unwrap_or(1.0)
    }

    /// How many labels count, and how much together.
    pub(crate) fn total(&self, labels: &[usize]) -> (usize, f64) {
        let counting = labels.iter().filter_map(|&label| self.counts(label));
        counting.fold((0, 0.0), |(count, sum), weight| (count + 1, sum + weight))
    }

    /// Whether settings and labels make sense for so many classes. `rows` is the labels' shape.
    pub(super) fn check(&self, labels: &[usize], classes: usize, rows: &[usize]) -> Result<()> {
        self.check_settings(classes)?;
        let wrong = |&label: &usize| label >= classes && Some(label) != self.ignore;
        if let Some(i) = labels.iter().position(wrong) {
            let sample = i / rows.iter().skip(1).product::<usize>().max(1);
            return Err(Error::Label { label: labels[i], sample, classes });
        }
        let name = self.name;
        match self.total(labels) {
            (0, _) => Err(Error::Data(format!(
                "{name} has nothing to compare: all labels of the batch are the ignored one"
            ))),
            (_, 0.0) => Err(Error::Data(format!(
                "{name} has nothing to compare: the weights of all labels of the batch are 0"
            ))),
            _ => Ok(()),
        }
    }

    fn check_settings(&self, classes: usize) -> Result<()> {
        let Labels { name, weight, smoothing, gamma, .. } = *self;
        let problem = if !(0.0..=1.0).contains(&smoothing) {
            format!("{name}'s label_smoothing is a share between 0 and 1, not {smoothing}")
        } else if !(gamma >= 0.0 && gamma.is_finite()) {
            format!("{name}'s gamma is a number of at least 0, but was set to {gamma}")
        } else if !weight.is_empty() && weight.len() != classes {
            let given = weight.len();
            format!("{name} has weights for {given} classes, but the output is for {classes}")
        } else if let Some(bad) = weight.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
            format!("{name}'s weights are numbers of at least 0, but one is {bad}")
        } else {
            return Ok(());
        };
        Err(Error::Setting(problem))
    }

    /// The labels and the number of classes, if they fit the output.
    pub(super) fn fit<E: Float, D: Backend<E>>(
        &self,
        output: &[usize],
        target: &Value<E, D>,
    ) -> Result<(Vec<usize>, usize)> {
        let unfit = |expected: &str| check::unfit(self.name, expected, output, target);
        let (Value::Indices(array), Some((&classes, rows))) = (target, output.split_last()) else {
            return Err(unfit("indices (class labels)"));
        };
        if array.shape != rows || classes == 0 {
            return Err(unfit(&format!("indices (class labels) of shape {rows:?}")));
        }
        let labels = array.data.as_vec();
        self.check(&labels, classes, rows)?;
        Ok((labels, classes))
    }

    pub(super) fn compute<E: Float, D: Backend<E>>(
        &self,
        output: Output<E, D>,
        target: &Value<E, D>,
    ) -> Result<Scalar<E, D>> {
        let (mut labels, classes) = self.fit(&output.shape, target)?;
        let mut scores = output.data.try_reshape_like(&(labels.len(), classes)).on_device()?;
        if self.ignore.is_some() {
            (scores, labels) = self.counting(scores, labels)?;
        }
        let log =
            if self.scores { scores.try_log_softmax::<Axis<1>>().on_device()? } else { scores };
        let all = (self.smoothing > 0.0).then(|| log.retaped::<OwnedTape<E, D>>());
        let places =
            log.device().try_tensor_from_vec(labels.clone(), (labels.len(),)).on_device()?;
        let right = self.focused(log.try_select(places).on_device()?)?;
        let right = self.mean(right, &labels)?.try_mul(E::of(self.smoothing - 1.0)).on_device()?;
        let Some(all) = all else { return Ok(right) };
        let uniform = self.uniform(all, &labels)?.try_mul(E::of(-self.smoothing)).on_device()?;
        right.try_add(uniform).on_device()
    }

    /// The rows whose label counts: nothing of the others, not even NaN, comes further.
    fn counting<E: Float, D: Backend<E>>(
        &self,
        scores: Rows<E, D>,
        labels: Vec<usize>,
    ) -> Result<(Rows<E, D>, Vec<usize>)> {
        let counting =
            labels.iter().enumerate().filter(|(_, label)| self.counts(**label).is_some());
        let (places, labels): (Vec<usize>, Vec<usize>) = counting.unzip();
        let count = (places.len(),);
        let places = scores.device().try_tensor_from_vec(places, count).on_device()?;
        Ok((scores.try_gather(places).on_device()?, labels))
    }

    /// `(1 - p)ᵞ · ln p` of `ln p`.
    fn focused<E: Float, D: Backend<E>>(&self, log: Flat<E, D>) -> Result<Flat<E, D>> {
        if self.gamma == 0.0 {
            return Ok(log);
        }
        let p = log.retaped::<OwnedTape<E, D>>().try_exp().on_device()?;
        let rest = p.try_negate().on_device()?.try_add(E::one()).on_device()?;
        // Where it is 0, the slope of a power below 1 is infinite.
        let rest = rest.try_clamp(1e-30, 1.0).on_device()?;
        rest.try_powf(self.gamma).on_device()?.try_mul(log).on_device()
    }

    /// The mean of one number for each label, by the labels' weights.
    fn mean<E: Float, D: Backend<E>>(
        &self,
        elements: Flat<E, D>,
        labels: &[usize],
    ) -> Result<Scalar<E, D>> {
        if self.weight.is_empty() {
            return super::mean(elements);
        }
        let (_, total) = self.total(labels);
        let shares = labels.iter().map(|&label| E::of(self.of_class(label) / total)).collect();
        let shares = elements.device().try_tensor_from_vec(shares, (labels.len(),)).on_device()?;
        elements.try_mul(shares).on_device()?.try_sum().on_device()
    }

    /// What the labels' mean would be if all classes were equally right.
    fn uniform<E: Float, D: Backend<E>>(
        &self,
        log: Rows<E, D>,
        labels: &[usize],
    ) -> Result<Scalar<E, D>> {
        let (rows, classes) = *log.shape();
        if self.weight.is_empty() {
            return super::mean(log.try_reshape_like(&(rows * classes,)).on_device()?);
        }
        let (_, total) = self.total(labels);
        let shares = (0..classes).map(|class| E::of(self.of_class(class) / total)).collect();
        let shares = log.device().try_tensor_from_vec(shares, (classes,)).on_device()?;
        let shares = shares.try_broadcast_like::<_, Axis<0>>(&(rows, classes)).on_device()?;
        let sum: Scalar<E, D> = log.try_mul(shares).on_device()?.try_sum().on_device()?;
        sum.try_mul(E::of(1.0 / classes as f64)).on_device()
    }

    pub(super) fn correct<E: Float, D: Backend<E>>(
        &self,
        output: &Array<E, D>,
        target: &Value<E, D>,
    ) -> Result<Correct> {
        let (labels, classes) = self.fit(&output.shape, target)?;
        let scores = output.data.as_vec();
        let mut correct = Correct::default();
        for (scores, &label) in scores.chunks_exact(classes).zip(&labels) {
            if self.counts(label).is_some() {
                correct.of += 1;
                correct.hits += usize::from(check::highest(scores) == label);
            }
        }
        Ok(correct)
    }
}

/// The settings of a loss that has `settings: Settings`.
macro_rules! weights_and_ignored {
    ($loss:ty) => {
        impl $loss {
            /// What each class counts, one number for each: the mean is weighted, its weights
            /// those of the labels' classes, and divided by their sum. Numbers below 0, or not as
            /// many as classes, are an [`Error::Setting`](crate::Error::Setting) when the loss is
            /// used.
            #[must_use]
            pub fn weight(mut self, weight: impl Into<Vec<f64>>) -> Self {
                self.settings.weight = weight.into();
                self
            }

            /// The label that counts nothing, in the loss and in the accuracy: mostly the padding
            /// of sequences. It may be a class or not. A batch without another label is an
            /// [`Error::Data`](crate::Error::Data).
            #[must_use]
            pub fn ignore_index(mut self, label: usize) -> Self {
                self.settings.ignore = Some(label);
                self
            }
        }
    };
}
pub(super) use weights_and_ignored;
