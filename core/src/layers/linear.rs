//! `Linear`: y = x·Wᵀ + b over the last axis.

use super::window::Rows;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// The parameters of a `Linear<out_features>` layer: y = x·Wᵀ + b over the last axis.
///
/// # Shapes
/// `[in_features]` → `[out_features]`, `[time, in_features]` → `[time, out_features]`;
/// `weight` is `[out_features, in_features]`, `bias` is `[out_features]`
/// (or [`Absent`](super::Absent) with `bias = false`).
///
/// # Initial values
/// Both uniform in ±1/√in_features, as PyTorch's `nn.Linear`.
///
/// # The weight of another layer
/// With `Linear<out_features, weight = words>` W is the `weight` of the layer `words` before it: an
/// `Embedding<out_features, in_features>`, which a language model reads words by and says them with, or
/// another `Linear`. It is one parameter in memory, in files and to the optimizer, with that layer's
/// name and initial values, and its gradient is the sum of all uses; here `weight` is
/// [`Absent`](super::Absent). The bias is this layer's own. A table has a gradient in every row then,
/// and so no optimizer moves only the rows that were used.
///
/// Press and Wolf: Using the Output Embedding to Improve Language Models, 2017.
#[derive(Clone, Debug)]
pub struct Linear<W, B> {
    /// W.
    pub weight: W,
    /// b.
    pub bias: B,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let inputs = call.input_shape().last().copied().unwrap_or(1);
    let outputs = call.node.shape.last().copied().unwrap_or(1);
    let x = call.input()?;
    let weight = call.param(0)?.try_reshape_like(&(outputs, inputs)).on_device()?;
    let bias = if call.has_param(1) { Some(call.param(1)?) } else { None };
    product(x, weight, bias)
}

/// x·Wᵀ + b of rows.
pub(super) fn product<E: Float, D: Backend<E>>(
    x: Flat<E, D>,
    weight: Rows<E, D>,
    bias: Option<Flat<E, D>>,
) -> Result<Flat<E, D>> {
    let &(outputs, inputs) = weight.shape();
    let rows = x.shape().0 / inputs.max(1);
    let x = x.try_reshape_like(&(rows, inputs)).on_device()?;
    let weight = weight.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()?;
    let mut y = x.try_matmul(weight).on_device()?;
    if let Some(bias) = bias {
        let bias = bias.try_broadcast_like::<_, Axis<0>>(&(rows, outputs)).on_device()?;
        y = y.try_add(bias).on_device()?;
    }
    y.try_reshape_like(&(rows * outputs,)).on_device()
}
