//! What an optimizer remembers of each parameter.

use super::Rule;
use super::gradient::gradient_of;
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::model::{Model, arrays};
use crate::value::{AnyTensor, Array};
use dfdx::prelude::*;
use netwright_spec::graph::{Graph, Param};
use std::any::Any;
use std::fmt;

type Flat<E, D> = Tensor<(usize,), E, D>;

/// Empty until the first step, then the [`Slot`]s of one network. The types of float and device
/// are not in this type, so that an optimizer is written as plain `Adam`.
#[doc(hidden)]
#[derive(Default)]
pub struct Memory {
    slots: Option<Box<dyn Any>>,
    /// Which parameters the weight decay is for; all of them if there is none.
    pub(super) decays: Option<Decays>,
}

/// Whether a parameter of this name and shape decays.
pub(super) type Decays = fn(&str, &[usize]) -> bool;

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.slots.is_some() { "Memory(of a network)" } else { "Memory(empty)" })
    }
}

/// What is remembered of one parameter.
pub(crate) struct Slot<A> {
    pub(super) shape: Vec<usize>,
    pub(super) steps: u64,
    /// Whether the weight decay is for it.
    pub(super) decays: bool,
    pub(super) averages: Vec<A>,
}

/// One parameter during a step.
pub(super) struct Parameter<'a, E: Float, D: Backend<E>> {
    tensor: &'a mut dyn AnyTensor<E, D>,
    slot: &'a mut Slot<Flat<E, D>>,
    /// Whether it is a table of which rows are taken.
    table: bool,
    /// The elements that move; all of them if there is none.
    moving: Option<Tensor<(usize,), bool, D>>,
    pub(super) gradient: Flat<E, D>,
}

impl<E: Float, D: Backend<E>> Parameter<'_, E, D> {
    /// The number of this step, from 1.
    pub(super) fn steps(&self) -> u64 {
        self.slot.steps
    }

    /// The rule for it.
    pub(super) fn rule(&self, rule: Rule) -> Rule {
        rule.decaying(self.slot.decays)
    }

    /// From now on, the rows of a table whose gradient is 0 throughout stay as they are.
    pub(super) fn keep_rows_without_gradient(&mut self) -> Result<()> {
        let &[rows, width] = &self.slot.shape[..] else { return Ok(()) };
        if self.table {
            let sizes = self.gradient.clone().try_abs().on_device()?;
            let sizes = sizes.try_reshape_like(&(rows, width)).on_device()?;
            let sums: Tensor<(usize,), E, D> = sizes.try_sum::<_, Axis<1>>().on_device()?;
            let sums = sums.try_broadcast_like::<_, Axis<1>>(&(rows, width)).on_device()?;
            let sums = sums.try_reshape_like(&(rows * width,)).on_device()?;
            self.moving = Some(sums.try_gt(E::default()).on_device()?);
        }
        Ok(())
    }

    /// A second handle on the parameter, to be dropped before it moves.
    pub(super) fn value(&self) -> Result<Flat<E, D>> {
        Ok(self.tensor.array()?.data)
    }

    /// `gradient += share · parameter`.
    pub(super) fn decay_gradient(&mut self, share: f64) -> Result<()> {
        if share == 0.0 {
            return Ok(());
        }
        let parameter = self.value()?;
        self.gradient.try_axpy(1.0, &parameter, share).on_device()
    }

    /// `average = keep · average + share · value`, beginning with zeros; gives a second handle.
    pub(super) fn average(
        &mut self,
        number: usize,
        keep: f64,
        value: &Flat<E, D>,
        share: f64,
    ) -> Result<Flat<E, D>> {
        drop(self.begin(number, 0.0)?);
        let average = &mut self.slot.averages[number];
        let before = self.moving.as_ref().map(|moving| (moving.clone(), average.clone()));
        average.try_axpy(keep, value, share).on_device()?;
        if let Some((moving, before)) = before {
            *average = moving.try_choose(average.clone(), before).on_device()?;
        }
        Ok(average.clone())
    }

    /// What is remembered under this number: so much of each element before the first step.
    pub(super) fn begin(&mut self, number: usize, start: f64) -> Result<Flat<E, D>> {
        while self.slot.averages.len() <= number {
            let zeros = self.gradient.device().try_zeros_like(self.gradient.shape()).on_device()?;
            self.slot.averages.push(zeros.try_add(E::of(start)).on_device()?);
        }
        Ok(self.slot.averages[number].clone())
    }

    /// Remembers this under a number that has begun.
    pub(super) fn remember(&mut self, number: usize, value: &Flat<E, D>) {
        self.slot.averages[number] = value.clone();
    }

    /// `parameter = keep · parameter - rate · direction`, in place.
    pub(super) fn go(&mut self, keep: f64, direction: Flat<E, D>, rate: f64) -> Result<()> {
        let shape = self.slot.shape.clone();
        let direction = match &self.moving {
            Some(moving) => {
                let still = direction.device().try_zeros_like(direction.shape()).on_device()?;
                moving.clone().try_choose(direction, still).on_device()?
            }
            None => direction,
        };
        self.tensor.axpy(keep, &Array { data: direction, shape }, -rate)
    }
}

impl Memory {
    /// Gives every trained parameter that has a gradient to `update`.
    pub(super) fn step<E: Float, D: Backend<E>>(
        &mut self,
        model: &mut dyn Model<E, D>,
        gradients: &Gradients<E, D>,
        update: impl Fn(&mut Parameter<'_, E, D>) -> Result<()>,
    ) -> Result<()> {
        let graph = model.graph();
        let params = arrays(model)?;
        let slots = self.slots(graph)?;
        let mut found = Vec::with_capacity(params.len());
        for (array, param) in params.iter().zip(graph.params) {
            let trained = param.trainable.then(|| gradient_of(gradients, &array.data));
            found.push(trained.transpose()?.flatten());
        }
        // A second handle on a parameter would turn changes in place into copies.
        drop(params);
        let tensors = model.tensors_mut().into_iter().zip(slots).zip(found).enumerate();
        for (number, ((tensor, slot), gradient)) in tensors {
            if let Some(gradient) = gradient {
                slot.steps += 1;
                let table = graph.is_table(number);
                update(&mut Parameter { tensor, slot, table, moving: None, gradient })?;
            }
        }
        Ok(())
    }

    /// The slots for the parameters of this network, made if there are none.
    pub(crate) fn slots<A: 'static>(&mut self, graph: &Graph) -> Result<&mut Vec<Slot<A>>> {
        let decays = self.decays;
        let new = |param: &Param| Slot::<A> {
            shape: param.shape.to_vec(),
            steps: 0,
            decays: decays.is_none_or(|decays| decays(param.name, param.shape)),
            averages: Vec::new(),
        };
        let memory = self.slots.get_or_insert_with(|| {
            Box::new(graph.params.iter().map(new).collect::<Vec<Slot<A>>>())
        });
        let slots = memory.downcast_mut::<Vec<Slot<A>>>().ok_or_else(foreign)?;
        let shapes = slots.iter().map(|slot| slot.shape.as_slice());
        if shapes.eq(graph.params.iter().map(|param| param.shape)) {
            Ok(slots)
        } else {
            Err(foreign())
        }
    }
}

pub(super) fn foreign() -> Error {
    Error::Setting(
        "this optimizer has trained a network with other parameters; take a new one for each \
         network"
            .into(),
    )
}
