//! `Lamb`: Adam's direction, as long as the parameter itself.

use super::memory::{Memory, Parameter};
use super::{below_one, not_negative, rule, setters};
use crate::backend::{Backend, Float};
use crate::engine::update::{Formula, trust};
use crate::error::Result;
use crate::layers::OnDevice;
use dfdx::prelude::*;

/// LAMB, for batches of thousands: in step `t`
///
/// `m = β₁ · m + (1 - β₁) · g`, `v = β₂ · v + (1 - β₂) · g²`,
/// `r = m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps) + weight_decay · p`, `p -= lr · ‖p‖ / ‖r‖ · r`.
///
/// The lengths are those of a whole parameter, such as the weight of one layer; where one of them is
/// 0, their ratio is taken as 1.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `lr` | 1e-3 | length of a step, as a share of the parameter's |
/// | `betas` | 0.9, 0.999 | shares that the averages keep, less than 1 |
/// | `eps` | 1e-6 | keeps small gradients from becoming large steps |
/// | `weight_decay` | 1e-2 | a part of the direction |
///
/// Y. You et al.: *Large Batch Optimization for Deep Learning: Training BERT in 76 minutes*, 2019;
/// Keras's `Lamb`.
///
/// ```
/// use netwright_core::train::Lamb;
/// let optimizer = Lamb::default().lr(2e-3).weight_decay(0.0);
/// ```
#[derive(Debug, Default)]
pub struct Lamb {
    pub(super) settings: Settings,
    memory: Memory,
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    lr: f64,
    betas: [f64; 2],
    eps: f64,
    pub(super) weight_decay: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-6, weight_decay: 1e-2 }
    }
}

setters! { Lamb {
    /// The length of a step, as a share of the parameter's.
    lr,
    /// What is added to the root.
    eps,
    /// The share of each parameter in its direction.
    weight_decay,
} betas: "The shares that the averages of `g` and `g²` keep." }

rule!(Lamb, Lamb);

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        not_negative("Lamb", "lr", self.lr)?;
        below_one("Lamb", "first beta", self.betas[0])?;
        below_one("Lamb", "second beta", self.betas[1])?;
        not_negative("Lamb", "eps", self.eps)?;
        not_negative("Lamb", "weight_decay", self.weight_decay)
    }

    /// 1 / (1 - β₁ᵗ) and 1 / √(1 - β₂ᵗ)
    fn biases(self, steps: u64) -> [f64; 2] {
        let [first, second] = self.betas.map(|beta| 1.0 - beta.powf(steps as f64));
        [1.0 / first, 1.0 / second.sqrt()]
    }

    pub(super) fn formula(self, steps: u64) -> Formula {
        let Settings { lr, betas, eps, weight_decay } = self;
        let [scale, root] = self.biases(steps).map(f32::of);
        let [lr, eps, decay] = [lr, eps, weight_decay].map(f32::of);
        let rests = betas.map(|beta| f32::of(1.0 - beta));
        Formula::Lamb { lr, betas: betas.map(f32::of), rests, scale, root, eps, decay }
    }
}

pub(super) fn update<E: Float, D: Backend<E>>(
    settings: Settings,
    p: &mut Parameter<'_, E, D>,
) -> Result<()> {
    let Settings { lr, betas: [beta1, beta2], eps, weight_decay } = settings;
    let gradient = p.gradient.clone();
    let mut direction = p.average(0, beta1, &gradient, 1.0 - beta1)?;
    let square = gradient.try_square().on_device()?;
    let square = p.average(1, beta2, &square, 1.0 - beta2)?;
    let [scale, root] = settings.biases(p.steps());
    let root = square.try_sqrt().on_device()?.try_mul(E::of(root)).on_device()?;
    let root = root.try_add(E::of(eps)).on_device()?;
    direction = direction.try_mul(E::of(scale)).on_device()?.try_div(root).on_device()?;
    let param = p.value()?;
    direction.try_axpy(1.0, &param, weight_decay).on_device()?;
    let trust = trust(length(param)?, length(direction.clone())?);
    p.go(1.0, direction, lr * trust)
}

/// The square of a vector's length.
fn length<E: Float, D: Backend<E>>(x: Tensor<(usize,), E, D>) -> Result<f64> {
    let sum: Tensor<Rank0, E, D> = x.try_square().on_device()?.try_sum().on_device()?;
    Ok(sum.as_vec().first().map_or(0.0, |sum| sum.f64()))
}
