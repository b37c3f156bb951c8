//! `PRelu`: max(x, 0) + weight · min(x, 0).

use super::pointwise::except;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// The parameters of a `PRelu` layer: max(x, 0) + weight · min(x, 0).
///
/// At zero the gradient is the slope, as in PyTorch.
///
/// # Shapes
/// Any shape, which it keeps. `weight` is `[1]`, or with `channels = true` `[channels]`, where as in
/// PyTorch's `nn.PReLU(num_parameters)` the channels are the first axis of a sample.
///
/// # Initial values
/// 0.25, as PyTorch's `nn.PReLU`.
///
/// # Source
/// He and others: Delving Deep into Rectifiers, 2015.
#[derive(Clone, Debug)]
pub struct PRelu<W> {
    /// The slopes below zero.
    pub weight: W,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let weight = call.param(0)?;
    let slopes = weight.shape().0;
    let x = call.input()?;
    let count = x.shape().0;
    let shape = (call.batch, slopes, count / (call.batch * slopes).max(1));
    let slope = weight.try_broadcast_like::<_, Axes2<0, 2>>(&shape).on_device()?;
    let slope = slope.try_reshape_like(&(count,)).on_device()?;
    let positive = x.try_gt(E::default()).on_device()?;
    let below = except(&positive, x.retaped(), E::default())?.try_mul(slope).on_device()?;
    positive.try_choose(x, below).on_device()
}
