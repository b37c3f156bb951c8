//! `BinaryFocal`: yes or no, for each element, where one of them is rare.

use super::{Criterion, Output, Scalar, binary_cross_entropy, criterion};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::Value;
use dfdx::prelude::*;

/// [`BinaryCrossEntropy`](super::BinaryCrossEntropy) in which elements that are already right count
/// less: the mean of `α · (1 - p)ᵞ · -ln p`, where `p` is `σ(x)` for a target of 1 and `1 - σ(x)` for
/// one of 0, and `α` of 0 is `1 - α` of 1. torchvision's `sigmoid_focal_loss`, Keras's
/// `BinaryFocalCrossentropy(apply_class_balancing=True)`.
///
/// T.-Y. Lin et al.: *Focal Loss for Dense Object Detection*, 2017.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `alpha` | 0.25 | weight of the targets of 1, from 0 to 1; `None`: all count 1 |
/// | `gamma` | 2 | how much less right elements count, at least 0 |
///
/// Output, targets and accuracy are those of `BinaryCrossEntropy`; between 0 and 1, `(1 - p)` and `α`
/// are mixed.
///
/// ```
/// use netwright_core::data::Column;
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{BinaryFocal, Loss};
///
/// let scores = Cpu::default().tensor([[0.0f32], [0.0]]);
/// let loss = BinaryFocal::default().loss(scores.leaky_trace(), &Column::labels(vec![0, 1]))?;
/// assert!((loss.array() - 0.086643).abs() < 1e-6); // (0.75 + 0.25) · ¼ · ln 2 / 2
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinaryFocal {
    alpha: Option<f64>,
    gamma: f64,
}

impl Default for BinaryFocal {
    fn default() -> Self {
        BinaryFocal { alpha: Some(0.25), gamma: 2.0 }
    }
}

impl BinaryFocal {
    /// The weight of the targets of 1. Outside of `[0, 1]`: an [`Error::Setting`] when the loss is
    /// used.
    #[must_use]
    pub fn alpha(mut self, alpha: impl Into<Option<f64>>) -> Self {
        self.alpha = alpha.into();
        self
    }

    /// How much less right elements count. Below 0: an [`Error::Setting`] when the loss is used.
    #[must_use]
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }
}

criterion!(BinaryFocal, self => {
    Criterion::BinaryFocal(Settings { alpha: self.alpha, gamma: self.gamma })
});

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    alpha: Option<f64>,
    pub(crate) gamma: f64,
}

impl Settings {
    pub(super) fn check(self) -> Result<()> {
        let Settings { alpha, gamma } = self;
        if let Some(alpha) = alpha.filter(|alpha| !(0.0..=1.0).contains(alpha)) {
            return Err(Error::Setting(format!(
                "BinaryFocal's alpha is a weight between 0 and 1, not {alpha}"
            )));
        }
        if gamma >= 0.0 && gamma.is_finite() {
            return Ok(());
        }
        Err(Error::Setting(format!("BinaryFocal's gamma is a number of at least 0, not {gamma}")))
    }

    /// What an element with this target counts.
    pub(crate) fn counts(self, y: f64) -> f64 {
        self.alpha.map_or(1.0, |alpha| alpha * y + (1.0 - alpha) * (1.0 - y))
    }
}

pub(super) fn compute<E: Float, D: Backend<E>>(
    settings: Settings,
    output: Output<E, D>,
    target: &Value<E, D>,
) -> Result<Scalar<E, D>> {
    settings.check()?;
    let truth = binary_cross_entropy::truth("BinaryFocal", &output.shape, target)?;
    let (x, count) = (output.data, (truth.len(),));
    let upload = |f: &dyn Fn(E) -> E| {
        let values = truth.iter().map(|&y| f(y)).collect();
        x.device().try_tensor_from_vec(values, count).on_device()
    };
    let weights = upload(&|y| E::of(settings.counts(y.f64())))?;
    let (yes, no) = (upload(&|y| y)?, upload(&|y| E::one() - y)?);
    // 1 - p from both sides, so that no digit is lost.
    let above = x.retaped::<OwnedTape<E, D>>().try_sigmoid().on_device()?;
    let below = x.retaped::<OwnedTape<E, D>>().try_negate().on_device()?;
    let below = below.try_sigmoid().on_device()?.try_mul(yes.clone()).on_device()?;
    let wrong = above.try_mul(no).on_device()?.try_add(below).on_device()?;
    // Where it is 0, the slope of a power below 1 is infinite.
    let wrong = wrong.try_clamp(1e-30, 1.0).on_device()?;
    let loss = x.try_bce_with_logits(yes).on_device()?.try_mul(weights).on_device()?;
    super::mean(wrong.try_powf(settings.gamma).on_device()?.try_mul(loss).on_device()?)
}
