//! Rules on the CPU in f32: one pass over each parameter, its gradient and what is remembered of
//! it, without copies.

use super::gradient::{drop_missing, mark_missing};
use super::memory::{Memory, foreign};
use super::{Rule, memory};
use crate::engine::update::{Formula, Parts, all_finite, update};
use crate::error::Result;
use crate::layers::OnDevice;
use crate::model::{Model, arrays};
use crate::value::{AnyTensor, Array};
use dfdx::prelude::*;

type Slot = memory::Slot<Vec<f32>>;

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
    let slots: &mut Vec<Slot> = memory.slots(&params)?;
    mark_missing(gradients, &params)?;
    let ghosts: Vec<_> = params.iter().map(|param| param.data.ghost()).collect();
    // A second handle on a parameter would turn changes in place into copies.
    drop(params);
    let tensors = model.tensors_mut().into_iter().zip(slots);
    for ((ghost, (tensor, slot)), param) in ghosts.iter().zip(tensors).zip(graph.params) {
        let gradient = gradients.get_or_alloc_mut(ghost).on_device()?;
        if gradient.is_empty() {
            // As long as everybody expects it.
            gradient.resize(slot.shape.iter().product(), 0.0);
        } else if param.trainable {
            slot.steps += 1;
            step(rule.formula(slot.steps), tensor, slot, gradient)?;
        }
    }
    Ok(())
}

/// Moves one parameter.
fn step(
    formula: Formula,
    tensor: &mut dyn AnyTensor<f32, Cpu>,
    slot: &mut Slot,
    gradient: &[f32],
) -> Result<()> {
    slot.averages.resize_with(2, Vec::new);
    for average in slot.averages.iter_mut().take(formula.memories()) {
        average.resize(gradient.len(), 0.0);
    }
    let [first, second] = &mut slot.averages[..] else { return Err(foreign()) };
    if let Some(param) = tensor.slice_mut() {
        update(formula, Parts { param, gradient, first, second });
        return Ok(());
    }
    let mut param = tensor.array()?.data.as_vec();
    update(formula, Parts { param: &mut param, gradient, first, second });
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
