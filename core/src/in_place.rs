//! How a device changes a parameter where it lies. A program compiles these for each shape of a
//! parameter, so whatever does not depend on the shape's type is elsewhere.

use crate::backend::Float;
use crate::engine::bridge;
use crate::error::{Error, Result};
use crate::value::{Array, Ranked};
use dfdx::prelude::*;
use std::ops::DerefMut;

/// What [`AnyTensor`](crate::value::AnyTensor) asks of a device.
pub trait InPlace<E: Float>: Device<E> {
    /// All elements in row-major order; `None` where they lie otherwise, or out of the host's reach.
    fn slice<S: Ranked>(tensor: &Tensor<S, E, Self>) -> Option<&[E]>;

    /// The same, to be changed.
    fn slice_mut<S: Ranked>(tensor: &mut Tensor<S, E, Self>) -> Option<&mut [E]>;

    /// `tensor = alpha · tensor + beta · other`.
    fn axpy<S: Ranked>(
        tensor: &mut Tensor<S, E, Self>,
        alpha: f64,
        other: &Array<E, Self>,
        beta: f64,
    ) -> Result<()>;

    /// Adds to the gradient of a tensor, from inside of an operation on dfdx's tape.
    fn add_gradient(
        gradients: &mut Gradients<E, Self>,
        of: &Tensor<(usize,), E, Self>,
        gradient: Vec<E>,
    ) -> std::result::Result<(), Self::Err>;
}

impl<E: Float> InPlace<E> for Cpu
where
    Cpu: Device<E>,
    <Cpu as Storage<E>>::Vec: DerefMut<Target = Vec<E>>,
{
    fn slice<S: Ranked>(tensor: &Tensor<S, E, Self>) -> Option<&[E]> {
        bridge::slice_of(tensor)
    }

    fn slice_mut<S: Ranked>(tensor: &mut Tensor<S, E, Self>) -> Option<&mut [E]> {
        bridge::slice_mut(tensor)
    }

    fn axpy<S: Ranked>(
        tensor: &mut Tensor<S, E, Self>,
        alpha: f64,
        other: &Array<E, Self>,
        beta: f64,
    ) -> Result<()> {
        axpy(bridge::slice_mut(tensor), alpha, bridge::slice(&other.data), beta)
    }

    fn add_gradient(
        gradients: &mut Gradients<E, Self>,
        of: &Tensor<(usize,), E, Self>,
        gradient: Vec<E>,
    ) -> std::result::Result<(), Self::Err> {
        let sum = gradients.get_or_alloc_mut(of)?;
        sum.iter_mut().zip(gradient).for_each(|(sum, part)| *sum += part);
        Ok(())
    }
}

fn axpy<E: Float>(to: Option<&mut [E]>, alpha: f64, other: &[E], beta: f64) -> Result<()> {
    let Some(to) = to.filter(|to| to.len() == other.len()) else {
        return Err(Error::Data(format!(
            "a parameter whose elements do not lie side by side cannot take {}",
            other.len()
        )));
    };
    let (alpha, beta) = (E::of(alpha), E::of(beta));
    for (x, &y) in to.iter_mut().zip(other) {
        *x = *x * alpha + y * beta;
    }
    Ok(())
}

#[cfg(feature = "cuda")]
impl<E: Float> InPlace<E> for Cuda
where
    Cuda: Device<E>,
{
    fn slice<S: Ranked>(_: &Tensor<S, E, Self>) -> Option<&[E]> {
        None
    }

    fn slice_mut<S: Ranked>(_: &mut Tensor<S, E, Self>) -> Option<&mut [E]> {
        None
    }

    fn axpy<S: Ranked>(
        tensor: &mut Tensor<S, E, Self>,
        alpha: f64,
        other: &Array<E, Self>,
        beta: f64,
    ) -> Result<()> {
        let other = crate::value::restore::<S, E, Self, NoneTape>(other.clone(), NoneTape)?;
        tensor.try_axpy(alpha, &other, beta).map_err(Error::device)
    }

    /// dfdx's storage on a GPU cannot be made from outside, but a gradient is such storage: that of
    /// Σ x·g with respect to x is g.
    fn add_gradient(
        gradients: &mut Gradients<E, Self>,
        of: &Tensor<(usize,), E, Self>,
        gradient: Vec<E>,
    ) -> std::result::Result<(), Self::Err> {
        gradients.try_alloc_for(of)?;
        let count = (gradient.len(),);
        let part = of.device().try_tensor_from_vec(gradient, count)?;
        let sum = gradients.get(of).try_add(part)?;
        let leaf = of.device().try_zeros_like(&count)?;
        let product = leaf.clone().put_tape(OwnedTape::default()).try_mul(sum)?;
        let mut nested = product.try_sum::<(), _>()?.try_backward()?;
        *gradients.get_or_alloc_mut(of)? = nested.get_or_alloc_mut(&leaf)?.clone();
        Ok(())
    }
}
