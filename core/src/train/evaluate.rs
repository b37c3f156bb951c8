//! Averages over batches, in training and in evaluation.

use super::CHUNK;
use super::history::Evaluation;
use super::loss::{Correct, Loss};
use super::settings::not_empty;
use super::step::{Report, judge};
use crate::backend::{Backend, Float};
use crate::data::{Batches, Samples};
use crate::error::{Error, Result};
use crate::model::Model;

/// Loss and accuracy so far; each sample (or label, where labels have weights or are ignored) counts
/// the same, whatever the size of its batch.
#[derive(Default)]
pub(super) struct Sum {
    loss: f64,
    weight: f64,
    samples: usize,
    correct: Option<Correct>,
}

impl Sum {
    pub(super) fn add(&mut self, report: &Report, samples: usize) {
        self.loss += report.loss * report.weight;
        self.weight += report.weight;
        self.samples += samples;
        if let Some(new) = report.correct {
            let sum = self.correct.get_or_insert_default();
            sum.hits += new.hits;
            sum.of += new.of;
        }
    }

    pub(super) fn evaluation(&self) -> Evaluation {
        let share = |correct: Correct| correct.hits as f64 / correct.of.max(1) as f64;
        Evaluation {
            loss: if self.weight > 0.0 { self.loss / self.weight } else { 0.0 },
            accuracy: self.correct.map(share),
            samples: self.samples,
        }
    }
}

/// Loss and accuracy of all samples in the inference form.
pub(crate) fn evaluate<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    data: &dyn Samples,
    loss: &dyn Loss<E, D>,
) -> Result<Evaluation> {
    not_empty("the data to be evaluated", data)?;
    let mut sum = Sum::default();
    for (number, batch) in Batches::new(data, CHUNK)?.enumerate() {
        let batch = batch?;
        let report = judge(model, &batch, loss)
            .map_err(|error| in_data(error, |row| Some(number * CHUNK + row)))?;
        sum.add(&report, batch.len());
    }
    Ok(sum.evaluation())
}

/// The error with the sample's number in the data set instead of its row in the batch.
pub(super) fn in_data(error: Error, number_of: impl Fn(usize) -> Option<usize>) -> Error {
    match error {
        Error::Label { label, sample, classes } => {
            Error::Label { label, sample: number_of(sample).unwrap_or(sample), classes }
        }
        other => other,
    }
}
