//! Every pixel several times down and across, and the sums that are its gradient.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// Rows of `width` pixels, each pixel `scale` times down and across.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upsample {
    channels: usize,
    width: usize,
    /// Down and across.
    scale: [usize; 2],
    level: Level,
}

impl Upsample {
    /// # Panics
    /// If a size is 0.
    pub(crate) fn new(channels: usize, width: usize, scale: [usize; 2]) -> Self {
        Self::at_level(channels, width, scale, Level::best())
    }

    fn at_level(channels: usize, width: usize, scale: [usize; 2], level: Level) -> Self {
        assert!(channels > 0 && width > 0 && scale[0] > 0 && scale[1] > 0);
        Upsample { channels, width, scale, level: level.fitting(channels) }
    }

    /// Overwrites `y` with the copies of any number of rows.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let rows = self.rows(x.len(), y.len());
        // SAFETY: the lengths are checked.
        unsafe { copies(self.level, self, rows, x.as_ptr(), y.as_mut_ptr()) };
    }

    /// Adds the sums of all copies to `dx`, or overwrites it.
    pub(crate) fn backward(&self, dy: &[f32], dx: &mut [f32], overwrite: bool) {
        let rows = self.rows(dx.len(), dy.len());
        // SAFETY: the lengths are checked.
        unsafe { sums(self.level, self, rows, dy.as_ptr(), dx.as_mut_ptr(), overwrite) };
    }

    /// Floats of a row, and of the rows that it becomes.
    fn row(&self) -> [usize; 2] {
        let row = self.width * self.channels;
        [row, row * self.scale[0] * self.scale[1]]
    }

    fn rows(&self, x: usize, y: usize) -> usize {
        let [from, to] = self.row();
        assert!(x.is_multiple_of(from) && Some(y) == (x / from).checked_mul(to));
        x / from
    }
}

kernel!(
    unsafe fn copies(job: &Upsample, rows: usize, x: *const f32, y: *mut f32) = copies_lanes
);

/// # Safety
/// `x` holds `rows` rows, `y` what they become.
#[inline(always)]
unsafe fn copies_lanes<V: Lanes>(job: &Upsample, rows: usize, x: *const f32, y: *mut f32) {
    let ([from, to], [down, across], channels) = (job.row(), job.scale, job.channels);
    for row in 0..rows {
        // SAFETY: the rows lie one behind the other.
        unsafe {
            let (x, y) = (x.add(row * from), y.add(row * to));
            for pixel in 0..job.width {
                let (x, y) = (x.add(pixel * channels), y.add(pixel * channels * across));
                if channels == 1 {
                    (0..across).for_each(|copy| *y.add(copy) = *x);
                    continue;
                }
                for first in (0..channels).step_by(V::COUNT) {
                    let count = V::COUNT.min(channels - first);
                    let values = V::load_up_to(x.add(first), count);
                    for copy in 0..across {
                        values.store_up_to(y.add(copy * channels + first), count);
                    }
                }
            }
            for copy in 1..down {
                std::ptr::copy_nonoverlapping(y, y.add(copy * from * across), from * across);
            }
        }
    }
}

kernel!(
    unsafe fn sums(
        job: &Upsample,
        rows: usize,
        dy: *const f32,
        dx: *mut f32,
        overwrite: bool,
    ) = sums_lanes
);

/// # Safety
/// `dx` holds `rows` rows, `dy` what they become.
#[inline(always)]
unsafe fn sums_lanes<V: Lanes>(
    job: &Upsample,
    rows: usize,
    dy: *const f32,
    dx: *mut f32,
    overwrite: bool,
) {
    let ([from, to], across, channels) = (job.row(), job.scale[1], job.channels);
    for (row, pixel) in (0..rows).flat_map(|row| (0..job.width).map(move |pixel| (row, pixel))) {
        // SAFETY: the rows lie one behind the other, and so do their pixels.
        unsafe {
            let dx = dx.add(row * from + pixel * channels);
            let dy = dy.add(row * to + pixel * channels * across);
            if channels == 1 {
                let sum = job.lone_sum(dy);
                *dx = if overwrite { sum } else { *dx + sum };
                continue;
            }
            for first in (0..channels).step_by(V::COUNT) {
                let count = V::COUNT.min(channels - first);
                let sum = job.sum::<V>(dy.add(first), count);
                let to = dx.add(first);
                let sum = if overwrite { sum } else { sum.add(V::load_up_to(to, count)) };
                sum.store_up_to(to, count);
            }
        }
    }
}

impl Upsample {
    /// The sum over all copies of `count` channels of a pixel.
    #[inline(always)]
    unsafe fn sum<V: Lanes>(&self, dy: *const f32, count: usize) -> V {
        let [down, across] = self.scale;
        // SAFETY: the copies are `channels` floats apart, the rows of them as the image is wide.
        unsafe {
            let mut sum = V::splat(0.0);
            for row in 0..down {
                let dy = dy.add(row * self.width * across * self.channels);
                for copy in 0..across {
                    sum = sum.add(V::load_up_to(dy.add(copy * self.channels), count));
                }
            }
            sum
        }
    }

    /// The same of an image of one channel.
    #[inline(always)]
    unsafe fn lone_sum(&self, dy: *const f32) -> f32 {
        let [down, across] = self.scale;
        let mut sum = 0.0;
        for row in 0..down {
            for copy in 0..across {
                // SAFETY: see `sum`.
                sum += unsafe { *dy.add(row * self.width * across + copy) };
            }
        }
        sum
    }
}
