//! `EmbeddingBag`: the learned vectors of several indices, made one.

use super::embedding::{check, mask, rows};
use super::max_pool2d::larger;
use super::pointwise::{Mask, except};
use super::window::Rows;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// The parameters of an `EmbeddingBag<num_embeddings, embedding_dim>` layer: a table of vectors, of
/// which each index chooses a row. The rows of a sample become one vector: their mean, with
/// `mode = sum` their sum, with `mode = max` the largest of each element.
///
/// # Shapes
/// `[usize; count]` → `[embedding_dim]`; `weight` is `[num_embeddings, embedding_dim]`.
///
/// An index that is not below `num_embeddings` is an error.
///
/// # Padding
/// With `padding = 0`, index 0 stands for nothing: it is neither summed up nor counted, its row
/// begins as zeros and gets no gradient. A sample of nothing else gives zeros.
///
/// # Initial values
/// Normal with mean 0 and variance 1, as PyTorch's `nn.EmbeddingBag`.
///
/// # Gradient
/// Of equals, the first one has the gradient of a maximum.
///
/// # Source
/// A. Joulin, E. Grave, P. Bojanowski, T. Mikolov: *Bag of Tricks for Efficient Text
/// Classification*, 2016.
#[derive(Clone, Debug)]
pub struct EmbeddingBag<W> {
    /// One row for each index.
    pub weight: W,
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let &[entries, width] = call.params.first().map_or(&[][..], |w| w.shape.as_slice()) else {
        return Err(call.error("its weight is not [entries, width]"));
    };
    let indices = call.indices()?.data.clone();
    let numbers = indices.as_vec();
    check(call.node, &numbers, entries, call.batch)?;
    let padding = call.node.attr("padding").map(|_| call.node.size("padding"));
    let padded = match padding {
        Some(padding) => Some(mask(call.device, &numbers, width, |index| index == padding)?),
        None => None,
    };
    let rows = rows(call, indices, entries)?;
    let counts: Vec<usize> = numbers
        .chunks(numbers.len() / call.batch.max(1))
        .map(|sample| sample.iter().filter(|index| Some(**index) != padding).count())
        .collect();
    match call.node.word("mode") {
        "max" => maximum(call, rows, padded, (&counts, width)),
        mode => sum(rows, padded, (&counts, width), mode == "mean"),
    }
}

/// The sum of each sample's rows, over their number for the mean.
fn sum<E: Float, D: Backend<E>>(
    mut rows: Flat<E, D>,
    padded: Option<Mask<D>>,
    (counts, width): (&[usize], usize),
    mean: bool,
) -> Result<Flat<E, D>> {
    if let Some(padded) = padded {
        rows = except(&padded, rows, E::default())?;
    }
    let (batch, device) = (counts.len(), rows.device().clone());
    let each = rows.shape().0 / (batch * width).max(1);
    let rows = rows.try_reshape_like(&(batch, each, width)).on_device()?;
    let sums: Tensor<(usize, usize), E, D, _> = rows.try_sum::<_, Axis<1>>().on_device()?;
    let sums = sums.try_reshape_like(&(batch * width,)).on_device()?;
    if !mean {
        return Ok(sums);
    }
    let shares = counts.iter().map(|&count| E::of(1.0 / count.max(1) as f64));
    let shares: Vec<E> = shares.flat_map(|share| std::iter::repeat_n(share, width)).collect();
    let shares = device.try_tensor_from_vec(shares, (batch * width,)).on_device()?;
    sums.try_mul(shares).on_device()
}

/// The largest of each sample's rows, element by element, the first of equals; 0 of none.
fn maximum<E: Float, D: Backend<E>>(
    call: &Call<'_, E, D>,
    mut rows: Flat<E, D>,
    padded: Option<Mask<D>>,
    (counts, width): (&[usize], usize),
) -> Result<Flat<E, D>> {
    if let Some(padded) = padded {
        rows = except(&padded, rows, E::neg_infinity())?;
    }
    let batch = counts.len();
    let each = rows.shape().0 / (batch * width).max(1);
    let rows = rows.try_reshape_like(&(batch * each, width)).on_device()?;
    let nth = |rows: Rows<E, D>, i: usize| -> Result<Rows<E, D>> {
        let places = (0..batch).map(|sample| sample * each + i).collect();
        let places = call.device.try_tensor_from_vec(places, (batch,)).on_device()?;
        rows.try_gather(places).on_device()
    };
    let again = rows.retaped::<NoneTape>();
    let mut largest = nth(rows, 0)?;
    for i in 1..each {
        largest = larger(largest, nth(again.retaped::<OwnedTape<E, D>>(), i)?)?;
    }
    let largest = largest.try_reshape_like(&(batch * width,)).on_device()?;
    let empty = mask(call.device, counts, width, |count| count == 0)?;
    except(&empty, largest, E::default())
}
