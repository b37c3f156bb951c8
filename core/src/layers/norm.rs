//! What the normalizations share.

use super::{Call, Flat, OnDevice, error};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::run::Update;
use crate::value::Array;
use dfdx::prelude::*;
use netwright_spec::graph::Node;

/// Samples, channels, places: each channel is normalized over the other two axes.
pub(super) type Channels<E, D> = Tensor<(usize, usize, usize), E, D, OwnedTape<E, D>>;

/// The mean and the biased variance of each channel.
pub(super) struct Moments<E: Float, D: Backend<E>> {
    mean: Tensor<(usize,), E, D>,
    variance: Tensor<(usize,), E, D>,
}

/// (x - mean) / √(variance + eps), with the gradient through both.
pub(super) fn standardize<E: Float, D: Backend<E>>(
    x: Channels<E, D>,
    eps: f64,
) -> Result<(Channels<E, D>, Moments<E, D>)> {
    let shape = *x.shape();
    let mean = x.retaped::<OwnedTape<E, D>>().try_mean::<(usize,), Axes2<0, 2>>().on_device()?;
    let plain_mean = mean.retaped();
    let centered = x.try_sub(spread(mean, shape)?).on_device()?;
    let square = centered.retaped::<OwnedTape<E, D>>().try_square().on_device()?;
    let variance = square.try_mean::<(usize,), Axes2<0, 2>>().on_device()?;
    let moments = Moments { mean: plain_mean, variance: variance.retaped() };
    Ok((divided(centered, variance, eps)?, moments))
}

/// One number for each channel, at all of its places.
pub(super) fn spread<E: Float, D: Backend<E>>(
    x: Flat<E, D>,
    shape: (usize, usize, usize),
) -> Result<Channels<E, D>> {
    x.try_broadcast_like::<_, Axes2<0, 2>>(&shape).on_device()
}

fn divided<E: Float, D: Backend<E>>(
    centered: Channels<E, D>,
    variance: Flat<E, D>,
    eps: f64,
) -> Result<Channels<E, D>> {
    let shape = *centered.shape();
    let deviation = variance.try_add(E::of(eps)).on_device()?.try_sqrt().on_device()?;
    centered.try_div(spread(deviation, shape)?).on_device()
}

/// `BatchNorm1d` and `BatchNorm2d`: the first axis of a sample are the channels.
pub(super) fn batch_norm<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let channels = call.input_shape().first().copied().unwrap_or(1);
    let places = call.input_shape().iter().skip(1).product();
    let shape = (call.batch, channels, places);
    let x = call.input()?.try_reshape_like(&shape).on_device()?;
    let affine = call.params.len() > 2;
    let first_buffer = if affine { 2 } else { 0 };
    let eps = call.node.number("eps");
    let mut y = if call.training.is_some() {
        check_count(call.node, call.batch)?;
        let (y, moments) = standardize(x, eps)?;
        push_updates(call, moments, first_buffer)?;
        y
    } else {
        let mean = spread(call.param(first_buffer)?, shape)?;
        let centered = x.try_sub(mean).on_device()?;
        divided(centered, call.param(first_buffer + 1)?, eps)?
    };
    if affine {
        y = y.try_mul(spread(call.param(0)?, shape)?).on_device()?;
        y = y.try_add(spread(call.param(1)?, shape)?).on_device()?;
    }
    y.try_reshape_like(&(call.batch * channels * places,)).on_device()
}

/// The variance of one value is no estimate of anything.
pub(crate) fn check_count(node: &Node, batch: usize) -> Result<()> {
    let places = node.shape.get(1..).unwrap_or(&[]);
    if batch * places.iter().product::<usize>() > 1 {
        return Ok(());
    }
    let places: Vec<String> = places.iter().map(ToString::to_string).collect();
    let places = match places.is_empty() {
        true => String::new(),
        false => format!(" with {}", places.join("×")),
    };
    Err(error(
        node,
        format!("needs more than 1 value per channel in training, got batch {batch}{places}"),
    ))
}

/// Moves the running statistics; the variance as its unbiased estimate, as PyTorch does.
fn push_updates<E: Float, D: Backend<E>>(
    call: &mut Call<'_, E, D>,
    moments: Moments<E, D>,
    first_buffer: usize,
) -> Result<()> {
    let channels = moments.mean.shape().0;
    let n = (call.batch * call.input_shape().iter().skip(1).product::<usize>()) as f64;
    let variance = moments.variance.try_mul(E::of(n / (n - 1.0))).on_device()?;
    for (i, data) in [moments.mean, variance].into_iter().enumerate() {
        call.updates.push(Update {
            param: call.node.params.first + first_buffer + i,
            share: call.node.number("momentum"),
            value: Array { data, shape: vec![channels] },
        });
    }
    Ok(())
}
