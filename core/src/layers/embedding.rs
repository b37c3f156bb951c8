//! `Embedding`: a learned vector for each index.

use super::pointwise::{Mask, cut};
use super::{Call, Flat, OnDevice, error};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;
use netwright_spec::graph::Node;

/// The parameters of an `Embedding<num_embeddings, embedding_dim>` layer: a table of vectors, in
/// which each index chooses a row.
///
/// # Shapes
/// `[usize]` → `[embedding_dim]`, `[usize; time]` → `[time, embedding_dim]`,
/// `[usize; rows, time]` → `[rows, time, embedding_dim]`;
/// `weight` is `[num_embeddings, embedding_dim]`.
///
/// An index that is not below `num_embeddings` is an error.
///
/// # Initial values
/// Normal with mean 0 and variance 1, as PyTorch's `nn.Embedding`.
///
/// # Padding
/// With `Embedding<num_embeddings, embedding_dim, padding = 0>`, index 0 stands for nothing: its
/// row begins as zeros and gets no gradient, as with PyTorch's `padding_idx`.
#[derive(Clone, Debug)]
pub struct Embedding<W> {
    /// One row for each index.
    pub weight: W,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let entries = match call.params.first().map(|w| w.shape.as_slice()) {
        Some(&[entries, _]) => entries,
        _ => return Err(call.error("its weight is not [entries, width]")),
    };
    let indices = call.indices()?.data.clone();
    check(call.node, &indices.as_vec(), entries, call.batch)?;
    rows(call, indices, entries)
}

/// The rows of these indices, one behind the other. That of the padding gets no gradient.
pub(super) fn rows<E: Float, D: Backend<E>>(
    call: &mut Call<'_, E, D>,
    indices: Tensor<(usize,), usize, D>,
    entries: usize,
) -> Result<Flat<E, D>> {
    let padded = call.node.attr("padding").map(|_| call.node.size("padding"));
    let padded = padded.map(|padding| (padding, indices.as_vec()));
    let weight = call.taped_param(0)?;
    let width = weight.shape().0 / entries.max(1);
    let table = weight.try_reshape_like(&(entries, width)).on_device()?;
    let count = indices.shape().0;
    let rows: Tensor<(usize, usize), E, D, _> = table.try_gather(indices).on_device()?;
    let rows = rows.try_reshape_like(&(count * width,)).on_device()?;
    match padded {
        Some((padding, indices)) => {
            let padded = mask(call.device, &indices, width, |index| index == padding)?;
            let constant = cut(&rows)?.put_tape(OwnedTape::default());
            padded.try_choose(constant, rows).on_device()
        }
        None => Ok(rows),
    }
}

/// Where `is` holds for the index of a row of this width.
pub(super) fn mask<E: Float, D: Backend<E>>(
    device: &D,
    indices: &[usize],
    width: usize,
    is: impl Fn(usize) -> bool,
) -> Result<Mask<D>> {
    let ones = indices.iter().map(|&index| E::of(f64::from(u8::from(is(index)))));
    let ones: Vec<E> = ones.flat_map(|one| std::iter::repeat_n(one, width)).collect();
    let count = ones.len();
    device.try_tensor_from_vec(ones, (count,)).on_device()?.try_gt(E::default()).on_device()
}

/// dfdx would stop the program at an index that is out of range.
pub(crate) fn check(node: &Node, indices: &[usize], entries: usize, batch: usize) -> Result<()> {
    let Some(i) = indices.iter().position(|&index| index >= entries) else { return Ok(()) };
    let each = (indices.len() / batch.max(1)).max(1);
    Err(error(
        node,
        format!(
            "index {} at sample {}, position {} is beyond the {entries} entries",
            indices[i],
            i / each,
            i % each
        ),
    ))
}
