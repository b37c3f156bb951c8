//! The gradient of a parameter, if there is one.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::optim::{Optimizer, OptimizerUpdateError, Sgd, SgdConfig};
use dfdx::prelude::*;

/// The gradient of this parameter, or `None` if the loss does not depend on it.
///
/// dfdx's `Gradients::get` panics without an entry, and only its optimizers can ask whether there
/// is one; so a step of length 0, on a copy, asks first.
pub(crate) fn gradient_of<E: Float, D: Backend<E>>(
    gradients: &Gradients<E, D>,
    parameter: &Tensor<(usize,), E, D>,
) -> Result<Option<Tensor<(usize,), E, D>>> {
    let Ok(copy) = parameter.clone().try_realize::<(Length,)>() else { return Ok(None) };
    let mut probe = Probe(copy);
    let still = SgdConfig { lr: 0.0, momentum: None, weight_decay: None };
    match Sgd::new(&probe, still).update(&mut probe, gradients) {
        Ok(()) => Ok(Some(gradients.get(parameter))),
        Err(OptimizerUpdateError::UnusedParams(_)) => Ok(None),
        Err(OptimizerUpdateError::DeviceError(error)) => Err(Error::device(error)),
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
