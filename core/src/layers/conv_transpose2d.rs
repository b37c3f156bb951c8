//! `ConvTranspose2d`: the way back through a convolution, with learned windows.

use super::window::{Rows, Window, samples};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;
use netwright_spec::graph::Node;

/// The parameters of a `ConvTranspose2d<out_channels, kernel_size>` layer: a two-dimensional
/// transposed convolution, which is the input gradient of a [`Conv2d`](super::Conv2d) as a layer.
/// Every pixel adds its window, times the weight, to the output.
///
/// # Shapes
/// `[in_channels, h, w]` → `[out_channels, oh, ow]` with
/// `oh = (h - 1) · stride - 2 · padding + dilation · (kernel - 1) + output_padding + 1`;
/// `weight` is `[in_channels, out_channels / groups, kernel_h, kernel_w]`, `bias` is
/// `[out_channels]` (or [`Absent`](super::Absent) with `bias = false`).
///
/// # Initial values
/// Both uniform in ±1/√(out_channels / groups · kernel_h · kernel_w), as PyTorch's
/// `nn.ConvTranspose2d`.
#[derive(Clone, Debug)]
pub struct ConvTranspose2d<W, B> {
    /// The windows.
    pub weight: W,
    /// One number for each output channel.
    pub bias: B,
}

/// One matrix product for each group gives what each pixel adds through each tap; which of those
/// meet in a pixel of the output is a constant table.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let Some(sizes) = Sizes::of(call) else {
        return Err(call.error("its weight is not [in, out, height, width]"));
    };
    let (batch, out, places) = (call.batch, sizes.output[0], sizes.places());
    let shares = shares(call, &sizes)?;
    let last = call.device.try_zeros_like(&(1, batch)).on_device()?.put_tape(OwnedTape::default());
    let shares: Rows<E, D> = (shares, last).try_concat_along(Axis::<0>).on_device()?;
    let meeting = Window::gather(shares, sizes.table())?;
    let meeting = meeting.try_reshape_like(&(out * places, sizes.taps(), batch)).on_device()?;
    let mut y = meeting.try_sum::<(usize, usize), Axis<1>>().on_device()?;
    if call.has_param(1) {
        let shape = (out, places * batch);
        let bias = call.param(1)?.try_broadcast_like::<_, Axis<1>>(&shape).on_device()?;
        y = y.try_reshape_like(&shape).on_device()?.try_add(bias).on_device()?;
        y = y.try_reshape_like(&(out * places, batch)).on_device()?;
    }
    samples(y)
}

/// Rows (channel of the output, tap, pixel of the input): for each group the transposed weight
/// `[out · taps, in]` times the image `[in, pixels · batch]`.
fn shares<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>, sizes: &Sizes) -> Result<Rows<E, D>> {
    let ([channels, height, width], batch) = (sizes.input, call.batch);
    let (pixels, groups) = (height * width, sizes.groups);
    let x = call.input()?.try_reshape_like(&(batch, channels * pixels)).on_device()?;
    let x = x.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()?;
    let x = x.try_reshape_like(&(groups, channels / groups, pixels * batch)).on_device()?;
    let rows = sizes.output[0] * sizes.taps();
    let weight = call.param(0)?;
    let weight =
        weight.try_reshape_like(&(groups, channels / groups, rows / groups)).on_device()?;
    let weight = weight.try_permute::<(usize, usize, usize), Axes3<0, 2, 1>>().on_device()?;
    let shares = weight.try_matmul(x).on_device()?;
    shares.try_reshape_like(&(rows * pixels, batch)).on_device()
}

struct Sizes {
    /// Channels, height and width.
    input: [usize; 3],
    output: [usize; 3],
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Taken off above and on the left.
    before: [usize; 2],
    groups: usize,
}

impl Sizes {
    fn of<E: Float, D: Backend<E>>(call: &Call<'_, E, D>) -> Option<Self> {
        let node: &Node = call.node;
        let [kernel_h, kernel_w] = match *call.params.first()?.shape.as_slice() {
            [_, _, h, w] => [h, w],
            // `ConvTranspose1d` is one of images of one row.
            [_, _, w] => [1, w],
            _ => return None,
        };
        let (&[sh, sw], &[dh, dw], &[top, _, left, _]) =
            (node.sizes("stride"), node.sizes("dilation"), node.sizes("padding"))
        else {
            return None;
        };
        Some(Sizes {
            input: call.input_shape().try_into().ok()?,
            output: node.shape.try_into().ok()?,
            kernel: [kernel_h, kernel_w],
            stride: [sh, sw],
            dilation: [dh, dw],
            before: [top, left],
            groups: node.size("groups").max(1),
        })
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Pixels of the output.
    fn places(&self) -> usize {
        self.output[1] * self.output[2]
    }

    /// The pixel along one axis that reaches `place` of the output through `tap`.
    fn pixel(&self, axis: usize, place: usize, tap: usize) -> Option<usize> {
        let from = (place + self.before[axis]).checked_sub(tap * self.dilation[axis])?;
        let pixel = from / self.stride[axis];
        (from.is_multiple_of(self.stride[axis]) && pixel < self.input[axis + 1]).then_some(pixel)
    }

    /// For each pixel of each channel of the output and each tap, the row of what is added there:
    /// a last row where nothing is.
    fn table(&self) -> Vec<usize> {
        let [_, height, width] = self.input;
        let pixels = height * width;
        let nothing = self.output[0] * self.taps() * pixels;
        let mut table = Vec::with_capacity(self.output[0] * self.places() * self.taps());
        for channel in 0..self.output[0] {
            for place in 0..self.places() {
                let (row, column) = (place / self.output[2], place % self.output[2]);
                for tap in 0..self.taps() {
                    let (down, across) = (tap / self.kernel[1], tap % self.kernel[1]);
                    let pixel = self.pixel(0, row, down).zip(self.pixel(1, column, across));
                    table.push(pixel.map_or(nothing, |(row, column)| {
                        (channel * self.taps() + tap) * pixels + row * width + column
                    }));
                }
            }
        }
        table
    }
}
