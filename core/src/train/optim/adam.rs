//! `Adam` and `AdamW`: steps measured by the gradient's own size.

use super::memory::{Memory, Parameter};
use super::{below_one, not_negative, rule};
use crate::backend::{Backend, Float};
use crate::engine::update::Formula;
use crate::error::Result;
use crate::layers::OnDevice;
use dfdx::prelude::*;

/// Adam, PyTorch's `Adam`: with `g += weight_decay · p`, and in step `t`
///
/// `m = β₁ · m + (1 - β₁) · g`, `v = β₂ · v + (1 - β₂) · g²`,
/// `p -= lr · m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps)`.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `lr` | 1e-3 | length of a step |
/// | `betas` | 0.9, 0.999 | shares that the averages keep, less than 1 |
/// | `eps` | 1e-8 | keeps small gradients from becoming large steps |
/// | `weight_decay` | 0 | L2: a part of the gradient; see [`AdamW`] |
///
/// D. P. Kingma, J. Ba: *Adam: A Method for Stochastic Optimization*, 2014.
///
/// ```
/// use netwright_core::train::Adam;
/// let optimizer = Adam::default().lr(3e-4).betas(0.9, 0.98);
/// ```
#[derive(Debug, Default)]
pub struct Adam {
    pub(super) settings: Settings,
    memory: Memory,
}

/// [`Adam`] with a weight decay beside the gradient, PyTorch's `AdamW`: before each step
/// `p -= lr · weight_decay · p`. Its `weight_decay` is 1e-2 unless set.
///
/// I. Loshchilov, F. Hutter: *Decoupled Weight Decay Regularization*, 2017.
///
/// ```
/// use netwright_core::train::AdamW;
/// let optimizer = AdamW::default().lr(3e-4).weight_decay(0.05);
/// ```
#[derive(Debug)]
pub struct AdamW {
    pub(super) settings: Settings,
    memory: Memory,
}

impl Default for AdamW {
    fn default() -> Self {
        let settings = Settings { name: "AdamW", weight_decay: 1e-2, ..Settings::default() };
        AdamW { settings: Settings { decoupled: true, ..settings }, memory: Memory::default() }
    }
}

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    name: &'static str,
    lr: f64,
    betas: [f64; 2],
    eps: f64,
    pub(super) weight_decay: f64,
    decoupled: bool,
    pub(super) lazy: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            name: "Adam",
            lr: 1e-3,
            betas: [0.9, 0.999],
            eps: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            lazy: false,
        }
    }
}

macro_rules! builder {
    ($optimizer:ident) => {
        impl $optimizer {
            /// The length of a step.
            #[must_use]
            pub fn lr(mut self, lr: f64) -> Self {
                self.settings.lr = lr;
                self
            }

            /// The shares that the averages of `g` and `g²` keep.
            #[must_use]
            pub fn betas(mut self, first: f64, second: f64) -> Self {
                self.settings.betas = [first, second];
                self
            }

            /// What is added to the root.
            #[must_use]
            pub fn eps(mut self, eps: f64) -> Self {
                self.settings.eps = eps;
                self
            }

            /// The strength of the weight decay.
            #[must_use]
            pub fn weight_decay(mut self, weight_decay: f64) -> Self {
                self.settings.weight_decay = weight_decay;
                self
            }
        }
    };
}

impl Adam {
    /// Leaves rows of an embedding alone that were not used: PyTorch's `SparseAdam`.
    ///
    /// Without it, the averages of a row go on moving it for many steps after its last use, and
    /// every step takes time for the whole table. With it, only rows with a gradient that is not 0
    /// throughout are moved, with their averages and their weight decay; the biases are those of
    /// the number of all steps. Other parameters are moved as ever.
    ///
    /// ```
    /// use netwright_core::train::Adam;
    /// let optimizer = Adam::default().lazy();
    /// ```
    #[must_use]
    pub fn lazy(mut self) -> Self {
        self.settings.lazy = true;
        self
    }
}

builder!(Adam);
builder!(AdamW);
rule!(Adam, Adam);
rule!(AdamW, Adam);

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        not_negative(self.name, "lr", self.lr)?;
        below_one(self.name, "first beta", self.betas[0])?;
        below_one(self.name, "second beta", self.betas[1])?;
        not_negative(self.name, "eps", self.eps)?;
        not_negative(self.name, "weight_decay", self.weight_decay)
    }

    pub(super) fn formula(self, steps: u64) -> Formula {
        let Settings { lr, betas, eps, weight_decay, decoupled, .. } = self;
        let [bias1, bias2] = betas.map(|beta| 1.0 - beta.powf(steps as f64));
        let (keep, decay) =
            if decoupled { (1.0 - lr * weight_decay, 0.0) } else { (1.0, weight_decay) };
        let [keep, rate, root, eps, decay] =
            [keep, lr / bias1, 1.0 / bias2.sqrt(), eps, decay].map(f32::of);
        let rests = betas.map(|beta| f32::of(1.0 - beta));
        Formula::Adam { keep, rate, betas: betas.map(f32::of), rests, root, eps, decay }
    }
}

pub(super) fn update<E: Float, D: Backend<E>>(
    settings: Settings,
    p: &mut Parameter<'_, E, D>,
) -> Result<()> {
    let Settings { lr, betas: [beta1, beta2], eps, weight_decay, decoupled, lazy, .. } = settings;
    if lazy {
        p.keep_rows_without_gradient()?;
    }
    if !decoupled {
        p.decay_gradient(weight_decay)?;
    }
    let gradient = p.gradient.clone();
    let mean = p.average(0, beta1, &gradient, 1.0 - beta1)?;
    let square = gradient.try_square().on_device()?;
    let square = p.average(1, beta2, &square, 1.0 - beta2)?;
    let steps = p.steps() as f64;
    let (bias1, bias2) = (1.0 - beta1.powf(steps), 1.0 - beta2.powf(steps));
    let root = square.try_sqrt().on_device()?.try_mul(E::of(1.0 / bias2.sqrt())).on_device()?;
    let direction = mean.try_div(root.try_add(E::of(eps)).on_device()?).on_device()?;
    let keep = if decoupled { 1.0 - lr * weight_decay } else { 1.0 };
    p.go(keep, direction, lr / bias1)
}
