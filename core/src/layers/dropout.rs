//! `Dropout`: each value set to zero with probability p while training, the rest scaled by
//! 1 / (1 - p).
//!
//! Whether a value is dropped follows from the model's seed, the number of the training step, the
//! number of the layer and the number of the element in the batch, and from nothing else: neither
//! from the number of threads nor from the device.
//! Srivastava et al.: Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::rng::{mix, uniform};
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let p = call.node.number("p");
    let x = call.input()?;
    let Some(key) = call.training_key() else { return Ok(x) };
    let count = x.shape().0;
    let mask = mask(key, p, 0..count as u64);
    let mask: Tensor<(usize,), E, D> =
        call.device.try_tensor_from_vec(mask, (count,)).on_device()?;
    x.try_mul(mask).on_device()
}

/// `SpatialDropout2d`: the same for all pixels of a channel.
///
/// Tompson and others: Efficient Object Localization Using Convolutional Networks, 2015.
pub(super) fn of_channels<E: Float, D: Backend<E>>(
    call: &mut Call<'_, E, D>,
) -> Result<Flat<E, D>> {
    let p = call.node.number("p");
    let pixels = call.input_shape().iter().skip(1).product::<usize>();
    let x = call.input()?;
    let Some(key) = call.training_key() else { return Ok(x) };
    let count = x.shape().0;
    let numbers = (0..count as u64).map(|i| i / pixels.max(1) as u64);
    let mask = mask(key, p, numbers);
    let mask: Tensor<(usize,), E, D> =
        call.device.try_tensor_from_vec(mask, (count,)).on_device()?;
    x.try_mul(mask).on_device()
}

/// What each of the elements with these numbers is multiplied with.
pub(super) fn mask<E: Float>(key: u64, p: f64, numbers: impl Iterator<Item = u64>) -> Vec<E> {
    choose(key, p, [E::default(), E::of(1.0 / (1.0 - p))], numbers)
}

/// One number for elements that are dropped, one for those that are kept.
pub(super) fn choose<E: Float>(
    key: u64,
    p: f64,
    [dropped, kept]: [E; 2],
    numbers: impl Iterator<Item = u64>,
) -> Vec<E> {
    numbers.map(|i| if uniform(mix(key, i)) < p { dropped } else { kept }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_zeros_is_p_and_the_mean_stays() {
        let mask: Vec<f64> = mask(7, 0.3, 0..100_000);
        let zeros = mask.iter().filter(|&&x| x == 0.0).count() as f64 / 1e5;
        assert!((zeros - 0.3).abs() < 0.01, "{zeros}");
        assert!((mask.iter().sum::<f64>() / 1e5 - 1.0).abs() < 0.01);
    }

    #[test]
    fn an_element_keeps_its_fate_in_a_larger_batch() {
        let (short, long): (Vec<f32>, Vec<f32>) = (mask(7, 0.5, 0..100), mask(7, 0.5, 0..200));
        assert_eq!(short[..], long[..100]);
        assert_ne!(long[..100], long[100..]);
        assert_ne!(short, mask::<f32>(8, 0.5, 0..100));
    }
}
