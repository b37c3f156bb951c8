//! `RmsProp`: the gradient divided by its recent size.

use super::memory::{Memory, Parameter};
use super::{below_one, not_negative, rule};
use crate::backend::{Backend, Float};
use crate::engine::update::Formula;
use crate::error::Result;
use crate::layers::OnDevice;
use dfdx::prelude::*;

/// RMSprop, PyTorch's `RMSprop`: with `g += weight_decay · p`,
///
/// `s = alpha · s + (1 - alpha) · g²`, `d = g / (√s + eps)`, where there is momentum
/// `v = momentum · v + d` in place of `d`, and `p -= lr · d`.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `lr` | 1e-2 | length of a step |
/// | `alpha` | 0.99 | share that the average keeps, less than 1 |
/// | `eps` | 1e-8 | keeps small gradients from becoming large steps |
/// | `momentum` | 0 | share of the last direction that is kept, less than 1 |
/// | `weight_decay` | 0 | L2 |
///
/// G. Hinton: *Neural Networks for Machine Learning*, lecture 6, 2012.
///
/// ```
/// use netwright_core::train::RmsProp;
/// let optimizer = RmsProp::default().lr(1e-3).alpha(0.9);
/// ```
#[derive(Debug, Default)]
pub struct RmsProp {
    pub(super) settings: Settings,
    memory: Memory,
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    lr: f64,
    alpha: f64,
    eps: f64,
    momentum: f64,
    pub(super) weight_decay: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { lr: 1e-2, alpha: 0.99, eps: 1e-8, momentum: 0.0, weight_decay: 0.0 }
    }
}

impl RmsProp {
    /// The length of a step.
    #[must_use]
    pub fn lr(mut self, lr: f64) -> Self {
        self.settings.lr = lr;
        self
    }

    /// The share that the average of `g²` keeps.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.settings.alpha = alpha;
        self
    }

    /// What is added to the root.
    #[must_use]
    pub fn eps(mut self, eps: f64) -> Self {
        self.settings.eps = eps;
        self
    }

    /// The share of the last direction that is kept.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.settings.momentum = momentum;
        self
    }

    /// The share of each parameter that is added to its gradient.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.settings.weight_decay = weight_decay;
        self
    }
}

rule!(RmsProp, RmsProp);

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        not_negative("RmsProp", "lr", self.lr)?;
        below_one("RmsProp", "alpha", self.alpha)?;
        not_negative("RmsProp", "eps", self.eps)?;
        below_one("RmsProp", "momentum", self.momentum)?;
        not_negative("RmsProp", "weight_decay", self.weight_decay)
    }

    pub(super) fn formula(self) -> Formula {
        let Settings { lr, alpha, eps, momentum, weight_decay } = self;
        let [lr, alpha, rest, eps, momentum, decay] =
            [lr, alpha, 1.0 - alpha, eps, momentum, weight_decay].map(f32::of);
        Formula::RmsProp { lr, alpha, rest, eps, momentum, decay }
    }
}

pub(super) fn update<E: Float, D: Backend<E>>(
    settings: Settings,
    p: &mut Parameter<'_, E, D>,
) -> Result<()> {
    let Settings { lr, alpha, eps, momentum, weight_decay } = settings;
    p.decay_gradient(weight_decay)?;
    let gradient = p.gradient.clone();
    let square = gradient.clone().try_square().on_device()?;
    let square = p.average(0, alpha, &square, 1.0 - alpha)?;
    let root = square.try_sqrt().on_device()?.try_add(E::of(eps)).on_device()?;
    let mut direction = gradient.try_div(root).on_device()?;
    if momentum > 0.0 {
        direction = p.average(1, momentum, &direction, 1.0)?;
    }
    p.go(1.0, direction, lr)
}
