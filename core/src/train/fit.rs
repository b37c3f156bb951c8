//! The training loop.

use super::evaluate::{Sum, evaluate, in_data};
use super::history::{Epoch, Evaluation, History};
use super::loss::Loss;
use super::optim::Optimizer;
use super::progress::Progress;
use super::settings::Settings;
use super::step::learn;
use crate::backend::{Backend, Float};
use crate::data::{Batches, Samples, order};
use crate::engine::with_threads;
use crate::error::{Error, Result};
use crate::model::Model;
use std::time::Instant;

/// Trains for all epochs.
pub(crate) fn fit<E: Float, D: Backend<E>>(
    model: &mut dyn Model<E, D>,
    data: &dyn Samples,
    loss: &dyn Loss<E, D>,
    optimizer: &mut dyn Optimizer<E, D>,
    settings: &Settings<'_>,
) -> Result<History> {
    settings.check(data)?;
    match settings.threads {
        Some(threads) => with_threads(threads, || epochs(model, data, loss, optimizer, settings)),
        None => epochs(model, data, loss, optimizer, settings),
    }
}

fn epochs<E: Float, D: Backend<E>>(
    model: &mut dyn Model<E, D>,
    data: &dyn Samples,
    loss: &dyn Loss<E, D>,
    optimizer: &mut dyn Optimizer<E, D>,
    settings: &Settings<'_>,
) -> Result<History> {
    let mut history = History::default();
    for number in 1..=settings.epochs {
        let mut progress = Progress::start(settings, number, data.len());
        let start = Instant::now();
        let trained = train(model, data, loss, optimizer, settings, number, &mut progress)?;
        let seconds = start.elapsed().as_secs_f64();
        let validation =
            settings.validation.map(|samples| evaluate(model, samples, loss)).transpose()?;
        let epoch = Epoch { number, train: trained, validation, seconds };
        progress.end(&epoch);
        history.epochs.push(epoch);
    }
    Ok(history)
}

/// One epoch.
fn train<E: Float, D: Backend<E>>(
    model: &mut dyn Model<E, D>,
    data: &dyn Samples,
    loss: &dyn Loss<E, D>,
    optimizer: &mut dyn Optimizer<E, D>,
    settings: &Settings<'_>,
    epoch: usize,
    progress: &mut Progress,
) -> Result<Evaluation> {
    let mut batches = Batches::new(data, settings.batch)?;
    if settings.shuffle {
        batches = batches.shuffled(settings.seed, epoch as u64);
    }
    let mut sum = Sum::default();
    for (number, batch) in batches.enumerate() {
        let batch = batch?;
        let report = learn(model, &batch, loss, optimizer)
            .map_err(|error| at(error, settings, data.len(), epoch, number))?;
        sum.add(&report, batch.len());
        progress.advance(batch.len(), &sum);
    }
    Ok(sum.evaluation())
}

/// The error with the place in the training where it came up.
fn at(error: Error, settings: &Settings<'_>, len: usize, epoch: usize, batch: usize) -> Error {
    match error {
        Error::NotFinite(problem) => Error::NotFinite(format!(
            "{problem} in epoch {epoch}, batch {}; the network is as it was before that batch: a \
             smaller learning rate or scaled data may help",
            batch + 1
        )),
        other => in_data(other, |row| {
            let place = batch * settings.batch + row;
            match settings.shuffle {
                true => order(len, settings.seed, epoch as u64).get(place).copied(),
                false => Some(place),
            }
        }),
    }
}
