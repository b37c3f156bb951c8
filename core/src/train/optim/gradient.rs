//! The gradient of a parameter, if there is one.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::Array;
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::optim::{Optimizer, OptimizerUpdateError, Sgd, SgdConfig, UnusedTensors};
use dfdx::prelude::*;
use std::cell::Cell;
use std::rc::Rc;

/// The gradient of this parameter, or `None` if the loss does not depend on it.
///
/// dfdx's `Gradients::get` panics without an entry, and only its optimizers can ask whether there
/// is one; so a step of length 0, on a copy, asks first.
pub(crate) fn gradient_of<E: Float, D: Backend<E>>(
    gradients: &Gradients<E, D>,
    parameter: &Tensor<(usize,), E, D>,
) -> Result<Option<Tensor<(usize,), E, D>>> {
    match still(parameter, gradients) {
        Ok(()) => Ok(Some(gradients.get(parameter))),
        Err(OptimizerUpdateError::UnusedParams(_)) => Ok(None),
        Err(OptimizerUpdateError::DeviceError(error)) => Err(Error::device(error)),
    }
}

/// A step of length 0 on a copy.
fn still<E: Float, D: Backend<E>>(
    parameter: &Tensor<(usize,), E, D>,
    gradients: &Gradients<E, D>,
) -> std::result::Result<(), OptimizerUpdateError<D::Err>> {
    let unused = UnusedTensors { ids: Vec::new() };
    let Ok(copy) = parameter.clone().try_realize::<(Length,)>() else {
        return Err(OptimizerUpdateError::UnusedParams(unused));
    };
    let mut probe = Probe(copy);
    let still = SgdConfig { lr: 0.0, momentum: None, weight_decay: None };
    Sgd::new(&probe, still).update(&mut probe, gradients)
}

/// Gives every parameter without a gradient an empty one.
///
/// dfdx cannot be asked whether there is one, nor for a gradient without a copy or a new one. But
/// where two tapes with gradients become one, the gradients of the second stay: here those that
/// there are, over empty ones for all parameters.
pub(super) fn mark_missing(
    gradients: &mut Gradients<f32, Cpu>,
    params: &[Array<f32, Cpu>],
) -> Result<()> {
    let Some(device) = params.first().map(|param| param.data.device()) else { return Ok(()) };
    let mut empty = Gradients::leaky();
    for param in params {
        empty.get_or_alloc_mut(&param.data).on_device()?.clear();
    }
    let scalar: Tensor<Rank0, f32, Cpu> = device.try_zeros().on_device()?;
    let with = |gradients| Trace::<f32, Cpu>::traced(scalar.clone(), gradients).split_tape().1;
    let mut tape = with(empty).merge(with(std::mem::replace(gradients, Gradients::leaky())));
    let merged = Rc::new(Cell::new(None));
    let out = Rc::clone(&merged);
    tape.add_backward_op(move |gradients| {
        out.set(Some(std::mem::replace(gradients, Gradients::leaky())));
        Ok(())
    });
    scalar.put_tape(tape).try_backward().on_device()?;
    *gradients = merged.take().unwrap_or_else(Gradients::leaky);
    Ok(())
}

/// Takes the marks of [`mark_missing`] out again, and all that is no parameter's gradient, if there
/// are any.
pub(super) fn drop_missing(
    gradients: &mut Gradients<f32, Cpu>,
    params: &[Array<f32, Cpu>],
    present: &[bool],
) {
    if present.contains(&false) {
        let present = params.iter().zip(present).filter(|&(_, &present)| present);
        let ids: Vec<UniqueId> = present.flat_map(|(param, _)| identity(&param.data)).collect();
        gradients.retain_leafs(&ids);
    }
}

/// What dfdx knows this tensor by: it names a tensor that misses a gradient.
fn identity(tensor: &Tensor<(usize,), f32, Cpu>) -> Option<UniqueId> {
    match still(tensor, &Gradients::leaky()) {
        Err(OptimizerUpdateError::UnusedParams(unused)) => unused.ids.first().copied(),
        _ => None,
    }
}

/// One tensor, as dfdx's optimizers visit it.
struct Probe<E: Float, D: Backend<E>>(Tensor<(Length,), E, D>);

impl<E: Float, D: Backend<E>> TensorCollection<E, D> for Probe<E, D> {
    type To<E2: Dtype, D2: Device<E2>> = ();

    fn iter_tensors<V: ModuleVisitor<Self, E, D>>(
        visitor: &mut V,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err> {
        let options = TensorOptions::reset_to_zeros();
        visitor.visit_tensor("", |probe| &probe.0, |probe| &mut probe.0, options)?;
        Ok(None)
    }
}

/// A size that dfdx takes for one known at compile time, as it asks for in a collection; it is
/// only ever made from the size of a tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Length(usize);

impl Dim for Length {
    fn size(&self) -> usize {
        self.0
    }

    fn from_size(size: usize) -> Option<Self> {
        Some(Length(size))
    }
}

impl ConstDim for Length {
    const SIZE: usize = 0;
}
