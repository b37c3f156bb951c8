//! Rules with dfdx's tensor operations: on every device, and the referee of the fused ones.

use super::gradient::gradient_of;
use super::memory::Memory;
use super::{Rule, adagrad, adam, adamax, lamb, lion, n_adam, rms_prop, sgd};
use crate::backend::{Backend, Float};
use crate::data::{Batch, Column};
use crate::error::Result;
use crate::model::Model;
use crate::train::{Loss, Optimizer, Report};
use crate::value::Array;
use dfdx::prelude::*;

/// Moves all parameters by a rule.
pub(crate) fn optimize<E: Float, D: Backend<E>>(
    rule: Rule,
    memory: &mut Memory,
    model: &mut dyn Model<E, D>,
    gradients: &Gradients<E, D>,
) -> Result<()> {
    rule.check()?;
    memory.step(model, gradients, |parameter| match parameter.rule(rule) {
        Rule::Sgd(settings) => sgd::update(settings, parameter),
        Rule::Adam(settings) => adam::update(settings, parameter),
        Rule::RmsProp(settings) => rms_prop::update(settings, parameter),
        Rule::Adagrad(settings) => adagrad::update(settings, parameter),
        Rule::Adamax(settings) => adamax::update(settings, parameter),
        Rule::NAdam(settings) => n_adam::update(settings, parameter),
        Rule::Lion(settings) => lion::update(settings, parameter),
        Rule::Lamb(settings) => lamb::update(settings, parameter),
    })
}

/// No way of its own.
pub(crate) fn predict<E: Float, D: Backend<E>>(
    _: &dyn Model<E, D>,
    _: &[Column],
    _: &mut Vec<Column>,
) -> Result<bool> {
    Ok(false)
}

/// No way of its own.
pub(crate) fn learn<E: Float, D: Backend<E>>(
    _: &mut dyn Model<E, D>,
    _: &Batch,
    _: &dyn Loss<E, D>,
    _: &mut dyn Optimizer<E, D>,
) -> Result<Option<Report>> {
    Ok(None)
}

/// The number of the first trained parameter whose gradient is not finite.
pub(crate) fn not_finite<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    params: &[Array<E, D>],
    gradients: &Gradients<E, D>,
) -> Result<Option<usize>> {
    for (number, (array, param)) in params.iter().zip(model.graph().params).enumerate() {
        let gradient = param.trainable.then(|| gradient_of(gradients, &array.data));
        if gradient.transpose()?.flatten().is_some_and(|g| !all_finite(&g)) {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Whether all elements are finite.
pub(crate) fn all_finite<E: Float, D: Backend<E>>(tensor: &Tensor<(usize,), E, D>) -> bool {
    let mut values = vec![E::default(); tensor.shape().0];
    tensor.copy_into(&mut values);
    values.into_iter().all(|value| num_traits::Float::is_finite(value))
}
