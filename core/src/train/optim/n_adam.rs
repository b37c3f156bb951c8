//! `NAdam`: Adam with Nesterov's momentum.

use super::memory::{Memory, Parameter};
use super::{below_one, not_negative, rule, setters};
use crate::backend::{Backend, Float};
use crate::engine::update::Formula;
use crate::error::Result;
use crate::layers::OnDevice;
use dfdx::prelude::*;

/// NAdam, PyTorch's `NAdam`: with `g += weight_decay · p`, and in step `t`
///
/// `μₜ = β₁ · (1 - ½ · 0.96^(t · momentum_decay))`,
/// `m = β₁ · m + (1 - β₁) · g`, `v = β₂ · v + (1 - β₂) · g²`,
/// `d = μₜ₊₁ · m / (1 - μ₁ · … · μₜ₊₁) + (1 - μₜ) · g / (1 - μ₁ · … · μₜ)`,
/// `p -= lr · d / (√(v / (1 - β₂ᵗ)) + eps)`.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `lr` | 2e-3 | length of a step |
/// | `betas` | 0.9, 0.999 | shares that the averages keep, less than 1 |
/// | `eps` | 1e-8 | keeps small gradients from becoming large steps |
/// | `weight_decay` | 0 | L2 |
/// | `momentum_decay` | 4e-3 | how fast the momentum `μ` grows from ½ β₁ to β₁ |
///
/// T. Dozat: *Incorporating Nesterov Momentum into Adam*, 2016.
///
/// ```
/// use netwright_core::train::NAdam;
/// let optimizer = NAdam::default().lr(1e-3).betas(0.9, 0.99);
/// ```
#[derive(Debug, Default)]
pub struct NAdam {
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
    momentum_decay: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let (lr, betas, eps) = (2e-3, [0.9, 0.999], 1e-8);
        Settings { lr, betas, eps, weight_decay: 0.0, momentum_decay: 4e-3 }
    }
}

setters! { NAdam {
    /// The length of a step.
    lr,
    /// What is added to the root.
    eps,
    /// The share of each parameter that is added to its gradient.
    weight_decay,
    /// How fast the momentum grows.
    momentum_decay,
} betas: "The shares that the averages of `g` and `g²` keep." }

rule!(NAdam, NAdam);

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        not_negative("NAdam", "lr", self.lr)?;
        below_one("NAdam", "first beta", self.betas[0])?;
        below_one("NAdam", "second beta", self.betas[1])?;
        not_negative("NAdam", "eps", self.eps)?;
        not_negative("NAdam", "weight_decay", self.weight_decay)?;
        not_negative("NAdam", "momentum_decay", self.momentum_decay)
    }

    /// How much less than β₁ the momentum of this step is, as a share.
    fn lag(self, step: u64) -> f64 {
        0.5 * 0.96_f64.powf(step as f64 * self.momentum_decay)
    }

    fn momentum(self, step: u64) -> f64 {
        self.betas[0] * (1.0 - self.lag(step))
    }

    /// The product of all momentums up to this step. It is computed anew in each, so that nothing
    /// beside the number of steps need be remembered; soon it is nothing beside 1, or all further
    /// momentums are β₁.
    fn product(self, steps: u64) -> f64 {
        let mut product = 1.0;
        for step in 1..=steps {
            if product < 1e-20 {
                break;
            }
            if self.lag(step) < 1e-17 {
                return product * self.betas[0].powf((steps - step + 1) as f64);
            }
            product *= self.momentum(step);
        }
        product
    }

    /// The lengths along the gradient and along its average, in the step of this number.
    fn rates(self, steps: u64) -> [f64; 2] {
        let (now, next) = (self.momentum(steps), self.momentum(steps + 1));
        let product = self.product(steps);
        [self.lr * (1.0 - now) / (1.0 - product), self.lr * next / (1.0 - product * next)]
    }

    /// 1 / √(1 - β₂ᵗ)
    fn root(self, steps: u64) -> f64 {
        1.0 / (1.0 - self.betas[1].powf(steps as f64)).sqrt()
    }

    pub(super) fn formula(self, steps: u64) -> Formula {
        let Settings { betas, eps, weight_decay, .. } = self;
        let [root, eps, decay] = [self.root(steps), eps, weight_decay].map(f32::of);
        let rests = betas.map(|beta| f32::of(1.0 - beta));
        let rates = self.rates(steps).map(f32::of);
        Formula::NAdam { rates, betas: betas.map(f32::of), rests, root, eps, decay }
    }
}

pub(super) fn update<E: Float, D: Backend<E>>(
    settings: Settings,
    p: &mut Parameter<'_, E, D>,
) -> Result<()> {
    let Settings { betas: [beta1, beta2], eps, weight_decay, .. } = settings;
    p.decay_gradient(weight_decay)?;
    let gradient = p.gradient.clone();
    let mut direction = p.average(0, beta1, &gradient, 1.0 - beta1)?;
    let square = gradient.clone().try_square().on_device()?;
    let square = p.average(1, beta2, &square, 1.0 - beta2)?;
    let root = square.try_sqrt().on_device()?;
    let root = root.try_mul(E::of(settings.root(p.steps()))).on_device()?;
    let [along, mean] = settings.rates(p.steps());
    direction.try_axpy(mean, &gradient, along).on_device()?;
    let direction = direction.try_div(root.try_add(E::of(eps)).on_device()?).on_device()?;
    p.go(1.0, direction, 1.0)
}
