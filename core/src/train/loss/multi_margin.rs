//! `MultiMargin`: the right class ahead of each other by a margin.

use super::labels::Labels;
use super::{Criterion, Output, Scalar, criterion};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::{OnDevice, relu};
use crate::value::Value;
use dfdx::prelude::*;

/// `Σ max(0, margin - x[label] + x[i])ᵖ / classes` over all classes `i` but the label's, the mean
/// over all labels: the hinge loss for classes. PyTorch's `MultiMarginLoss`.
///
/// K. Crammer, Y. Singer: *On the Algorithmic Implementation of Multiclass Kernel-based Vector
/// Machines*, 2001; with the sum in place of the worst class.
///
/// | setting | unless set | |
/// | --- | --- | --- |
/// | `margin` | 1 | how far ahead the right class is to be |
/// | `p` | 1 | the power, 1 or 2 |
/// | `weight` | none | what each class counts; the mean is not divided by it |
///
/// # Shapes
/// Output `[classes]` with labels `[]`, or `[time, classes]` with labels `[time]`: the classes are
/// the last axis.
///
/// # Accuracy
/// The share of labels whose class has the highest score (the first of equal ones).
///
/// ```
/// use netwright_core::data::Column;
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Loss, MultiMargin};
///
/// let scores = Cpu::default().tensor([[2.0f32, 0.0, 1.5, -1.0]]);
/// let loss = MultiMargin::default().loss(scores.leaky_trace(), &Column::labels(vec![0]))?;
/// assert_eq!(loss.array(), 0.5 / 4.0);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiMargin {
    margin: f64,
    p: u32,
    weight: Vec<f64>,
}

impl Default for MultiMargin {
    fn default() -> Self {
        MultiMargin { margin: 1.0, p: 1, weight: Vec::new() }
    }
}

impl MultiMargin {
    /// How far ahead the right class is to be. Not finite: an [`Error::Setting`] when the loss is
    /// used.
    #[must_use]
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }

    /// The power of what is missing. Neither 1 nor 2: an [`Error::Setting`] when the loss is used.
    #[must_use]
    pub fn p(mut self, p: u32) -> Self {
        self.p = p;
        self
    }

    /// What each class counts, one number for each. Numbers below 0, or not as many as classes, are
    /// an [`Error::Setting`] when the loss is used.
    #[must_use]
    pub fn weight(mut self, weight: impl Into<Vec<f64>>) -> Self {
        self.weight = weight.into();
        self
    }
}

criterion!(MultiMargin, self => {
    let labels = Labels { name: "MultiMargin", weight: &self.weight, ..Labels::PLAIN };
    Criterion::MultiMargin(Margins { labels, margin: self.margin, p: self.p })
});

#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Margins<'a> {
    pub(crate) labels: Labels<'a>,
    pub(crate) margin: f64,
    pub(crate) p: u32,
}

impl Margins<'_> {
    pub(super) fn check(&self) -> Result<()> {
        let Margins { margin, p, .. } = *self;
        if !margin.is_finite() {
            return Err(Error::Setting(format!(
                "MultiMargin's margin is a finite number, not {margin}"
            )));
        }
        if p == 1 || p == 2 {
            return Ok(());
        }
        Err(Error::Setting(format!("MultiMargin's p is 1 or 2, not {p}")))
    }

    pub(super) fn compute<E: Float, D: Backend<E>>(
        &self,
        output: Output<E, D>,
        target: &Value<E, D>,
    ) -> Result<Scalar<E, D>> {
        self.check()?;
        let (labels, classes) = self.labels.fit(&output.shape, target)?;
        let shape = (labels.len(), classes);
        let x = output.data.try_reshape_like(&shape).on_device()?;
        let device = x.device().clone();
        let others =
            device.try_tensor_from_vec(self.others(&labels, classes), shape).on_device()?;
        let labels = device.try_tensor_from_vec(labels, (shape.0,)).on_device()?;
        let right = x.retaped::<OwnedTape<E, D>>().try_select(labels).on_device()?;
        let right = right.try_broadcast_like::<_, Axis<1>>(&shape).on_device()?;
        let missing = x.try_sub(right).on_device()?.try_add(E::of(self.margin)).on_device()?;
        let missing = missing.try_reshape_like(&(shape.0 * classes,)).on_device()?;
        let missing = relu(missing)?;
        let missing = if self.p == 2 { missing.try_square().on_device()? } else { missing };
        let others = others.try_reshape_like(&(shape.0 * classes,)).on_device()?;
        super::mean(missing.try_mul(others).on_device()?)
    }

    /// What each score counts: nothing for the right class.
    fn others<E: Float>(&self, labels: &[usize], classes: usize) -> Vec<E> {
        let weights = |&label: &usize| {
            let weight = E::of(self.labels.of_class(label));
            (0..classes).map(move |class| if class == label { E::default() } else { weight })
        };
        labels.iter().flat_map(weights).collect()
    }
}
