//! `Upsample2d`: every pixel several times.

use super::window::{Window, samples};
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Which pixel each one repeats is a constant table.
pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let (&[down, across], &[channels, height, width]) =
        (call.node.sizes("scale"), call.input_shape())
    else {
        return Err(call.error("its input is not [channels, height, width]"));
    };
    let mut table = Vec::with_capacity(channels * height * down * width * across);
    for row in (0..channels * height).flat_map(|row| std::iter::repeat_n(row, down)) {
        let pixels = row * width..(row + 1) * width;
        table.extend(pixels.flat_map(|pixel| std::iter::repeat_n(pixel, across)));
    }
    let shape = (call.batch, channels * height * width);
    let x = call.input()?.try_reshape_like(&shape).on_device()?;
    let rows = x.try_permute::<(usize, usize), Axes2<1, 0>>().on_device()?;
    samples(Window::gather(rows, table)?)
}
