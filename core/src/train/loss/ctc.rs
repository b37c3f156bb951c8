//! `Ctc`: labels of a sequence without saying where they are.

mod path;

use super::{Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
#[cfg(feature = "engine")]
use crate::data::Column;
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::Value;
use dfdx::prelude::*;
use path::Path;

/// Connectionist temporal classification: the negative logarithm of the probability of a sequence of
/// labels, summed over all ways to spread it over the steps of the output, where a step may be blank
/// and a label may stay for several; divided by the number of labels, the mean over the samples.
/// PyTorch's `CTCLoss`, Keras's `CTC`.
///
/// A. Graves et al.: *Connectionist Temporal Classification: Labelling Unsegmented Sequence Data
/// with Recurrent Neural Networks*, 2006.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `blank` | 0 | the class that stands for no label |
/// | `zero_infinity` | no | whether a target that is too long for its steps counts 0; else it is an error |
///
/// # Shapes
/// Output `[time, classes]`: scores, or logarithms of probabilities, which a softmax leaves as they
/// are. Up to three targets, all of them indices:
/// 1. labels `[longest]`: those of each sample, then blanks;
/// 2. if given, how many steps each sample has, `[]`; else all have `time`;
/// 3. if given, how many labels each sample has, `[]`; then it does not matter what is behind them.
///
/// A target with equal labels next to each other needs a blank step between them, so `labels +
/// repeats` steps are the least.
///
/// ```
/// use netwright_core::data::Column;
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Ctc, Loss};
///
/// // Two steps, two classes, all equally likely: of four ways, three are the label 1.
/// let scores = Cpu::default().tensor([[[0.0f32, 0.0], [0.0, 0.0]]]);
/// let loss = Ctc::default().loss(scores.leaky_trace(), &Column::indices(vec![1, 0], &[2])?)?;
/// assert!((loss.array() - (4f32 / 3.0).ln()).abs() < 1e-6);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ctc {
    settings: Settings,
}

impl Ctc {
    /// The class that stands for no label. One that is no class: an [`Error::Setting`] when the
    /// loss is used.
    #[must_use]
    pub fn blank(mut self, class: usize) -> Self {
        self.settings.blank = class;
        self
    }

    /// Whether a sample whose target is too long for its steps, or impossible by its scores, has a
    /// loss and a gradient of 0.
    #[must_use]
    pub fn zero_infinity(mut self, zero: bool) -> Self {
        self.settings.zero_infinity = zero;
        self
    }
}

criterion!(Ctc, self => Criterion::Ctc(self.settings));

#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Settings {
    blank: usize,
    zero_infinity: bool,
}

/// The targets of some samples, whose output is `[time, classes]` each.
#[derive(Clone, Copy)]
pub(crate) struct Targets<'a> {
    pub(crate) labels: &'a [usize],
    pub(crate) steps: Option<&'a [usize]>,
    pub(crate) counts: Option<&'a [usize]>,
    pub(crate) samples: usize,
    pub(crate) time: usize,
    pub(crate) classes: usize,
}

impl<'a> Targets<'a> {
    /// Labels and steps of one sample.
    fn of(&self, sample: usize, blank: usize) -> (&'a [usize], usize) {
        let longest = self.labels.len() / self.samples.max(1);
        let row = &self.labels[sample * longest..(sample + 1) * longest];
        let written = || row.iter().rposition(|&label| label != blank).map_or(0, |last| last + 1);
        let count = self.counts.map_or_else(written, |counts| counts[sample]);
        (&row[..count.min(longest)], self.steps.map_or(self.time, |steps| steps[sample]))
    }
}

impl Settings {
    /// Whether targets of the right shapes hold what they should.
    fn check(self, targets: &Targets<'_>) -> Result<()> {
        let Targets { classes, time, samples, .. } = *targets;
        if self.blank >= classes {
            return Err(Error::Setting(format!(
                "Ctc's blank is the class {}, but the output has the classes 0 to {}",
                self.blank,
                classes.saturating_sub(1)
            )));
        }
        let longest = targets.labels.len() / samples.max(1);
        for sample in 0..samples {
            let bad =
                |problem| Err(Error::Data(format!("Ctc: sample {sample} of the batch {problem}")));
            let (labels, steps) = targets.of(sample, self.blank);
            if let Some(&count) = targets.counts.map(|c| &c[sample]).filter(|c| **c > longest) {
                return bad(format!("has {count} labels, but the target has room for {longest}"));
            }
            if steps == 0 || steps > time {
                return bad(format!("has {steps} steps, but the output has {time}"));
            }
            if let Some(&label) = labels.iter().find(|label| **label >= classes) {
                return Err(Error::Label { label, sample, classes });
            }
            if labels.contains(&self.blank) {
                return bad(format!("has the blank {} among its labels", self.blank));
            }
            let least = least(labels);
            if least > steps && !self.zero_infinity {
                return bad(format!(
                    "has {} labels, which need at least {least} steps, but it has {steps}; \
                     `zero_infinity(true)` leaves such samples out",
                    labels.len()
                ));
            }
        }
        Ok(())
    }

