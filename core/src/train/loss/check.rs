//! Whether outputs and targets fit together.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::value::Value;
use dfdx::prelude::*;

/// The target of a loss for one output.
pub(super) fn only_target<'a, E: Float, D: Backend<E>>(
    loss: &str,
    outputs: usize,
    targets: &'a [Value<E, D>],
) -> Result<&'a Value<E, D>> {
    match targets {
        [target] if outputs == 1 => Ok(target),
        _ => Err(Error::Data(format!(
            "{loss} compares one output with one target, but was given {outputs} outputs and {} \
             targets; for several, give a tuple with one loss for each",
            targets.len()
        ))),
    }
}

/// Whether every label is below `classes`. `rows` is the shape of the labels.
pub(super) fn range(labels: &[usize], classes: usize, rows: &[usize]) -> Result<()> {
    let per_sample: usize = rows.iter().skip(1).product::<usize>().max(1);
    match labels.iter().position(|&label| label >= classes) {
        None => Ok(()),
        Some(i) => Err(Error::Label { label: labels[i], sample: i / per_sample, classes }),
    }
}

/// Floats of as many elements as the output has. A target of one number may be written with shape
/// `[]` where the output is `[1]`.
pub(super) fn floats<E: Float, D: Backend<E>>(
    loss: &str,
    output: &[usize],
    target: &Value<E, D>,
) -> Result<Tensor<(usize,), E, D>> {
    match target {
        Value::Floats(array) if same(output, &array.shape) => Ok(array.data.clone()),
        _ => Err(unfit(loss, &format!("floats of shape {output:?}"), output, target)),
    }
}

/// That a loss of several outputs was given others.
pub(super) fn counts(loss: &str, outputs: usize, targets: usize, given: (usize, usize)) -> Error {
    let plural = |count: usize, what: &str| match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    Error::Data(format!(
        "{loss} takes {} and {}, but was given {} and {}",
        plural(outputs, "output"),
        plural(targets, "target"),
        plural(given.0, "output"),
        plural(given.1, "target")
    ))
}

/// Rows and their size, of outputs that have the same shape.
pub(super) fn alike(loss: &str, shapes: &[&Vec<usize>]) -> Result<(usize, usize)> {
    match shapes.first().and_then(|shape| shape.split_last()) {
        Some((&size, rows))
            if !rows.is_empty() && shapes.windows(2).all(|two| two[0] == two[1]) =>
        {
            Ok((rows.iter().product(), size))
        }
        _ => Err(Error::Data(format!(
            "{loss} compares outputs of one shape, such as [size], along their last axis, but \
             received {shapes:?} (the first size is the batch)"
        ))),
    }
}

/// That an output has not the shape that a loss takes.
pub(super) fn unfit_output(loss: &str, expected: &str, output: &[usize]) -> Error {
    Error::Data(format!(
        "{loss} takes an output of shape {expected}, but received {:?}",
        output.get(1..).unwrap_or(&[])
    ))
}

/// The target as 1 and -1, which 0 stands for too; of the shape of the output.
pub(super) fn signs<E: Float, D: Backend<E>>(
    loss: &str,
    output: &[usize],
    target: &Value<E, D>,
) -> Result<Vec<E>> {
    if !same(output, target.shape()) {
        return Err(unfit(loss, &format!("shape {output:?}"), output, target));
    }
    let values = match target {
        Value::Floats(array) => array.data.as_vec(),
        Value::Indices(array) => {
            let labels = array.data.as_vec();
            range(&labels, 2, &array.shape)?;
            labels.into_iter().map(|label| E::of(label as f64)).collect()
        }
    };
    if let Some(i) = values.iter().position(|&y| sign(y).is_none()) {
        let sample = i / target.shape().iter().skip(1).product::<usize>().max(1);
        return Err(Error::Data(format!(
            "{loss} expects targets 1 and -1 (or 0), but received {} in sample {sample} of the batch",
            values[i]
        )));
    }
    Ok(values.into_iter().filter_map(sign).collect())
}

/// 1 and -1 of 1 and -1, or 1 and 0.
pub(crate) fn sign<E: Float>(y: E) -> Option<E> {
    let one = E::one();
    if y == one {
        Some(one)
    } else if y == E::default() || y == -one {
        Some(-one)
    } else {
        None
    }
}

/// Whether the shapes are the same, or `[batch, 1]` and `[batch]`.
pub(super) fn same(output: &[usize], target: &[usize]) -> bool {
    output == target || output.split_last() == Some((&1, target))
}

pub(super) fn unfit<E: Float, D: Backend<E>>(
    loss: &str,
    expected: &str,
    output: &[usize],
    target: &Value<E, D>,
) -> Error {
    let kind = match target {
        Value::Floats(_) => "floats",
        Value::Indices(_) => "indices",
    };
    Error::Data(format!(
        "{loss} for an output of shape {output:?} expects a target of {expected}, but received \
         {kind} of shape {:?} (the first size is the batch)",
        target.shape()
    ))
}

/// The position of the highest score, the first one of equals.
pub(crate) fn highest<E: PartialOrd>(scores: &[E]) -> usize {
    let better =
        |best: usize, (i, score): (usize, &E)| if *score > scores[best] { i } else { best };
    scores.iter().enumerate().fold(0, better)
}
