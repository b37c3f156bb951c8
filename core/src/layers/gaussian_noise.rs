//! `GaussianNoise`: x + N(0, stddev²) while training.
//!
//! The number that is added follows from the model's seed, the number of the training step, the number
//! of the layer and the number of the element in the batch, as with [`dropout`](super::dropout).
//! Bishop: Training with Noise is Equivalent to Tikhonov Regularization, 1995.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::rng::{mix, normal};
use dfdx::prelude::*;

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let stddev = call.node.number("stddev");
    let x = call.input()?;
    let Some(key) = call.training_key() else { return Ok(x) };
    let count = x.shape().0;
    let noise = (0..count as u64).map(|i| E::of(noise(key, stddev, i))).collect();
    let noise: Tensor<(usize,), E, D> =
        call.device.try_tensor_from_vec(noise, (count,)).on_device()?;
    x.try_add(noise).on_device()
}

/// What is added to the element of this number.
pub(crate) fn noise(key: u64, stddev: f64, number: u64) -> f64 {
    stddev * normal(mix(key, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_its_own_noise_whatever_the_batch_is() {
        let first = |key| (0..100).map(|i| noise(key, 0.5, i)).collect::<Vec<_>>();
        assert_ne!(first(7), first(8));
        assert!(first(7).iter().zip(first(7)[1..].iter()).all(|(a, b)| a != b));
        assert!((0..100).all(|i| noise(7, 0.0, i) == 0.0));
    }
}
