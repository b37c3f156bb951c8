//! `Lion`: steps of one length, in the direction of a momentum's signs.

use super::memory::{Memory, Parameter};
use super::{below_one, not_negative, rule, setters};
use crate::backend::{Backend, Float};
use crate::engine::update::Formula;
use crate::error::Result;
use crate::layers::OnDevice;
use dfdx::prelude::*;

/// Lion, with one memory of each parameter, half of Adam's:
///
/// `c = β₁ · m + (1 - β₁) · g`, `m = β₂ · m + (1 - β₂) · g`,
/// `p -= lr · (sign c + weight_decay · p)`.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `lr` | 1e-4 | length of a step: 3 to 10 times less than for `AdamW` |
/// | `betas` | 0.9, 0.99 | shares of the momentum in the direction, and in itself, less than 1 |
/// | `weight_decay` | 0 | decoupled: 3 to 10 times more than for `AdamW` |
///
/// X. Chen et al.: *Symbolic Discovery of Optimization Algorithms*, 2023; Keras's `Lion`.
///
/// ```
/// use netwright_core::train::Lion;
/// let optimizer = Lion::default().lr(3e-4).weight_decay(0.1);
/// ```
#[derive(Debug, Default)]
pub struct Lion {
    pub(super) settings: Settings,
    memory: Memory,
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    lr: f64,
    betas: [f64; 2],
    pub(super) weight_decay: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { lr: 1e-4, betas: [0.9, 0.99], weight_decay: 0.0 }
    }
}

setters! { Lion {
    /// The length of a step.
    lr,
    /// The strength of the weight decay.
    weight_decay,
} betas: "The shares of the momentum that its direction and its next value keep." }

rule!(Lion, Lion);

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        not_negative("Lion", "lr", self.lr)?;
        below_one("Lion", "first beta", self.betas[0])?;
        below_one("Lion", "second beta", self.betas[1])?;
        not_negative("Lion", "weight_decay", self.weight_decay)
    }

    pub(super) fn formula(self) -> Formula {
        let Settings { lr, betas, weight_decay } = self;
        let [keep, lr] = [1.0 - lr * weight_decay, lr].map(f32::of);
        let rests = betas.map(|beta| f32::of(1.0 - beta));
        Formula::Lion { keep, lr, betas: betas.map(f32::of), rests }
    }
}

pub(super) fn update<E: Float, D: Backend<E>>(
    settings: Settings,
    p: &mut Parameter<'_, E, D>,
) -> Result<()> {
    let Settings { lr, betas: [beta1, beta2], weight_decay } = settings;
    let gradient = p.gradient.clone();
    let mut mixed = p.begin(0, 0.0)?;
    mixed.try_axpy(beta1, &gradient, 1.0 - beta1).on_device()?;
    p.average(0, beta2, &gradient, 1.0 - beta2)?;
    let direction = sign(mixed)?;
    p.go(1.0 - lr * weight_decay, direction, lr)
}

/// 1, -1, or 0.
fn sign<E: Float, D: Backend<E>>(x: Tensor<(usize,), E, D>) -> Result<Tensor<(usize,), E, D>> {
    let zeros = x.device().try_zeros_like(x.shape()).on_device()?;
    let ones = zeros.clone().try_add(E::one()).on_device()?;
    let minus = zeros.clone().try_sub(E::one()).on_device()?;
    let below = x.try_lt(E::default()).on_device()?.try_choose(minus, zeros).on_device()?;
    x.try_gt(E::default()).on_device()?.try_choose(ones, below).on_device()
}
