//! Optimizers: how gradients move parameters.

use crate::backend::{Backend, Float};
use crate::engine::update::Formula;
use crate::error::{Error, Result};
use crate::model::Model;
use dfdx::prelude::*;

mod adagrad;
mod adam;
mod adamax;
pub(crate) mod fused;
mod gradient;
mod lamb;
mod lion;
mod memory;
mod n_adam;
pub(crate) mod plain;
mod rms_prop;
mod sgd;

pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use adamax::Adamax;
pub use lamb::Lamb;
pub use lion::Lion;
pub use memory::Memory;
pub use n_adam::NAdam;
pub use rms_prop::RmsProp;
pub use sgd::Sgd;

/// Moves a network's parameters along their gradients.
///
/// The formulas and defaults are PyTorch's. What an optimizer remembers of each parameter lies on
/// the parameter's device; parameters are changed in place. One value belongs to one network, and
/// can train it in several calls of `fit` when it is lent (`&mut adam`).
pub trait Optimizer<E: Float, D: Backend<E>> {
    /// One step: `adam.step(&mut net, &mut loss.backward())?`. A parameter that is not trained or
    /// has no gradient is left alone; it may have a gradient of zeros afterwards. All others keep
    /// theirs.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting that makes no sense, and for an optimizer that has
    /// trained another network; the network is then as it was. [`Error::Device`] without memory.
    fn step(&mut self, model: &mut dyn Model<E, D>, gradients: &mut Gradients<E, D>) -> Result<()>;

    /// Which of the optimizers of this crate it is.
    #[doc(hidden)]
    fn rule(&mut self) -> Option<(Rule, &mut Memory)> {
        None
    }
}

impl<E: Float, D: Backend<E>, O: Optimizer<E, D> + ?Sized> Optimizer<E, D> for &mut O {
    fn step(&mut self, model: &mut dyn Model<E, D>, gradients: &mut Gradients<E, D>) -> Result<()> {
        (**self).step(model, gradients)
    }

    fn rule(&mut self) -> Option<(Rule, &mut Memory)> {
        (**self).rule()
    }
}

/// The optimizers of this crate. Their bodies are compiled here, once for each device.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    Sgd(sgd::Settings),
    Adam(adam::Settings),
    RmsProp(rms_prop::Settings),
    Adagrad(adagrad::Settings),
    Adamax(adamax::Settings),
    NAdam(n_adam::Settings),
    Lion(lion::Settings),
    Lamb(lamb::Settings),
}

/// An optimizer that is a [`Rule`] and its [`Memory`].
macro_rules! rule {
    ($optimizer:ty, $rule:ident) => {
        impl $optimizer {
            /// Which parameters the weight decay is for, by name (`conv2d_1.weight`) and shape, in place
            /// of all: PyTorch's groups of parameters with `weight_decay=0`. Biases and the scales of
            /// most norms have one axis, so `|_, shape| shape.len() > 1` leaves them alone; those of
            /// a `LayerNorm` over several axes have as many, and are told by their names. It is asked
            /// once, in the first step: set it before.
            #[must_use]
            pub fn decay_where(mut self, decays: fn(name: &str, shape: &[usize]) -> bool) -> Self {
                self.memory.decays = Some(decays);
                self
            }
        }

        impl<E: Float, D: Backend<E>> super::Optimizer<E, D> for $optimizer {
            fn step(
                &mut self,
                model: &mut dyn crate::model::Model<E, D>,
                gradients: &mut dfdx::prelude::Gradients<E, D>,
            ) -> crate::error::Result<()> {
                D::optimize(super::Rule::$rule(self.settings), &mut self.memory, model, gradients)
            }

            fn rule(&mut self) -> Option<(super::Rule, &mut super::Memory)> {
                Some((super::Rule::$rule(self.settings), &mut self.memory))
            }
        }
    };
}
use rule;

/// Methods that set what the settings call by the same name.
macro_rules! setters {
    ($optimizer:ident {
        $($(#[$doc:meta])* $name:ident,)*
    } $(betas: $betas:literal)?) => {
        impl $optimizer {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: f64) -> Self {
                self.settings.$name = $name;
                self
            })*

            $(#[doc = $betas]
            #[must_use]
            pub fn betas(mut self, first: f64, second: f64) -> Self {
                self.settings.betas = [first, second];
                self
            })?
        }
    };
}
use setters;

impl Rule {
    pub(super) fn check(self) -> Result<()> {
        match self {
            Rule::Sgd(settings) => settings.check(),
            Rule::Adam(settings) => settings.check(),
            Rule::RmsProp(settings) => settings.check(),
            Rule::Adagrad(settings) => settings.check(),
            Rule::Adamax(settings) => settings.check(),
            Rule::NAdam(settings) => settings.check(),
            Rule::Lion(settings) => settings.check(),
            Rule::Lamb(settings) => settings.check(),
        }
    }

    /// Whether rows of a table without a gradient stay as they are, so that only those that were
    /// used need to be looked at.
    #[cfg(feature = "engine")]
    pub(crate) fn by_rows(self) -> bool {
        match self {
            Rule::Sgd(settings) => settings.by_rows(),
            Rule::Adam(_) => self.is_lazy(),
            Rule::Adagrad(settings) => settings.by_rows(),
            _ => false,
        }
    }

    /// Whether a gradient moves a row as its parts do, one after the other.
    #[cfg(feature = "engine")]
    pub(crate) fn is_linear(self) -> bool {
        matches!(self, Rule::Sgd(settings) if settings.by_rows())
    }

    /// Whether it leaves rows of a table alone that have no gradient, although its formula would
    /// move them.
    fn is_lazy(self) -> bool {
        matches!(self, Rule::Adam(settings) if settings.lazy)
    }

    /// For a parameter, whose weight decay is 0 if it is not among those that decay.
    fn decaying(mut self, decays: bool) -> Self {
        if decays {
            return self;
        }
        let decay = match &mut self {
            Rule::Sgd(settings) => &mut settings.weight_decay,
            Rule::Adam(settings) => &mut settings.weight_decay,
            Rule::RmsProp(settings) => &mut settings.weight_decay,
            Rule::Adagrad(settings) => &mut settings.weight_decay,
            Rule::Adamax(settings) => &mut settings.weight_decay,
            Rule::NAdam(settings) => &mut settings.weight_decay,
            Rule::Lion(settings) => &mut settings.weight_decay,
            Rule::Lamb(settings) => &mut settings.weight_decay,
        };
        *decay = 0.0;
        self
    }

    /// For the step of this number.
    fn formula(self, steps: u64) -> Formula {
        match self {
            Rule::Sgd(settings) => settings.formula(),
            Rule::Adam(settings) => settings.formula(steps),
            Rule::RmsProp(settings) => settings.formula(),
            Rule::Adagrad(settings) => settings.formula(steps),
            Rule::Adamax(settings) => settings.formula(steps),
            Rule::NAdam(settings) => settings.formula(steps),
            Rule::Lion(settings) => settings.formula(),
            Rule::Lamb(settings) => settings.formula(steps),
        }
    }
}

/// Whether a setting is a number of at least 0.
fn not_negative(optimizer: &str, setting: &str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::Setting(format!(
        "{optimizer}'s {setting} is a number of at least 0, but was set to {value}"
    )))
}

/// Whether a setting is in `[0, 1)`.
fn below_one(optimizer: &str, setting: &str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::Setting(format!(
        "{optimizer}'s {setting} is at least 0 and less than 1, but was set to {value}"
    )))
}
