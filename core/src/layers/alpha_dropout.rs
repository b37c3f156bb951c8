//! `AlphaDropout`: while training, a value becomes the limit of `Selu` far below zero with probability
//! p; then all of them become a · x + b, which keeps mean 0 and variance 1.
//!
//! Which values are dropped depends on what [`dropout`](super::dropout) names.
//! Klambauer and others: Self-Normalizing Neural Networks, 2017, section "New Dropout Technique".

use super::{Call, Flat, OnDevice, dropout, selu};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// What becomes of the limit of `Selu`, and the factor and the summand of all other values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) dropped: f64,
    pub(crate) factor: f64,
    pub(crate) summand: f64,
}

impl Affine {
    /// For this probability.
    pub(crate) fn of(p: f64) -> Affine {
        let limit = -selu::SCALE * selu::ALPHA;
        let factor = 1.0 / ((1.0 - p) * (1.0 + p * limit * limit)).sqrt();
        let summand = -factor * limit * p;
        Affine { dropped: factor * limit + summand, factor, summand }
    }
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let p = call.node.number("p");
    let x = call.input()?;
    let Some(key) = call.training_key() else { return Ok(x) };
    let count = x.shape().0;
    let affine = Affine::of(p);
    let tensor = |dropped: f64, kept: f64| {
        let numbers = dropout::choose(key, p, [E::of(dropped), E::of(kept)], 0..count as u64);
        let tensor: Tensor<(usize,), E, D> =
            call.device.try_tensor_from_vec(numbers, (count,)).on_device()?;
        Ok(tensor)
    };
    let (factor, summand) = (tensor(0.0, affine.factor)?, tensor(affine.dropped, affine.summand)?);
    x.try_mul(factor).on_device()?.try_add(summand).on_device()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `torch.nn.AlphaDropout(p)` of PyTorch 2.15 in f64: what it makes of a dropped value, and of 0
    /// and of 1 where they are kept.
    #[test]
    fn the_numbers_are_pytorchs() {
        for (p, [dropped, zero, one]) in PYTORCH {
            let Affine { dropped: found, factor, summand } = Affine::of(p);
            for (found, expected) in [(found, dropped), (summand, zero), (factor + summand, one)] {
                assert!((found - expected).abs() < 1e-14 * expected.abs().max(1.0), "{p}: {found}");
            }
        }
    }

    const PYTORCH: [(f64, [f64; 3]); 5] = [
        (0.05, [-1.5947758716823934, 0.08393557219381019, 1.0387800481988412]),
        (0.1, [-1.457738730518132, 0.16197097005757022, 1.0832554862072818]),
        (0.3, [-1.0595481589864801, 0.4540920681370629, 1.315044684383419]),
        (0.5, [-0.7791939305180315, 0.7791939305180315, 1.6655988251839635]),
        (0.9, [-0.2858859888252616, 2.5729738994273568, 4.199082175467488]),
    ];

    /// Mean 0 and variance 1 stay, by arithmetic alone.
    #[test]
    fn mean_and_variance_stay() {
        for p in [0.0, 1e-9, 0.05, 0.5, 0.9, 0.999] {
            let Affine { dropped, factor, summand } = Affine::of(p);
            let mean = p * dropped + (1.0 - p) * summand;
            let square = p * dropped * dropped + (1.0 - p) * (factor * factor + summand * summand);
            assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{p}: {mean}, {square}");
        }
        assert_eq!((Affine::of(0.0).factor, Affine::of(0.0).summand), (1.0, 0.0));
    }
}
