//! What convolution and pooling share: the taps of a window over an image.
//!
//! Shapes are constant, so which pixel each tap of each window reads is a constant table, and
//! unfolding is dfdx's `gather` with that table. Data lies with the batch innermost, one row for
//! each pixel of each channel, and one more row at the end that stands for the padding.

use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;
use netwright_spec::graph::Node;

/// Rows (channel, height, width), then the batch, on the tape.
pub(super) type Rows<E, D> = Tensor<(usize, usize), E, D, OwnedTape<E, D>>;

/// A window that slides over height and width.
pub(super) struct Window {
    /// Channels, height and width of the input.
    pub(super) input: [usize; 3],
    /// Height and width of the output.
    pub(super) output: [usize; 2],
    /// Taps in height and width.
    pub(super) kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Padding above and to the left.
    before: [usize; 2],
    /// Padding below and to the right.
    after: [usize; 2],
    /// Whether any tap can lie outside.
    padded: bool,
}

impl Window {
    /// Reads the window from a node's attributes; `kernel` is an attribute of pooling and follows
    /// from the weight of a convolution.
    pub(super) fn of(node: &Node, input: &[usize], kernel: [usize; 2]) -> Self {
        let pair = |name: &str| match node.sizes(name) {
            &[h, w] => [h, w],
            _ => [1, 1],
        };
        let padding = node.sizes("padding");
        let at = |shape: &[usize], i: usize| shape.get(i).copied().unwrap_or(1);
        let (stride, dilation) = (pair("stride"), pair("dilation"));
        let input = [at(input, 0), at(input, 1), at(input, 2)];
        let output = [at(node.shape, 1), at(node.shape, 2)];
        let side = |i: usize| padding.get(i).copied().unwrap_or(0);
        let (before, after) = ([side(0), side(2)], [side(1), side(3)]);
        let outside = |axis: usize| {
            let last = output[axis].saturating_sub(1) * stride[axis]
                + dilation[axis] * kernel[axis].saturating_sub(1);
            before[axis] > 0 || last >= input[axis + 1] + before[axis]
        };
        let padded = outside(0) || outside(1);
        Window { input, output, kernel, stride, dilation, before, after, padded }
    }

    /// The window of a pooling layer.
    pub(super) fn of_pool<E: Float, D: Backend<E>>(call: &Call<'_, E, D>) -> Self {
        let kernel = match call.node.sizes("kernel_size") {
            &[h, w] => [h, w],
            _ => [1, 1],
        };
        Window::of(call.node, call.input_shape(), kernel)
    }

    /// The number of taps.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The number of windows in one channel.
    pub(super) fn places(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// The row that stands for the padding.
    fn outside(&self) -> usize {
        self.input.iter().product()
    }

    /// Where tap `tap` of window `place` lies, counted from the corner of the padding.
    fn at(&self, tap: usize, place: usize) -> [usize; 2] {
        let taps = [tap / self.kernel[1], tap % self.kernel[1]];
        let places = [place / self.output[1], place % self.output[1]];
        [0, 1].map(|axis| places[axis] * self.stride[axis] + taps[axis] * self.dilation[axis])
    }

    /// How many taps of window `place` lie in the image, or in the image and its padding.
    pub(super) fn counted(&self, place: usize, padding: bool) -> usize {
        let inside = |at: usize, axis: usize| {
            let (begin, size) = (self.before[axis], self.input[axis + 1]);
            match padding {
                true => at < begin + size + self.after[axis],
                false => (begin..begin + size).contains(&at),
            }
        };
        let counts = |&tap: &usize| {
            let at = self.at(tap, place);
            inside(at[0], 0) && inside(at[1], 1)
        };
        (0..self.taps()).filter(counts).count()
    }

    /// The row that tap `tap` of window `place` reads in `channel`.
    pub(super) fn row(&self, channel: usize, tap: usize, place: usize) -> usize {
        let padded = self.at(tap, place);
        let mut at = [0, 0];
        for axis in 0..2 {
            match padded[axis].checked_sub(self.before[axis]) {
                Some(i) if i < self.input[axis + 1] => at[axis] = i,
                _ => return self.outside(),
            }
        }
        (channel * self.input[1] + at[0]) * self.input[2] + at[1]
    }

    /// The input as rows, with a last row of `padding` where any tap can lie outside.
    pub(super) fn rows<E: Float, D: Backend<E>>(
        &self,
        call: &mut Call<'_, E, D>,
        padding: E,
    ) -> Result<Rows<E, D>> {
        let (batch, count) = (call.batch, self.outside());
        let x = call.input()?.try_reshape_like(&(batch, count)).on_device()?;
        let rows = x.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()?;
        if !self.padded {
            return Ok(rows);
        }
        let last = call
            .device
            .try_tensor_from_vec(vec![padding; batch], (1, batch))
            .on_device()?
            .put_tape(OwnedTape::default());
        (rows, last).try_concat_along(Axis::<0>).on_device()
    }

    /// Gathers the rows of a table.
    pub(super) fn gather<E: Float, D: Backend<E>>(
        rows: Rows<E, D>,
        table: Vec<usize>,
    ) -> Result<Rows<E, D>> {
        let count = table.len();
        let table = rows.device().try_tensor_from_vec(table, (count,)).on_device()?;
        rows.try_gather(table).on_device()
    }
}

/// Back from rows to samples: the batch axis comes first again.
pub(super) fn samples<E: Float, D: Backend<E>>(rows: Rows<E, D>) -> Result<Flat<E, D>> {
    let &(count, batch) = rows.shape();
    let samples = rows.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()?;
    samples.try_reshape_like(&(batch * count,)).on_device()
}
