//! `KlDivergence`: how far a distribution is from another.

use super::{Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::Value;
use dfdx::prelude::*;

/// The Kullback-Leibler divergence of the output from the target: `Σ y · (ln y - x)` over the last
/// axis, the mean over all others. The output `x` are logarithms of probabilities: the network ends
/// with `LogSoftmax`. For example, one that learns from what a larger one says.
///
/// PyTorch's `KLDivLoss(reduction="batchmean")` for outputs `[classes]`; its `"mean"` divides by the
/// number of classes as well, and so is no divergence. Keras's `KLDivergence`, which takes
/// probabilities. S. Kullback, R. A. Leibler: *On Information and Sufficiency*, 1951.
///
/// # Shapes
/// Output and target are floats of the same shape, such as `[classes]` or `[time, classes]`. A target
/// below 0, or not finite, is an error; 0 counts nothing.
///
/// ```
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{KlDivergence, Loss};
///
/// let device = Cpu::default();
/// let (x, y) = (device.tensor([[0.5f32.ln(), 0.5f32.ln()]]), device.tensor([[1.0f32, 0.0]]));
/// let loss = KlDivergence.loss(x.leaky_trace(), y)?;
/// assert!((loss.array() - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KlDivergence;

criterion!(KlDivergence, self => Criterion::KlDivergence);

pub(super) fn compute<E: Float, D: Backend<E>>(
    output: Output<E, D>,
    target: &Value<E, D>,
) -> Result<Scalar<E, D>> {
    let truth = check::floats("KlDivergence", &output.shape, target)?.as_vec();
    if let Some(i) = truth.iter().position(|&y| !probable(y)) {
        let sample = i / output.shape.iter().skip(1).product::<usize>().max(1);
        return Err(Error::Data(format!(
            "KlDivergence expects probabilities as targets, but received {} in sample {sample} of \
             the batch",
            truth[i]
        )));
    }
    let classes = output.shape.last().copied().unwrap_or(1);
    let count = (truth.len(),);
    let device = output.data.device().clone();
    let logs = truth.iter().map(|&y| if y > E::of(0.0) { y.ln() } else { y }).collect();
    let logs = device.try_tensor_from_vec(logs, count).on_device()?;
    let truth = device.try_tensor_from_vec(truth, count).on_device()?;
    // Where the target is 0, the logarithm may be as low as it likes.
    let zeros: Tensor<(usize,), E, D> = device.try_zeros_like(&count).on_device()?;
    let absent = truth.try_le(E::default()).on_device()?;
    let x = absent.try_choose(zeros.put_tape(OwnedTape::default()), output.data).on_device()?;
    let elements = x.try_sub(logs).on_device()?.try_mul(truth).on_device()?;
    super::mean(elements)?.try_mul(E::of(-(classes as f64))).on_device()
}

/// Whether it can be a probability, perhaps before they are made to sum up to 1.
pub(super) fn probable<E: Float>(y: E) -> bool {
    y >= E::of(0.0) && y < E::infinity()
}