    #[cfg(feature = "engine")]
    pub(super) fn fits(self, output: &[usize], targets: &[Column]) -> bool {
        let samples = targets.first().map_or(0, Column::len);
        let indices = |i: usize| targets.get(i).and_then(Column::as_indices);
        let scalars = |column: &Column| column.shape().is_empty();
        let (Some(labels), &[time, classes]) = (indices(0), output) else { return false };
        let (steps, counts) = (indices(1), indices(2));
        let given = 1 + usize::from(steps.is_some()) + usize::from(counts.is_some());
        given == targets.len()
            && targets[0].shape().len() == 1
            && targets[1..].iter().all(scalars)
            && self.check(&Targets { labels, steps, counts, samples, time, classes }).is_ok()
    }

    pub(super) fn compute<E: Float, D: Backend<E>>(
        self,
        output: Output<E, D>,
        targets: &[Value<E, D>],
    ) -> Result<Scalar<E, D>> {
        let &[samples, time, classes] = &output.shape[..] else {
            return Err(check::unfit_output("Ctc", "[time, classes]", &output.shape));
        };
        let columns = indices(&output.shape, targets)?;
        let column = |i: usize| columns.get(i).map(Vec::as_slice);
        let labels = column(0).unwrap_or(&[]);
        let given = Targets { labels, steps: column(1), counts: column(2), samples, time, classes };
        self.check(&given)?;
        let scores = output.data.try_reshape_like(&(samples * time, classes)).on_device()?;
        let logs = scores.try_log_softmax::<Axis<1>>().on_device()?;
        let logs = logs.try_reshape_like(&(samples * time * classes,)).on_device()?;
        let mut numbers: Vec<f64> = logs.as_vec().into_iter().map(E::f64).collect();
        let (mut loss, mut scratch) = (0.0, Vec::new());
        for (sample, logs) in numbers.chunks_exact_mut((time * classes).max(1)).enumerate() {
            loss += self.sample(&given, sample, logs, &mut scratch);
        }
        let share = 1.0 / samples as f64;
        let gradient = numbers.into_iter().map(|slope| E::of(slope * share)).collect();
        super::explicit(logs, E::of(loss * share), gradient)
    }

    /// The loss of one sample. Its gradient by the logarithms overwrites them; each step's sums up
    /// to -1 or 0, so a softmax's backward adds the probabilities.
    pub(crate) fn sample(
        self,
        targets: &Targets<'_>,
        sample: usize,
        logs: &mut [f64],
        scratch: &mut Vec<f64>,
    ) -> f64 {
        let (labels, steps) = targets.of(sample, self.blank);
        let (logs, behind) = logs.split_at_mut(steps * targets.classes);
        behind.fill(0.0);
        let path = Path { labels, blank: self.blank, classes: targets.classes };
        let scale = 1.0 / labels.len().max(1) as f64;
        let loss = path.forward(logs, scratch);
        if loss == f64::INFINITY && self.zero_infinity {
            logs.fill(0.0);
            return 0.0;
        }
        path.backward(loss, scale, logs, scratch);
        loss * scale
    }
}

/// The steps that labels need at least.
fn least(labels: &[usize]) -> usize {
    labels.len() + labels.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

/// The index targets, if there are as many as there may be and they have the right shapes.
fn indices<E: Float, D: Backend<E>>(
    output: &[usize],
    targets: &[Value<E, D>],
) -> Result<Vec<Vec<usize>>> {
    if targets.is_empty() || targets.len() > 3 {
        return Err(Error::Data(format!(
            "Ctc takes one to three targets (labels, numbers of steps, numbers of labels), but was \
             given {}",
            targets.len()
        )));
    }
    let batch = output.first().copied().unwrap_or(0);
    let column = |(place, target): (usize, &Value<E, D>)| match target {
        Value::Indices(array)
            if place == 0 && array.shape.len() == 2 && array.shape[0] == batch =>
        {
            Ok(array.data.as_vec())
        }
        Value::Indices(array) if place > 0 && array.shape == [batch] => Ok(array.data.as_vec()),
        _ if place == 0 => {
            let expected = format!("indices (labels) of shape [{batch}, longest]");
            Err(check::unfit("Ctc", &expected, output, target))
        }
        _ => {
            let what = if place == 1 { "steps" } else { "labels" };
            let expected = format!("indices (numbers of {what}) of shape [{batch}]");
            Err(check::unfit("Ctc", &expected, output, target))
        }
    };
    targets.iter().enumerate().map(column).collect()
}
