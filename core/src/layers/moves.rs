//! What the layers share that move elements and change none: where each element of the output
//! comes from.

use super::window::{Rows, Window, samples};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;
use netwright_spec::graph::Node;

/// The number of the input's element that each element of the output is, both row-major; `None` for
/// a layer that moves nothing.
pub(crate) fn sources(node: &Node, input: &[usize]) -> Option<Vec<usize>> {
    match node.kind {
        "Permute" | "Transpose" => Some(permuted(node.sizes("order"), input)),
        "Slice" => Some(cut(input, node.size("axis"), node.size("start"), node.shape)),
        "Select" => Some(selected(input, node.size("axis"), index(node, input))),
        "RepeatVector" => {
            let [n, features] = [0, 1].map(|i| node.shape.get(i).copied().unwrap_or(1));
            Some((0..n).flat_map(|_| 0..features).collect())
        }
        _ => None,
    }
}

fn permuted(order: &[usize], input: &[usize]) -> Vec<usize> {
    let step = |axis: usize| input.iter().skip(axis + 1).product::<usize>();
    let mut sources = vec![0];
    for &axis in order {
        let size = input.get(axis).copied().unwrap_or(1);
        let next = |from: &usize| {
            let from = *from;
            (0..size).map(move |i| from + i * step(axis))
        };
        sources = sources.iter().flat_map(next).collect();
    }
    sources
}

/// The range of the axis that has as many elements as in `output`.
fn cut(input: &[usize], axis: usize, start: usize, output: &[usize]) -> Vec<usize> {
    let (blocks, along, behind) = around(input, axis);
    let count = output.get(axis).copied().unwrap_or(1);
    let row = |block| (block * along + start) * behind..(block * along + start + count) * behind;
    (0..blocks).flat_map(row).collect()
}

pub(super) fn selected(input: &[usize], axis: usize, index: usize) -> Vec<usize> {
    let (blocks, along, behind) = around(input, axis);
    let row = |block| (block * along + index) * behind..(block * along + index + 1) * behind;
    (0..blocks).flat_map(row).collect()
}

fn index(node: &Node, input: &[usize]) -> usize {
    let size = input.get(node.size("axis")).copied().unwrap_or(1);
    match node.word("from") {
        "end" => size.saturating_sub(node.size("index") + 1),
        _ => node.size("index"),
    }
}

/// What lies before an axis, its size, and what lies behind it.
fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    let behind = shape.iter().skip(axis + 1).product();
    (shape.iter().take(axis).product(), shape.get(axis).copied().unwrap_or(1), behind)
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let Some(sources) = sources(call.node, call.input_shape()) else {
        return Err(call.error("moves nothing"));
    };
    samples(Window::gather(rows(call)?, sources)?)
}

/// One row for each element of a sample, the batch innermost.
pub(super) fn rows<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Rows<E, D>> {
    let (batch, count) = (call.batch, call.input_shape().iter().product());
    let x = call.input()?.try_reshape_like(&(batch, count)).on_device()?;
    x.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()
}
