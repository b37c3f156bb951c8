//! `BinaryCrossEntropy`: yes or no, for each element.

use super::{Correct, Criterion, Output, Scalar, check, criterion};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::OnDevice;
use crate::value::{Array, Value};

/// The mean of `-(y · ln σ(x) + (1 - y) · ln(1 - σ(x)))`, computed as
/// `max(x, 0) - x·y + ln(1 + e^-|x|)`. PyTorch's `BCEWithLogitsLoss`.
///
/// The network's output are scores (logits), without a `Sigmoid` at its end.
///
/// # Shapes
/// Output and target have the same shape; the target are floats from 0 to 1, or indices 0 and 1.
/// A target `[]` fits an output `[1]`, so that class labels can be used as they are.
///
/// # Accuracy
/// The share of elements where `x > 0` and `y ≥ ½` agree.
///
/// ```
/// use netwright_core::data::Column;
/// use netwright_core::dfdx::prelude::*;
/// use netwright_core::train::{BinaryCrossEntropy, Loss};
///
/// let scores = Cpu::default().tensor([[0.0f32], [2.0]]);
/// let loss = BinaryCrossEntropy.loss(scores.leaky_trace(), &Column::labels(vec![0, 1]))?;
/// assert!((loss.array() - 0.410038).abs() < 1e-6); // (ln 2 + ln(1 + e⁻²)) / 2
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BinaryCrossEntropy;

criterion!(BinaryCrossEntropy, self => Criterion::BinaryCrossEntropy);

pub(super) fn compute<E: Float, D: Backend<E>>(
    output: Output<E, D>,
    target: &Value<E, D>,
) -> Result<Scalar<E, D>> {
    let truth = truth("BinaryCrossEntropy", &output.shape, target)?;
    let count = truth.len();
    let truth = output.data.device().try_tensor_from_vec(truth, (count,)).on_device()?;
    super::mean(output.data.try_bce_with_logits(truth).on_device()?)
}

pub(super) fn correct<E: Float, D: Backend<E>>(
    loss: &str,
    output: &Array<E, D>,
    target: &Value<E, D>,
) -> Result<Correct> {
    let truth = truth(loss, &output.shape, target)?;
    let scores = output.data.as_vec();
    let agree = |(&x, &y): (&E, &E)| (x > E::of(0.0)) == (y >= E::of(0.5));
    let hits = scores.iter().zip(&truth).filter(|&pair| agree(pair)).count();
    Ok(Correct { hits, of: truth.len() })
}

/// The target as probabilities, each checked.
pub(super) fn truth<E: Float, D: Backend<E>>(
    loss: &str,
    output: &[usize],
    target: &Value<E, D>,
) -> Result<Vec<E>> {
    if !check::same(output, target.shape()) {
        let expected = format!("shape {output:?}");
        return Err(check::unfit(loss, &expected, output, target));
    }
    match target {
        Value::Floats(array) => probabilities(loss, array.data.as_vec(), &array.shape),
        Value::Indices(array) => {
            let labels = array.data.as_vec();
            check::range(&labels, 2, &array.shape)?;
            Ok(labels.into_iter().map(|label| E::of(label as f64)).collect())
        }
    }
}

fn probabilities<E: Float>(loss: &str, values: Vec<E>, shape: &[usize]) -> Result<Vec<E>> {
    let wrong = |y: &E| !(*y >= E::of(0.0) && *y <= E::of(1.0));
    match values.iter().position(wrong) {
        None => Ok(values),
        Some(i) => Err(Error::Data(format!(
            "{loss} expects targets from 0 to 1, but received {} in sample {} of the \
             batch",
            values[i],
            i / shape.iter().skip(1).product::<usize>().max(1)
        ))),
    }
}
