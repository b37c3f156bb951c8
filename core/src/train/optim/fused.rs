//! Rules on the CPU in f32: one pass over each parameter, its gradient and what is remembered of
//! it, without copies.

use super::gradient::{drop_missing, mark_missing};
use super::memory::Memory;
use super::{Rule, memory};
#[cfg(feature = "engine")]
use crate::data::{Batch, Column};
#[cfg(feature = "engine")]
use crate::engine::learn::{Gradient, Run};
#[cfg(feature = "engine")]
use crate::engine::threads::both;
use crate::engine::threads::limit;
use crate::engine::update::{Formula, Parts, all_finite, update, update_rows};
use crate::error::Result;
use crate::layers::OnDevice;
use crate::model::{Model, arrays};
#[cfg(feature = "engine")]
use crate::train::{Loss, Optimizer, Report, direct};
use crate::value::{AnyTensor, Array};
use dfdx::prelude::*;
#[cfg(feature = "engine")]
use netwright_spec::graph::Graph;

pub(crate) type Slot = memory::Slot<Vec<f32>>;

/// Moves all parameters by a rule.
pub(crate) fn optimize(
    rule: Rule,
    memory: &mut Memory,
    model: &mut dyn Model<f32, Cpu>,
    gradients: &mut Gradients<f32, Cpu>,
) -> Result<()> {
    rule.check()?;
    let graph = model.graph();
    let params = arrays(model)?;
    let slots: &mut Vec<Slot> = memory.slots(graph)?;
    mark_missing(gradients, &params)?;
    let ghosts: Vec<_> = params.iter().map(|param| param.data.ghost()).collect();
    // A second handle on a parameter would turn changes in place into copies.
    drop(params);
    let tensors = model.tensors_mut().into_iter().zip(slots);
    for (number, (ghost, (tensor, slot))) in ghosts.iter().zip(tensors).enumerate() {
        let gradient = gradients.get_or_alloc_mut(ghost).on_device()?;
        if gradient.is_empty() {
            // As long as everybody expects it.
            gradient.resize(slot.shape.iter().product(), 0.0);
        } else if graph.params[number].trainable {
            slot.steps += 1;
            let lazy = rule.is_lazy() && graph.is_table(number);
            step((rule.decaying(slot.decays).formula(slot.steps), lazy), tensor, slot, gradient)?;
        }
    }
    Ok(())
}

/// Predicts on the engine.
#[cfg(feature = "engine")]
pub(crate) fn predict(
    model: &dyn Model<f32, Cpu>,
    inputs: &[Column],
    outputs: &mut Vec<Column>,
) -> Result<bool> {
    direct::predict(model, inputs, outputs)
}

/// Learns from one batch on the engine, where the loss and the optimizer are this crate's.
#[cfg(feature = "engine")]
pub(crate) fn learn(
    model: &mut dyn Model<f32, Cpu>,
    batch: &Batch,
    loss: &dyn Loss<f32, Cpu>,
    optimizer: &mut dyn Optimizer<f32, Cpu>,
) -> Result<Option<Report>> {
    match (loss.criterion(), optimizer.rule()) {
        (Some(criterion), Some((rule, memory))) => {
            direct::learn(model, batch, criterion, rule, memory)
        }
        _ => Ok(None),
    }
}

#[cfg(not(feature = "engine"))]
pub(crate) use super::plain::{learn, predict};

/// Moves all parameters along the gradients of a run.
#[cfg(feature = "engine")]
pub(crate) fn move_all(
    rule: Rule,
    graph: &Graph,
    run: &Run,
    params: &mut [&mut [f32]],
    slots: &mut [Slot],
    threads: usize,
) {
    let gradient = |number| run.gradient(number).filter(|_| graph.params[number].trainable);
    move_some(rule, 0, &gradient, params, slots, threads);
}

/// Moves the parameters from number `first` on.
#[cfg(feature = "engine")]
fn move_some<'a>(
    rule: Rule,
    first: usize,
    gradient: &(impl Fn(usize) -> Option<Gradient<'a>> + Sync),
    params: &mut [&mut [f32]],
    slots: &mut [Slot],
    threads: usize,
) {
    if let ([param], [slot]) = (&mut *params, &mut *slots) {
        if let Some(gradient) = gradient(first) {
            slot.steps += 1;
            let formula = rule.decaying(slot.decays).formula(slot.steps);
            gradient.update(formula, parts(formula, param, slot), threads);
        }
    } else if !params.is_empty() {
        let middle = params.len() / 2;
        let (low, high) = params.split_at_mut(middle);
        let (left, right) = slots.split_at_mut(middle);
        both(
            threads,
            |threads| move_some(rule, first, gradient, low, left, threads),
            |threads| move_some(rule, first + middle, gradient, high, right, threads),
        );
    }
}

/// A parameter, and what a formula remembers of it.
fn parts<'a>(formula: Formula, param: &'a mut [f32], slot: &'a mut Slot) -> Parts<'a> {
    slot.averages.resize_with(2, Vec::new);
    for average in slot.averages.iter_mut().take(formula.memories()) {
        average.resize(param.len(), formula.start());
    }
    match &mut slot.averages[..] {
        [first, second, ..] => Parts { param, gradient: &[], first, second },
        _ => Parts { param, gradient: &[], first: &mut [], second: &mut [] },
    }
}

/// Moves one parameter; a lazy rule leaves rows alone that have no gradient.
fn step(
    (formula, lazy): (Formula, bool),
    tensor: &mut dyn AnyTensor<f32, Cpu>,
    slot: &mut Slot,
    gradient: &[f32],
) -> Result<()> {
    let width = slot.shape.last().copied().unwrap_or(1);
    let mut go = |param: &mut [f32]| {
        let parts = Parts { gradient, ..parts(formula, param, slot) };
        if lazy { update_rows(formula, width, parts) } else { update(formula, parts, limit()) }
    };
    if let Some(param) = tensor.slice_mut() {
        go(param);
        return Ok(());
    }
    let mut param = tensor.array()?.data.as_vec();
    go(&mut param);
    tensor.write(&param)
}

/// The number of the first trained parameter whose gradient is not finite.
pub(crate) fn not_finite(
    model: &dyn Model<f32, Cpu>,
    params: &[Array<f32, Cpu>],
    gradients: &mut Gradients<f32, Cpu>,
) -> Result<Option<usize>> {
    mark_missing(gradients, params)?;
    let mut found = None;
    let mut present = Vec::with_capacity(params.len());
    for (number, (array, param)) in params.iter().zip(model.graph().params).enumerate() {
        let gradient = gradients.get_or_alloc_mut(&array.data).on_device()?;
        present.push(!gradient.is_empty());
        if found.is_none() && param.trainable && !all_finite(gradient) {
            found = Some(number);
        }
    }
    drop_missing(gradients, params, &present);
    Ok(found)
}

#[cfg(test)]
mod tests;
