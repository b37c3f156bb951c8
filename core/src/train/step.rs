//! One step of a training, and the same without learning.

use super::evaluate::Sum;
use super::history::Evaluation;
use super::loss::{Correct, Loss, Output};
use super::optim::Optimizer;
use super::optim::plain::all_finite;
use super::value::values;
use crate::backend::{Backend, Float};
use crate::data::Batch;
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::model::{Model, apply_updates, arrays, device_of};
use crate::run::{Task, Update};
use crate::value::Array;
use dfdx::prelude::*;

/// What happened in one batch.
#[doc(hidden)]
#[derive(Debug)]
pub struct Report {
    pub(super) loss: f64,
    /// What the loss is divided by; of most losses, the number of samples.
    pub(super) weight: f64,
    pub(super) correct: Option<Correct>,
}

/// One step on its own.
pub(crate) fn step<E: Float, D: Backend<E>>(
    model: &mut dyn Model<E, D>,
    batch: &Batch,
    loss: &dyn Loss<E, D>,
    optimizer: &mut dyn Optimizer<E, D>,
) -> Result<Evaluation> {
    let mut sum = Sum::default();
    sum.add(&learn(model, batch, loss, optimizer)?, batch.len());
    Ok(sum.evaluation())
}

/// Learns from one batch, or leaves the network as it was.
pub(super) fn learn<E: Float, D: Backend<E>>(
    model: &mut dyn Model<E, D>,
    batch: &Batch,
    loss: &dyn Loss<E, D>,
    optimizer: &mut dyn Optimizer<E, D>,
) -> Result<Report> {
    let before = model.state().clone();
    let result = match D::learn(model, batch, loss, optimizer) {
        Ok(None) => try_to_learn(model, batch, loss, optimizer),
        Ok(Some(report)) => Ok(report),
        Err(error) => Err(error),
    };
    if result.is_err() {
        *model.state() = before;
    }
    result
}

/// Nothing of the network but its state changes before everything was found finite.
fn try_to_learn<E: Float, D: Backend<E>>(
    model: &mut dyn Model<E, D>,
    batch: &Batch,
    loss: &dyn Loss<E, D>,
    optimizer: &mut dyn Optimizer<E, D>,
) -> Result<Report> {
    let key = model.state().next_key();
    let (mut gradients, updates, report) = differentiate(model, batch, loss, key)?;
    optimizer.step(model, &mut gradients)?;
    apply_updates(model, updates)?;
    Ok(report)
}

type Differentiated<E, D> = (Gradients<E, D>, Vec<Update<E, D>>, Report);

fn differentiate<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    batch: &Batch,
    loss: &dyn Loss<E, D>,
    key: u64,
) -> Result<Differentiated<E, D>> {
    let params = arrays(model)?;
    let device: D = device_of(&params);
    let own = model.own();
    let task = Task {
        graph: model.graph(),
        params: &params,
        own: &own,
        inputs: values(&batch.inputs, &device)?,
        tape: Some(OwnedTape::default()),
        training: Some(key),
        input_gradients: false,
    };
    let run = D::run(task)?;
    let targets = values(&batch.targets, &device)?;
    let outputs = run.outputs.iter().map(Output::detached).collect();
    let (scalar, tape) = loss.compute(outputs, &targets)?.split_tape();
    let report = Report {
        loss: number(&scalar)?,
        weight: weight(loss, batch),
        correct: loss.correct(&run.outputs, &targets)?,
    };
    let tape = tape.merge(run.tape.unwrap_or_default());
    let mut gradients = scalar.put_tape(tape).try_backward().on_device()?;
    finite(model, &params, &mut gradients, &run.updates)?;
    Ok((gradients, run.updates, report))
}

/// The loss of one batch in the inference form.
pub(super) fn judge<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    batch: &Batch,
    loss: &dyn Loss<E, D>,
) -> Result<Report> {
    let params = arrays(model)?;
    let device: D = device_of(&params);
    let outputs = infer(model, &params, batch, &device)?;
    let targets = values(&batch.targets, &device)?;
    let detached = outputs.iter().map(Output::detached).collect();
    let (scalar, _) = loss.compute(detached, &targets)?.split_tape();
    let correct = loss.correct(&outputs, &targets)?;
    Ok(Report { loss: number(&scalar)?, weight: weight(loss, batch), correct })
}

/// What the loss of a batch counts in that of a data set.
fn weight<E: Float, D: Backend<E>>(loss: &dyn Loss<E, D>, batch: &Batch) -> f64 {
    let own = loss.criterion().and_then(|criterion| criterion.weight(&batch.targets));
    own.unwrap_or(batch.len() as f64)
}

/// The outputs for one batch in the inference form.
pub(super) fn infer<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    params: &[Array<E, D>],
    batch: &Batch,
    device: &D,
) -> Result<Vec<Array<E, D>>> {
    let own = model.own();
    let task = Task {
        graph: model.graph(),
        params,
        own: &own,
        inputs: values(&batch.inputs, device)?,
        tape: None,
        training: None,
        input_gradients: false,
    };
    Ok(D::run(task)?.outputs)
}

/// The loss as a number.
fn number<E: Float, D: Backend<E>>(scalar: &Tensor<Rank0, E, D>) -> Result<f64> {
    finite_loss(scalar.as_vec().first().map_or(f64::NAN, |&loss| loss.f64()))
}

pub(super) fn finite_loss(loss: f64) -> Result<f64> {
    if loss.is_finite() {
        return Ok(loss);
    }
    Err(Error::NotFinite(format!("the loss is {loss}")))
}

/// The gradient of the parameter of this name is not finite.
pub(super) fn bad_gradient<T>(name: Option<&str>) -> Result<T> {
    not_finite("the gradient", name.unwrap_or("a parameter"))
}

/// The new value of the buffer of this name is not finite.
pub(super) fn bad_value<T>(name: Option<&str>) -> Result<T> {
    not_finite("the new value", name.unwrap_or("a buffer"))
}

fn not_finite<T>(what: &str, name: &str) -> Result<T> {
    Err(Error::NotFinite(format!("{what} of `{name}` holds numbers that are not finite")))
}

/// Whether every gradient and every new value of a buffer is finite.
fn finite<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    params: &[Array<E, D>],
    gradients: &mut Gradients<E, D>,
    updates: &[Update<E, D>],
) -> Result<()> {
    let named = model.graph().params;
    if let Some(number) = D::not_finite(model, params, gradients)? {
        return bad_gradient(named.get(number).map(|p| p.name));
    }
    for update in updates {
        if !all_finite(&update.value.data) {
            return bad_value(named.get(update.param).map(|p| p.name));
        }
    }
    Ok(())
}
