//! `PositionalEncoding`: x + the encoding of each step's number.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::waves::waves;
use dfdx::prelude::*;

/// The parameter of a `PositionalEncoding` layer, which adds to each step numbers that tell it apart
/// from the others: without them attention does not know the steps' order.
///
/// They are sines and cosines of frequencies from 1 down to nearly 1/10000,
/// sin(t / 10000^(2i / width)) in column 2i of step t and the cosine in column 2i + 1, or with
/// `learned = true` the rows of `weight`.
///
/// # Shapes
/// `[time, width]`, which it keeps. `weight` is `[time, width]` with `learned = true`, else
/// [`Absent`](super::Absent).
///
/// # Initial values
/// Normal with mean 0 and variance 1, as those of an `Embedding`, which PyTorch would use here.
///
/// # Source
/// Vaswani and others: Attention Is All You Need, 2017.
#[derive(Clone, Debug)]
pub struct PositionalEncoding<W> {
    /// What is added, if it is learned.
    pub weight: W,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let &[time, width] = call.input_shape() else {
        return Err(call.error("takes [time, width]"));
    };
    let added = match call.has_param(0) {
        true => call.param(0)?,
        false => {
            let waves = waves(time, width).map(E::of).collect();
            let waves = call.device.try_tensor_from_vec(waves, (time * width,)).on_device()?;
            waves.put_tape(OwnedTape::default())
        }
    };
    let x = call.input()?;
    let added = added.try_broadcast_like::<_, Axis<0>>(&(call.batch, time * width)).on_device()?;
    let added = added.try_reshape_like(x.shape()).on_device()?;
    x.try_add(added).on_device()
}
