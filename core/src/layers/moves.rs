//! What the layers share that move elements and change none: where each element of the output
//! comes from.

use super::window::{Rows, Window, samples};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;
use netwright_spec::graph::Node;

/// Where a zero comes from.
pub(crate) const NOTHING: usize = usize::MAX;

/// The number of the input's element that each element of the output is, both row-major, or
/// [`NOTHING`]; `None` for a layer that moves nothing.
pub(crate) fn sources(node: &Node, input: &[usize]) -> Option<Vec<usize>> {
    match node.kind {
        "Permute" | "Transpose" => Some(permuted(node.sizes("order"), input)),
        "Slice" => Some(cut(input, node.size("axis"), node.size("start"), node.shape)),
        "Select" => Some(selected(input, node.size("axis"), index(node, input))),
        "ZeroPad2d" | "Crop2d" => Some(bordered(node, input)),
        "PixelShuffle" => Some(shuffled(node.size("upscale_factor"), node.shape)),
        "DepthTaps" => Some(depth_taps(node, input)),
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

/// The pixels of an image with a border of zeros, or without its border.
fn bordered(node: &Node, input: &[usize]) -> Vec<usize> {
    let (&[channels, height, width], &[_, rows, columns], &[top, _, left, _]) =
        (input, node.shape, node.sizes("padding"))
    else {
        return Vec::new();
    };
    // Where a row or a column of the output lies in the input.
    let lies = |at: usize, before: usize, size: usize| match node.kind {
        "Crop2d" => Some(at + before),
        _ => at.checked_sub(before).filter(|at| *at < size),
    };
    let place = |channel: usize, row: usize, column: usize| {
        let at = lies(row, top, height).zip(lies(column, left, width));
        at.map_or(NOTHING, |(row, column)| (channel * height + row) * width + column)
    };
    let rows = (0..channels).flat_map(|channel| (0..rows).map(move |row| (channel, row)));
    rows.flat_map(|(channel, row)| (0..columns).map(move |c| place(channel, row, c))).collect()
}

/// Channels as squares of pixels.
fn shuffled(factor: usize, output: &[usize]) -> Vec<usize> {
    let &[channels, rows, columns] = output else { return Vec::new() };
    let factor = factor.max(1);
    let [height, width] = [rows / factor, columns / factor];
    let place = |channel: usize, row: usize, column: usize| {
        let from = (channel * factor + row % factor) * factor + column % factor;
        (from * height + row / factor) * width + column / factor
    };
    let rows = (0..channels).flat_map(|channel| (0..rows).map(move |row| (channel, row)));
    rows.flat_map(|(channel, row)| (0..columns).map(move |c| place(channel, row, c))).collect()
}

/// The slices of a volume under each tap of a window's depth, one for each place below the other:
/// what a three-dimensional convolution reads, as an image with zeros around each slice.
fn depth_taps(node: &Node, input: &[usize]) -> Vec<usize> {
    let (&[_, depth, height, width], &[taps, rows, columns], &[kernel, stride, dilation], before) =
        (input, node.shape, node.sizes("along"), node.sizes("before"))
    else {
        return Vec::new();
    };
    let &[front, top, left] = before else { return Vec::new() };
    let (kernel, pitch) = (kernel.max(1), node.size("pitch").max(1));
    let inside =
        |at: usize, before: usize, size: usize| at.checked_sub(before).filter(|at| *at < size);
    let start = |tap: usize, row: usize| {
        let slice = row / pitch * stride + tap % kernel * dilation;
        let (slice, row) = inside(slice, front, depth).zip(inside(row % pitch, top, height))?;
        Some(((tap / kernel * depth + slice) * height + row) * width)
    };
    let rows = (0..taps).flat_map(|tap| (0..rows).map(move |row| (tap, row)));
    let pixels = rows.flat_map(|(tap, row)| {
        let start = start(tap, row);
        (0..columns).map(move |column| start.zip(inside(column, left, width)))
    });
    pixels.map(|at| at.map_or(NOTHING, |(start, column)| start + column)).collect()
}

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let Some(sources) = sources(call.node, call.input_shape()) else {
        return Err(call.error("moves nothing"));
    };
    let (rows, sources) = with_zeros(call, sources)?;
    samples(Window::gather(rows, sources)?)
}

/// The input's rows and where others come from: one of zeros more, if any comes from [`NOTHING`].
pub(super) fn with_zeros<E: Float, D: Backend<E>>(
    call: &mut Call<'_, E, D>,
    mut sources: Vec<usize>,
) -> Result<(Rows<E, D>, Vec<usize>)> {
    let mut rows = rows(call)?;
    if sources.contains(&NOTHING) {
        let &(count, batch) = rows.shape();
        let zeros = call.device.try_zeros_like(&(1, batch)).on_device()?;
        rows =
            (rows, zeros.put_tape(OwnedTape::default())).try_concat_along(Axis::<0>).on_device()?;
        sources.iter_mut().filter(|from| **from == NOTHING).for_each(|from| *from = count);
    }
    Ok((rows, sources))
}

/// One row for each element of a sample, the batch innermost.
pub(super) fn rows<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Rows<E, D>> {
    let (batch, count) = (call.batch, call.input_shape().iter().product());
    let x = call.input()?.try_reshape_like(&(batch, count)).on_device()?;
    x.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()
}
