//! A convolution of one image in bands of rows, which threads take.

use crate::engine::kernels::conv::{Axis, ConvSizes};
use crate::engine::threads::share;
use std::ops::Range;

/// Multiply-adds that are worth a band.
const WORTH: usize = 1 << 18;

/// At most so many.
const MOST: usize = 4;

/// Tiles of two rows, which are not pooled, stay whole.
const TILE: usize = 2;

/// Convolutions of the same weights, each from the rows that it reads to as many rows as the others,
/// but for the last.
pub(super) struct Bands<C> {
    /// With the floats that each reads of the image.
    bands: Vec<(C, Range<usize>)>,
    /// Floats that each gives.
    len: usize,
    /// Floats of working memory that each needs.
    scratch: usize,
}

impl<C> Bands<C> {
    /// Of a convolution to these rows, each of `row` floats behind a pooling of `window` rows; `None`
    /// where it is not worth it. `make` makes it for the sizes of a band and says what scratch it
    /// needs.
    pub(super) fn of(
        sizes: &ConvSizes,
        (rows, row): (usize, usize),
        window: usize,
        multiply_adds: usize,
        make: impl Fn(ConvSizes) -> (C, usize),
    ) -> Option<Self> {
        let tile = if window == 1 { TILE } else { 1 };
        let count = (multiply_adds / WORTH).min(MOST).min(rows / tile);
        if count < 2 || sizes.depth != Axis::LONE {
            return None;
        }
        // As many for each of two or four threads.
        let each = rows.div_ceil(1 << count.ilog2()).next_multiple_of(tile);
        let line = sizes.input[0] * sizes.input[2];
        let mut scratch = 0;
        let mut band = |first: usize| {
            let last = rows.min(first + each);
            let (part, from) = sizes.band(first * window..last * window)?;
            let (conv, len) = make(part);
            scratch = scratch.max(len);
            Some((conv, from.start * line..from.end * line))
        };
        let bands = (0..rows).step_by(each).map(&mut band).collect::<Option<Vec<_>>>()?;
        Some(Bands { bands, len: each * row, scratch })
    }

    /// Floats of working memory for all.
    pub(super) fn scratch_len(&self) -> usize {
        self.bands.len() * self.scratch
    }

    /// Calls `each` with every band, what it reads, what it gives, and its working memory.
    pub(super) fn each(
        &self,
        threads: usize,
        x: &[f32],
        y: &mut [f32],
        scratch: &mut [f32],
        each: &(impl Fn(&C, &[f32], &mut [f32], &mut [f32]) + Sync),
    ) where
        C: Sync,
    {
        let places = y.chunks_mut(self.len).zip(scratch.chunks_mut(self.scratch.max(1)));
        share(self.bands.iter().zip(places), threads, &|((conv, from), (y, scratch))| {
            each(conv, &x[from.clone()], y, scratch);
        });
    }
}
