//! Short runs spread out, each to a vector of its own that starts at a cache line if the scratch
//! does: the gradient of the first layer's weights reads each of them many times.

use super::pad::Pad;
use super::walk::{Axis, Walk, offset};
use super::winners::Windows;
use crate::engine::simd::{Lanes, kernel};

/// A sample of which every run of every window lies in a vector.
pub(super) struct Spread {
    rows: usize,
    columns: usize,
    lanes: usize,
    /// From one row and from one column to the next, in the padded sample.
    row: usize,
    column: usize,
    run_len: usize,
}

impl Spread {
    /// If the runs are the rows of the window and shorter than a vector.
    pub fn new(walk: &Walk, rows: &Axis, columns: &Axis, pad: &Pad, lanes: usize) -> Option<Self> {
        let run_len = columns.kernel_size * pad.channels;
        let fits =
            walk.runs.len() == rows.kernel_size && walk.run_len == run_len && run_len < lanes;
        fits.then(|| Spread {
            rows: (rows.out() - 1) * rows.stride + (rows.kernel_size - 1) * rows.dilation + 1,
            columns: columns.out(),
            lanes,
            row: pad.pitch() * pad.channels,
            column: columns.stride * pad.channels,
            run_len,
        })
    }

    pub fn len(&self) -> usize {
        self.rows * self.columns * self.lanes
    }

    /// Where the window of the convolution's output at a row and a column starts.
    pub fn start(&self, rows: &Axis, row: usize, column: usize) -> u32 {
        offset((row * rows.stride * self.columns + column) * self.lanes)
    }

    /// Where, from there, the rows start.
    pub fn runs(&self, rows: &Axis) -> Vec<u32> {
        let row = |i: usize| offset(i * rows.dilation * self.columns * self.lanes);
        (0..rows.kernel_size).map(row).collect()
    }

    /// # Safety
    /// `padded` is the padded sample, and `to` has room for [`len`](Self::len) floats.
    #[inline(always)]
    unsafe fn fill<V: Lanes>(&self, padded: *const f32, to: *mut f32) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                let (from, to_column) =
                    (row * self.row + column * self.column, row * self.columns + column);
                // SAFETY: the run lies inside the sample.
                unsafe {
                    let run = V::load_first(padded.add(from), self.run_len);
                    run.store(to.add(to_column * V::COUNT));
                }
            }
        }
    }
}

kernel!(pub(super) unsafe fn spread(job: &Spread, padded: *const f32, to: *mut f32) = spread_lanes);

/// Spreads the padded sample.
///
/// # Safety
/// See [`Spread::fill`]; the level has the lanes.
#[inline(always)]
unsafe fn spread_lanes<V: Lanes>(job: &Spread, padded: *const f32, to: *mut f32) {
    // SAFETY: as the caller says.
    unsafe { job.fill::<V>(padded, to) }
}

impl Windows {
    /// Those of pooling windows of `window` pixels, `output` [_, rows, columns] of them, over a
    /// convolution whose windows start where `start` says.
    pub fn new(
        window: [usize; 2],
        output: [usize; 3],
        start: impl Fn(usize, usize) -> u32,
        runs: Vec<u32>,
        run_len: usize,
    ) -> Self {
        let ([height, width], [_, rows, columns]) = (window, output);
        let bases = (0..rows * columns)
            .map(|at| start(at / columns * height, at % columns * width))
            .collect();
        let mut places = [0; 256];
        for (at, place) in places.iter_mut().enumerate().take(height * width) {
            *place = start(at / width, at % width) - start(0, 0);
        }
        Windows { bases, places, area: height * width, runs, run_len }
    }
}
