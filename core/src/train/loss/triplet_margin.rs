//! `TripletMargin`: one output nearer to a second than to a third.

use super::{Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::{OnDevice, relu};
use crate::value::Value;
use dfdx::prelude::*;

/// What is added to a difference, as in PyTorch.
pub(crate) const EPS: f64 = 1e-6;
/// A square of a distance below which it has no slope. Not 0: the root's slope is infinite there.
const NOTHING: f64 = 1e-30;

/// The mean of `max(0, ‖a - p‖ - ‖a - n‖ + margin)`: of a network's three outputs the first (the
/// anchor) is to be nearer to the second (one of its kind) than to the third (another) by a margin.
/// Distances are Euclidean, along the last axis. PyTorch's `TripletMarginLoss`.
///
/// F. Schroff, D. Kalenichenko, J. Philbin: *FaceNet: A Unified Embedding for Face Recognition and
/// Clustering*, 2015, without the squares.
///
/// # Settings
/// [`margin`](Self::margin) is 1 unless set.
///
/// # Shapes
/// Three outputs of the same shape, `[size]` or `[time, size]`, and no target: a data set for it is
/// [`Dataset::of_inputs`](crate::data::Dataset::of_inputs).
///
/// ```
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{Loss, Output, TripletMargin};
///
/// let device = Cpu::default();
/// let (a, p) = (device.tensor([[0.0f32, 0.0]]), device.tensor([[3.0f32, 4.0]]));
/// let n = device.tensor([[0.0f32, 5.5]]);
/// let outputs = [a, p, n].map(|x| Output::of(x.leaky_trace()));
/// let outputs = outputs.into_iter().collect::<netwright_core::Result<_>>()?;
/// let loss = TripletMargin::default().compute(outputs, &[])?;
/// assert!((loss.array() - 0.5).abs() < 1e-5);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripletMargin {
    margin: f64,
}

impl Default for TripletMargin {
    fn default() -> Self {
        TripletMargin { margin: 1.0 }
    }
}

impl TripletMargin {
    /// How much nearer is near enough. Not a positive number: an [`Error::Setting`] when the loss
    /// is used.
    #[must_use]
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }
}

criterion!(TripletMargin, self => Criterion::TripletMargin { margin: self.margin });

pub(super) fn check_margin(margin: f64) -> Result<()> {
    if margin > 0.0 && margin.is_finite() {
        return Ok(());
    }
    Err(Error::Setting(format!("TripletMargin's margin is a positive number, not {margin}")))
}

pub(super) fn compute<E: Float, D: Backend<E>>(
    margin: f64,
    outputs: Vec<Output<E, D>>,
    targets: &[Value<E, D>],
) -> Result<Scalar<E, D>> {
    check_margin(margin)?;
    let counts = (outputs.len(), targets.len());
    let (Ok([a, p, n]), []) = (<[_; 3]>::try_from(outputs), targets) else {
        return Err(check::counts("TripletMargin", 3, 0, counts));
    };
    let shape = check::alike("TripletMargin", &[&a.shape, &p.shape, &n.shape])?;
    let anchor = a.data.retaped::<OwnedTape<E, D>>();
    let near = distance(anchor, p.data, shape)?;
    let far = distance(a.data, n.data, shape)?;
    let missing = near.try_sub(far).on_device()?.try_add(E::of(margin)).on_device()?;
    super::mean(relu(missing)?)
}

type Flat<E, D> = Tensor<(usize,), E, D, OwnedTape<E, D>>;

/// Of the rows of two values of this shape.
fn distance<E: Float, D: Backend<E>>(
    a: Flat<E, D>,
    b: Flat<E, D>,
    shape: (usize, usize),
) -> Result<Flat<E, D>> {
    let difference = a.try_sub(b).on_device()?.try_add(E::of(EPS)).on_device()?;
    let square = difference.try_square().on_device()?.try_reshape_like(&shape).on_device()?;
    let sum = square.try_sum::<(usize,), Axis<1>>().on_device()?;
    sum.try_add(E::of(NOTHING)).on_device()?.try_sqrt().on_device()
}
