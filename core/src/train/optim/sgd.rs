//! `Sgd`: down the gradient, with or without momentum.

use super::memory::{Memory, Parameter};
use super::{below_one, not_negative, rule};
use crate::backend::{Backend, Float};
use crate::engine::update::Formula;
use crate::error::{Error, Result};
use crate::layers::OnDevice;

/// Stochastic gradient descent, PyTorch's `SGD`: with `g += weight_decay · p` and, where there is
/// momentum, `v = momentum · v + g` in place of `g` (`g + momentum · v` with Nesterov's),
///
/// `p -= lr · g`.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `lr` | 1e-3 | length of a step |
/// | `momentum` | 0 | share of the last direction that is kept, less than 1 |
/// | `nesterov` | no | looks ahead along the direction; needs momentum |
/// | `weight_decay` | 0 | L2 |
///
/// I. Sutskever et al.: *On the importance of initialization and momentum in deep learning*, 2013.
///
/// ```
/// use netwright_core::train::Sgd;
/// let optimizer = Sgd::default().lr(0.1).momentum(0.9).nesterov(true);
/// ```
#[derive(Debug, Default)]
pub struct Sgd {
    pub(super) settings: Settings,
    pub(super) memory: Memory,
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    lr: f64,
    momentum: f64,
    nesterov: bool,
    pub(super) weight_decay: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { lr: 1e-3, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }
}

impl Sgd {
    /// The length of a step.
    #[must_use]
    pub fn lr(mut self, lr: f64) -> Self {
        self.settings.lr = lr;
        self
    }

    /// The share of the last direction that is kept.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.settings.momentum = momentum;
        self
    }

    /// Whether the momentum is Nesterov's.
    #[must_use]
    pub fn nesterov(mut self, nesterov: bool) -> Self {
        self.settings.nesterov = nesterov;
        self
    }

    /// The share of each parameter that is added to its gradient.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.settings.weight_decay = weight_decay;
        self
    }
}

rule!(Sgd, Sgd);

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        not_negative("Sgd", "lr", self.lr)?;
        below_one("Sgd", "momentum", self.momentum)?;
        not_negative("Sgd", "weight_decay", self.weight_decay)?;
        if self.nesterov && self.momentum == 0.0 {
            return Err(Error::Setting("Sgd's nesterov needs a momentum above 0".into()));
        }
        Ok(())
    }

    /// Whether a gradient of 0 moves nothing.
    #[cfg(feature = "engine")]
    pub(super) fn by_rows(self) -> bool {
        self.momentum == 0.0 && self.weight_decay == 0.0
    }

    pub(super) fn formula(self) -> Formula {
        let [lr, momentum, decay] = [self.lr, self.momentum, self.weight_decay].map(f32::of);
        match self.momentum > 0.0 {
            true => Formula::Momentum { lr, decay, momentum, nesterov: self.nesterov },
            false => Formula::Sgd { lr, decay },
        }
    }
}

pub(super) fn update<E: Float, D: Backend<E>>(
    settings: Settings,
    p: &mut Parameter<'_, E, D>,
) -> Result<()> {
    let Settings { lr, momentum, nesterov, weight_decay } = settings;
    p.decay_gradient(weight_decay)?;
    let mut direction = p.gradient.clone();
    if momentum > 0.0 {
        let velocity = p.average(0, momentum, &direction, 1.0)?;
        if nesterov {
            direction.try_axpy(1.0, &velocity, momentum).on_device()?;
        } else {
            direction = velocity;
        }
    }
    p.go(1.0, direction, lr)
}
