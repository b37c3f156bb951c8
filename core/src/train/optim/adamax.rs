//! `Adamax`: Adam with the largest gradient in place of their squares' mean.

use super::memory::{Memory, Parameter};
use super::{below_one, not_negative, rule, setters};
use crate::backend::{Backend, Float};
use crate::engine::update::Formula;
use crate::error::Result;
use crate::layers::OnDevice;
use dfdx::prelude::*;

/// Adamax, PyTorch's `Adamax`: with `g += weight_decay · p`, and in step `t`
///
/// `m = β₁ · m + (1 - β₁) · g`, `u = max(β₂ · u, |g| + eps)`, `p -= lr / (1 - β₁ᵗ) · m / u`.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `lr` | 2e-3 | length of a step |
/// | `betas` | 0.9, 0.999 | shares that the average and the maximum keep, less than 1 |
/// | `eps` | 1e-8 | keeps small gradients from becoming large steps |
/// | `weight_decay` | 0 | L2 |
///
/// D. P. Kingma, J. Ba: *Adam: A Method for Stochastic Optimization*, 2014, section 7.1.
///
/// ```
/// use netwright_core::train::Adamax;
/// let optimizer = Adamax::default().lr(1e-3).betas(0.9, 0.99);
/// ```
#[derive(Debug, Default)]
pub struct Adamax {
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
        Settings { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0 }
    }
}

setters! { Adamax {
    /// The length of a step.
    lr,
    /// What is added to the size of a gradient.
    eps,
    /// The share of each parameter that is added to its gradient.
    weight_decay,
} betas: "The shares that the average of `g` and the maximum of `|g|` keep." }

rule!(Adamax, Adamax);

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        not_negative("Adamax", "lr", self.lr)?;
        below_one("Adamax", "first beta", self.betas[0])?;
        below_one("Adamax", "second beta", self.betas[1])?;
        not_negative("Adamax", "eps", self.eps)?;
        not_negative("Adamax", "weight_decay", self.weight_decay)
    }

    /// The length of the step of this number.
    fn rate(self, steps: u64) -> f64 {
        self.lr / (1.0 - self.betas[0].powf(steps as f64))
    }

    pub(super) fn formula(self, steps: u64) -> Formula {
        let Settings { betas, eps, weight_decay, .. } = self;
        let [rate, rest, eps, decay] =
            [self.rate(steps), 1.0 - betas[0], eps, weight_decay].map(f32::of);
        Formula::Adamax { rate, betas: betas.map(f32::of), rest, eps, decay }
    }
}

pub(super) fn update<E: Float, D: Backend<E>>(
    settings: Settings,
    p: &mut Parameter<'_, E, D>,
) -> Result<()> {
    let Settings { betas: [beta1, beta2], eps, weight_decay, .. } = settings;
    p.decay_gradient(weight_decay)?;
    let gradient = p.gradient.clone();
    let mean = p.average(0, beta1, &gradient, 1.0 - beta1)?;
    let size = gradient.try_abs().on_device()?.try_add(E::of(eps)).on_device()?;
    let largest = p.begin(1, 0.0)?.try_mul(E::of(beta2)).on_device()?;
    let largest = largest.try_maximum(size).on_device()?;
    p.remember(1, &largest);
    let direction = mean.try_div(largest).on_device()?;
    let rate = settings.rate(p.steps());
    p.go(1.0, direction, rate)
}
