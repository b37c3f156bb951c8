//! `Adagrad`: the gradient divided by the size of all before it.

use super::memory::{Memory, Parameter};
use super::{not_negative, rule, setters};
use crate::backend::{Backend, Float};
use crate::engine::update::Formula;
use crate::error::Result;
use crate::layers::OnDevice;
use dfdx::prelude::*;

/// Adagrad, PyTorch's `Adagrad`: with `g += weight_decay · p`, and in step `t`
///
/// `s = s + g²`, `p -= lr / (1 + (t - 1) · lr_decay) · g / (√s + eps)`.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `lr` | 1e-2 | length of a step |
/// | `lr_decay` | 0 | how fast steps become shorter |
/// | `weight_decay` | 0 | L2 |
/// | `initial_accumulator_value` | 0 | `s` before the first step |
/// | `eps` | 1e-10 | keeps small gradients from becoming large steps |
///
/// J. Duchi, E. Hazan, Y. Singer: *Adaptive Subgradient Methods for Online Learning and Stochastic
/// Optimization*, 2011.
///
/// ```
/// use netwright_core::train::Adagrad;
/// let optimizer = Adagrad::default().lr(0.05);
/// ```
#[derive(Debug, Default)]
pub struct Adagrad {
    pub(super) settings: Settings,
    memory: Memory,
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    lr: f64,
    lr_decay: f64,
    pub(super) weight_decay: f64,
    initial_accumulator_value: f64,
    eps: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let (lr, eps) = (1e-2, 1e-10);
        Settings { lr, lr_decay: 0.0, weight_decay: 0.0, initial_accumulator_value: 0.0, eps }
    }
}

setters! { Adagrad {
    /// The length of a step.
    lr,
    /// How much the divisor of `lr` grows with each step.
    lr_decay,
    /// The share of each parameter that is added to its gradient.
    weight_decay,
    /// What the sum of `g²` begins with.
    initial_accumulator_value,
    /// What is added to the root.
    eps,
} }

rule!(Adagrad, Adagrad);

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        not_negative("Adagrad", "lr", self.lr)?;
        not_negative("Adagrad", "lr_decay", self.lr_decay)?;
        not_negative("Adagrad", "weight_decay", self.weight_decay)?;
        let start = self.initial_accumulator_value;
        not_negative("Adagrad", "initial_accumulator_value", start)?;
        not_negative("Adagrad", "eps", self.eps)
    }

    /// The length of the step of this number.
    fn rate(self, steps: u64) -> f64 {
        self.lr / (1.0 + (steps as f64 - 1.0) * self.lr_decay)
    }

    /// Whether a gradient of 0 moves nothing.
    #[cfg(feature = "engine")]
    pub(super) fn by_rows(self) -> bool {
        self.weight_decay == 0.0
    }

    pub(super) fn formula(self, steps: u64) -> Formula {
        let Settings { eps, weight_decay, initial_accumulator_value, .. } = self;
        let [lr, eps, decay, start] =
            [self.rate(steps), eps, weight_decay, initial_accumulator_value].map(f32::of);
        Formula::Adagrad { lr, eps, decay, start }
    }
}

pub(super) fn update<E: Float, D: Backend<E>>(
    settings: Settings,
    p: &mut Parameter<'_, E, D>,
) -> Result<()> {
    p.decay_gradient(settings.weight_decay)?;
    p.begin(0, settings.initial_accumulator_value)?;
    let gradient = p.gradient.clone();
    let square = gradient.clone().try_square().on_device()?;
    let square = p.average(0, 1.0, &square, 1.0)?;
    let root = square.try_sqrt().on_device()?.try_add(E::of(settings.eps)).on_device()?;
    let direction = gradient.try_div(root).on_device()?;
    let rate = settings.rate(p.steps());
    p.go(1.0, direction, rate)
}
