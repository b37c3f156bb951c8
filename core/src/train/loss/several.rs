//! Losses of several outputs, and weights for them.

use super::{Correct, CustomLoss, Loss, Output, Scalar};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::{Array, Value};
use dfdx::prelude::*;
use std::ops::Mul;

/// A loss times a number, made by multiplication: `5.0 * MeanSquared`.
///
/// A tuple of losses is a loss too: the sum over the outputs of a network, each with the target in
/// its place, where weights say how much each counts.
///
/// ```
/// use netwright_core::dfdx::prelude::Cpu;
/// use netwright_core::train::{BinaryCrossEntropy, Loss, MeanSquared};
///
/// let detect = (5.0 * MeanSquared, BinaryCrossEntropy); // boxes, then whether there is one
/// # fn is_loss(_: impl Loss<f32, Cpu>) {}
/// # is_loss(detect);
/// ```
///
/// A weight that is not finite is an [`Error::Setting`] when the loss is used. Accuracies are those
/// of the losses that have one, taken together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighted<L> {
    loss: L,
    weight: f64,
}

impl<L> Weighted<L> {
    pub(super) fn new(weight: f64, loss: L) -> Self {
        Weighted { loss, weight }
    }
}

impl<F> Mul<CustomLoss<F>> for f64 {
    type Output = Weighted<CustomLoss<F>>;

    fn mul(self, loss: CustomLoss<F>) -> Weighted<CustomLoss<F>> {
        Weighted::new(self, loss)
    }
}

impl<E: Float, D: Backend<E>, L: Loss<E, D>> Loss<E, D> for Weighted<L> {
    fn compute(&self, outputs: Vec<Output<E, D>>, targets: &[Value<E, D>]) -> Result<Scalar<E, D>> {
        if !self.weight.is_finite() {
            return Err(Error::Setting(format!(
                "the weight of a loss is a finite number, not {}",
                self.weight
            )));
        }
        let loss = self.loss.compute(outputs, targets)?;
        loss.try_mul(E::of(self.weight)).on_device()
    }

    fn correct(&self, outputs: &[Array<E, D>], targets: &[Value<E, D>]) -> Result<Option<Correct>> {
        self.loss.correct(outputs, targets)
    }
}

/// Tuples of losses.
macro_rules! tuples {
    ($($(($loss:ident $place:tt))*;)*) => {
        $(impl<E: Float, D: Backend<E>, $($loss: Loss<E, D>),*> Loss<E, D> for ($($loss,)*) {
            fn compute(
                &self,
                outputs: Vec<Output<E, D>>,
                targets: &[Value<E, D>],
            ) -> Result<Scalar<E, D>> {
                sum(&[$(&self.$place),*], outputs, targets)
            }

            fn correct(
                &self,
                outputs: &[Array<E, D>],
                targets: &[Value<E, D>],
            ) -> Result<Option<Correct>> {
                together(&[$(&self.$place),*], outputs, targets)
            }
        })*
    };
}

tuples! {
    (L0 0)(L1 1);
    (L0 0)(L1 1)(L2 2);
    (L0 0)(L1 1)(L2 2)(L3 3);
    (L0 0)(L1 1)(L2 2)(L3 3)(L4 4);
    (L0 0)(L1 1)(L2 2)(L3 3)(L4 4)(L5 5);
}

fn sum<E: Float, D: Backend<E>>(
    losses: &[&dyn Loss<E, D>],
    outputs: Vec<Output<E, D>>,
    targets: &[Value<E, D>],
) -> Result<Scalar<E, D>> {
    one_for_each(losses.len(), outputs.len(), targets.len())?;
    let mut sum: Option<Scalar<E, D>> = None;
    for (number, (output, loss)) in outputs.into_iter().zip(losses).enumerate() {
        let target = &targets[number..=number];
        let next = loss.compute(vec![output], target).map_err(|error| at(number, error))?;
        sum = Some(match sum {
            Some(sum) => sum.try_add(next).on_device()?,
            None => next,
        });
    }
    sum.ok_or_else(|| Error::Data("a tuple without losses".into()))
}

/// The right answers of all losses that know right and wrong.
fn together<E: Float, D: Backend<E>>(
    losses: &[&dyn Loss<E, D>],
    outputs: &[Array<E, D>],
    targets: &[Value<E, D>],
) -> Result<Option<Correct>> {
    one_for_each(losses.len(), outputs.len(), targets.len())?;
    let mut all: Option<Correct> = None;
    for (number, loss) in losses.iter().enumerate() {
        let place = number..=number;
        let correct = loss.correct(&outputs[place.clone()], &targets[place]);
        if let Some(more) = correct.map_err(|error| at(number, error))? {
            let sum = all.get_or_insert_default();
            sum.hits += more.hits;
            sum.of += more.of;
        }
    }
    Ok(all)
}

fn one_for_each(losses: usize, outputs: usize, targets: usize) -> Result<()> {
    if losses == outputs && losses == targets {
        return Ok(());
    }
    Err(Error::Data(format!(
        "a tuple of losses has one for each output and each target, but there are {losses} losses, \
         {outputs} outputs and {targets} targets"
    )))
}

/// The error, with the number of the output it is about.
fn at(number: usize, error: Error) -> Error {
    match error {
        Error::Data(text) => Error::Data(format!("output {}: {text}", number + 1)),
        other => other,
    }
}
