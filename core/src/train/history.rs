//! What a training and an evaluation report.

use std::fmt;

/// Loss and accuracy over a data set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean loss of all samples (of all labels that count, where some are ignored or weighted).
    pub loss: f64,
    /// The share of right answers, 0 to 1; `None` where the loss knows no right and wrong.
    pub accuracy: Option<f64>,
    /// The number of samples.
    pub samples: usize,
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {:.4}", self.loss)?;
        self.accuracy.map_or(Ok(()), |accuracy| write!(f, ", accuracy {accuracy:.4}"))
    }
}

/// One epoch of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: usize,
    /// The training data, each batch as it was before its step, in the training form.
    pub train: Evaluation,
    /// The validation data after the epoch.
    pub validation: Option<Evaluation>,
    /// The time of the training, without the validation.
    pub seconds: f64,
}

impl Epoch {
    /// Samples trained per second.
    #[must_use]
    pub fn samples_per_second(&self) -> f64 {
        self.train.samples as f64 / self.seconds.max(f64::MIN_POSITIVE)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.train)?;
        if let Some(validation) = self.validation {
            write!(f, "; validation: {validation}")?;
        }
        write!(f, "; {:.1} s, {:.0} samples/s", self.seconds, self.samples_per_second())
    }
}

/// What happened in a training, epoch by epoch. It prints as a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The epochs, the first one first.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// The last epoch.
    #[must_use]
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The time of all epochs, without validation.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch      loss  accuracy  val loss   val acc  seconds  samples/s")?;
        let accuracy = |evaluation: Evaluation| evaluation.accuracy;
        for epoch in &self.epochs {
            write!(f, "\n{:>5}", epoch.number)?;
            let cells = [
                Some(epoch.train.loss),
                epoch.train.accuracy,
                epoch.validation.map(|v| v.loss),
                epoch.validation.and_then(accuracy),
            ];
            for cell in cells {
                match cell {
                    Some(number) => write!(f, "{number:>10.4}")?,
                    None => write!(f, "{:>10}", "-")?,
                }
            }
            write!(f, "{:>9.2}{:>11.0}", epoch.seconds, epoch.samples_per_second())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_prints_as_a_table() {
        let train = Evaluation { loss: 0.5, accuracy: Some(0.875), samples: 100 };
        let validation = Evaluation { loss: 0.25, accuracy: None, samples: 10 };
        let first = Epoch { number: 1, train, validation: None, seconds: 2.0 };
        let second = Epoch { number: 2, validation: Some(validation), ..first };
        let text = "\
epoch      loss  accuracy  val loss   val acc  seconds  samples/s
    1    0.5000    0.8750         -         -     2.00         50
    2    0.5000    0.8750    0.2500         -     2.00         50";
        assert_eq!(History { epochs: vec![first, second] }.to_string(), text);
        let line = "loss 0.5000, accuracy 0.8750; validation: loss 0.2500; 2.0 s, 50 samples/s";
        assert_eq!(second.to_string(), line);
    }
}
