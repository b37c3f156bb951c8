//! `Conv2d`: cross-correlation of an image with learned windows.

use super::window::{self, Window};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// The parameters of a `Conv2d<out_channels, kernel_size>` layer: a two-dimensional convolution
/// (cross-correlation, as in PyTorch and Keras).
///
/// # Shapes
/// `[in_channels, h, w]` → `[out_channels, oh, ow]` with
/// `oh = (h + padding - dilation · (kernel - 1) - 1) / stride + 1`, rounded down;
/// `weight` is `[out_channels, in_channels / groups, kernel_h, kernel_w]`, `bias` is
/// `[out_channels]` (or [`Absent`](super::Absent) with `bias = false`).
///
/// # Initial values
/// Both uniform in ±1/√(in_channels / groups · kernel_h · kernel_w), as PyTorch's `nn.Conv2d`.
#[derive(Clone, Debug)]
pub struct Conv2d<W, B> {
    /// The windows.
    pub weight: W,
    /// One number for each output channel.
    pub bias: B,
}

/// One matrix product for each group: the weight `[out, in · taps]` times the unfolded image
/// `[in · taps, places · batch]`.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let kernel = match call.params.first().map(|w| w.shape.as_slice()) {
        Some(&[_, _, h, w]) => [h, w],
        // `Conv3d` is one of slices, whose taps along the depth are channels.
        Some(&[_, _, _, h, w]) => [h, w],
        // `Conv1d` is one of images of one row.
        Some(&[_, _, w]) => [1, w],
        _ => return Err(call.error("its weight is not [out, in, height, width]")),
    };
    let window = Window::of(call.node, call.input_shape(), kernel);
    let (batch, groups) = (call.batch, call.node.size("groups").max(1));
    let out = call.node.shape.first().copied().unwrap_or(1);
    let depth = window.input[0] / groups * window.taps();
    let width = window.places() * batch;
    let rows = window.rows(call, E::default())?;
    let unfolded = Window::gather(rows, table(&window))?;
    let unfolded = unfolded.try_reshape_like(&(groups, depth, width)).on_device()?;
    let weight = call.param(0)?.try_reshape_like(&(groups, out / groups, depth)).on_device()?;
    let mut y =
        weight.try_matmul(unfolded).on_device()?.try_reshape_like(&(out, width)).on_device()?;
    if call.has_param(1) {
        let bias = call.param(1)?.try_broadcast_like::<_, Axis<1>>(&(out, width)).on_device()?;
        y = y.try_add(bias).on_device()?;
    }
    window::samples(y.try_reshape_like(&(out * window.places(), batch)).on_device()?)
}

/// Rows in the order channel, tap, place.
fn table(window: &Window) -> Vec<usize> {
    let mut table = Vec::with_capacity(window.input[0] * window.taps() * window.places());
    for channel in 0..window.input[0] {
        for tap in 0..window.taps() {
            table.extend((0..window.places()).map(|place| window.row(channel, tap, place)));
        }
    }
    table
}
