//! Batch norm of rows of channels, `x[row · channels + channel]`: sums for the statistics, and
//! what is done with them.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// Channels that are summed at once: at least a vector.
pub(crate) const BLOCK: usize = 16;

/// Rows whose sums are taken in f32, of differences that are small where values are close to each
/// other; all else is f64.
const RUN: usize = 32;

/// Two sums of each channel of a block.
type Sums = [[f64; BLOCK]; 2];

/// Adds the sum and the sum of squares of each channel to `to`: [channels] and [channels].
pub(crate) fn add_moments(x: &[f32], channels: usize, to: &mut [f64]) {
    add_moments_at(Level::best(), x, channels, to);
}

fn add_moments_at(level: Level, x: &[f32], channels: usize, to: &mut [f64]) {
    let (sums, squares) = to.split_at_mut(channels);
    for first in (0..channels).step_by(BLOCK) {
        let job = Moments { x: x.as_ptr(), rows: x.len() / channels, channels, first };
        let mut block = [[0.0; BLOCK]; 2];
        // SAFETY: the rows are those of the slice.
        unsafe { moments(level.fitting(channels), &job, &mut block) };
        add_block(&block[0], &mut sums[first..]);
        add_block(&block[1], &mut squares[first..]);
    }
}

fn add_block(block: &[f64; BLOCK], to: &mut [f64]) {
    for (to, x) in to.iter_mut().zip(block) {
        *to += x;
    }
}

/// What the sums for a gradient are made of.
pub(crate) struct GradientSums<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) dy: &'a [f32],
    /// Where a ReLU stands behind: its values.
    pub(crate) y: Option<&'a [f32]>,
    pub(crate) channels: usize,
}

impl GradientSums<'_> {
    /// The sums of dy and of dy · (x - mean) for up to [`BLOCK`] channels from `first` on.
    pub(crate) fn block(&self, first: usize, mean: &[f64; BLOCK]) -> Sums {
        self.block_at(Level::best(), first, mean)
    }

    fn block_at(&self, level: Level, first: usize, mean: &[f64; BLOCK]) -> Sums {
        let len = self.x.len();
        assert!(self.dy.len() == len && self.y.is_none_or(|y| y.len() == len));
        let mut block = [[0.0; BLOCK]; 2];
        // SAFETY: the lengths are the same.
        unsafe {
            gradient_sums(level.fitting(self.channels), self, first, mean, &mut block);
        }
        block
    }
}

/// # Safety
/// `x` holds `rows · channels` floats.
struct Moments {
    x: *const f32,
    rows: usize,
    channels: usize,
    first: usize,
}

/// What a row adds to two sums. A trait and no closure, because it must be inlined: vectors do not
/// pass between functions in registers.
trait Row<V: Lanes> {
    /// # Safety
    /// The row is there, and the caller has the instruction set.
    unsafe fn add(&self, row: usize, sums: [V; 2]) -> [V; 2];
}

/// The sums over all rows, in runs: in f32 inside a run, two rows at a time, and in f64 over the
/// runs.
///
/// # Safety
/// As [`Row::add`] for all rows.
#[inline(always)]
unsafe fn sum_rows<V: Lanes>(rows: usize, row: &impl Row<V>) -> Sums {
    let mut total = [[0.0; BLOCK]; 2];
    for start in (0..rows).step_by(RUN) {
        let end = rows.min(start + RUN);
        // SAFETY: as the caller says.
        unsafe {
            let mut sums = [[V::splat(0.0); 2]; 2];
            let mut at = start;
            while at + 2 <= end {
                sums = [row.add(at, sums[0]), row.add(at + 1, sums[1])];
                at += 2;
            }
            if at < end {
                sums[0] = row.add(at, sums[0]);
            }
            for i in 0..2 {
                let mut lanes = [0.0; BLOCK];
                sums[0][i].add(sums[1][i]).store(lanes.as_mut_ptr());
                for lane in 0..V::COUNT {
                    total[i][lane] += f64::from(lanes[lane]);
                }
            }
        }
    }
    total
}

/// The difference from `near` and its square.
struct MomentRow<V> {
    x: *const f32,
    channels: usize,
    count: usize,
    near: V,
}

impl<V: Lanes> Row<V> for MomentRow<V> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, [sum, square]: [V; 2]) -> [V; 2] {
        // SAFETY: `count` channels are left of every row.
        unsafe {
            let x = V::load_up_to(self.x.add(row * self.channels), self.count).sub(self.near);
            [sum.add(x), x.mul_add(x, square)]
        }
    }
}

/// The gradient and its product with the difference from `near`.
struct GradientRow<'a, V> {
    job: &'a GradientSums<'a>,
    first: usize,
    count: usize,
    near: V,
}

impl<V: Lanes> Row<V> for GradientRow<'_, V> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, [sum, product]: [V; 2]) -> [V; 2] {
        let (job, at) = (self.job, row * self.job.channels + self.first);
        // SAFETY: `count` channels are left of every row.
        unsafe {
            let mut dy = V::load_up_to(job.dy.as_ptr().add(at), self.count);
            if let Some(y) = job.y {
                dy = dy.where_active(V::load_up_to(y.as_ptr().add(at), self.count));
            }
            let x = V::load_up_to(job.x.as_ptr().add(at), self.count).sub(self.near);
            [sum.add(dy), dy.mul_add(x, product)]
        }
    }
}

kernel!(unsafe fn moments(job: &Moments, sums: &mut Sums) = moments_lanes);

/// Differences from the mean of the first run are summed, which leaves the squares exact where the
/// mean is large.
///
/// # Safety
/// See [`Moments`].
#[inline(always)]
unsafe fn moments_lanes<V: Lanes>(job: &Moments, sums: &mut Sums) {
    let width = BLOCK.min(job.channels - job.first);
    for at in (0..width).step_by(V::COUNT) {
        let count = V::COUNT.min(width - at);
        // SAFETY: `count` channels are left of every row.
        unsafe {
            let x = job.x.add(job.first + at);
            let lead = job.rows.min(RUN);
            let mut near = V::splat(0.0);
            for row in 0..lead {
                near = near.add(V::load_up_to(x.add(row * job.channels), count));
            }
            let mut reference = [0.0; BLOCK];
            near.mul(V::splat(1.0 / lead as f32)).store(reference.as_mut_ptr());
            let reference = reference.map(|x: f32| if x.is_finite() { x } else { 0.0 });
            let near = V::load(reference.as_ptr());
            let row = MomentRow { x, channels: job.channels, count, near };
            let [sum, square] = sum_rows::<V>(job.rows, &row);
            let rows = job.rows as f64;
            for lane in 0..count {
                let near = f64::from(reference[lane]);
                sums[0][at + lane] = sum[lane] + rows * near;
                sums[1][at + lane] = square[lane] + near * (2.0 * sum[lane] + rows * near);
            }
        }
    }
}

kernel!(unsafe fn gradient_sums(job: &GradientSums<'_>, first: usize, mean: &[f64; BLOCK], sums: &mut Sums) = gradient_sums_lanes);

/// # Safety
/// The slices are equally long.
#[inline(always)]
unsafe fn gradient_sums_lanes<V: Lanes>(
    job: &GradientSums<'_>,
    first: usize,
    mean: &[f64; BLOCK],
    sums: &mut Sums,
) {
    let width = BLOCK.min(job.channels - first);
    let rounded = mean.map(|mean| mean as f32);
    for at in (0..width).step_by(V::COUNT) {
        let count = V::COUNT.min(width - at);
        // SAFETY: `count` channels are left of every row, and a vector is in a block.
        unsafe {
            let near = V::load(rounded.as_ptr().add(at));
            let row = GradientRow { job, first: first + at, count, near };
            let [sum, product] = sum_rows::<V>(job.x.len() / job.channels, &row);
            for lane in 0..count {
                let rest = f64::from(rounded[at + lane]) - mean[at + lane];
                sums[0][at + lane] = sum[lane];
                sums[1][at + lane] = product[lane] + rest * sum[lane];
            }
        }
    }
}

/// `y = (x + negative_mean) · scale + shift + skip`, at least 0 with `relu`.
pub(crate) struct Normalize<'a> {
    pub(crate) x: &'a [f32],
    pub(crate) skip: Option<&'a [f32]>,
    /// [negative_mean, scale, shift], each for all channels.
    pub(crate) coefficients: &'a [f32],
    pub(crate) channels: usize,
    pub(crate) relu: bool,
}

impl Normalize<'_> {
    /// Overwrites `y`.
    pub(crate) fn run(&self, y: &mut [f32]) {
        self.run_at(Level::best(), y);
    }

    fn run_at(&self, level: Level, y: &mut [f32]) {
        let len = y.len();
        assert!(self.x.len() == len && len.is_multiple_of(self.channels));
        assert!(self.skip.is_none_or(|skip| skip.len() == len));
        assert_eq!(self.coefficients.len(), 3 * self.channels);
        // SAFETY: the lengths are right.
        unsafe { normalized(level.fitting(self.channels), self, y) };
    }
}

kernel!(unsafe fn normalized(job: &Normalize<'_>, y: &mut [f32]) = normalized_lanes);

/// # Safety
/// The slices' lengths are those of whole rows.
#[inline(always)]
unsafe fn normalized_lanes<V: Lanes>(job: &Normalize<'_>, y: &mut [f32]) {
    let (x, y, coefficients) = (job.x.as_ptr(), y.as_mut_ptr(), job.coefficients.as_ptr());
    for first in (0..job.channels).step_by(V::COUNT) {
        let count = V::COUNT.min(job.channels - first);
        // SAFETY: `count` channels are left of every row.
        unsafe {
            let [mean, scale, shift] =
                [0, 1, 2].map(|i| V::load_up_to(coefficients.add(i * job.channels + first), count));
            for row in 0..job.x.len() / job.channels {
                let at = row * job.channels + first;
                let x = V::load_up_to(x.add(at), count);
                let mut sum = x.add(mean).mul_add(scale, shift);
                if let Some(skip) = job.skip {
                    sum = sum.add(V::load_up_to(skip.as_ptr().add(at), count));
                }
                let sum = if job.relu { sum.relu() } else { sum };
                sum.store_up_to(y.add(at), count);
            }
        }
    }
}

/// `dx = dy · a + (x + negative_mean) · b + c`, overwritten or added to.
pub(crate) struct Gradient<'a> {
    /// `None` where all of b and c are 0: an infinite `x` times 0 would be NaN.
    pub(crate) x: Option<&'a [f32]>,
    pub(crate) dy: &'a [f32],
    /// Where a ReLU stands behind: its values.
    pub(crate) y: Option<&'a [f32]>,
    /// [negative_mean, a, b, c], each for all channels.
    pub(crate) coefficients: &'a [f32],
    pub(crate) channels: usize,
    pub(crate) overwrite: bool,
}

impl Gradient<'_> {
    pub(crate) fn run(&self, dx: &mut [f32]) {
        self.run_at(Level::best(), dx);
    }

    fn run_at(&self, level: Level, dx: &mut [f32]) {
        let len = dx.len();
        assert!(self.dy.len() == len && len.is_multiple_of(self.channels));
        assert!([self.x, self.y].iter().flatten().all(|values| values.len() == len));
        assert_eq!(self.coefficients.len(), 4 * self.channels);
        // SAFETY: the lengths are right.
        unsafe { gradient(level.fitting(self.channels), self, dx) };
    }
}

kernel!(unsafe fn gradient(job: &Gradient<'_>, dx: &mut [f32]) = gradient_lanes);

/// # Safety
/// The slices' lengths are those of whole rows.
#[inline(always)]
unsafe fn gradient_lanes<V: Lanes>(job: &Gradient<'_>, dx: &mut [f32]) {
    let rows = dx.len() / job.channels;
    let (dy, dx, coefficients) = (job.dy.as_ptr(), dx.as_mut_ptr(), job.coefficients.as_ptr());
    for first in (0..job.channels).step_by(V::COUNT) {
        let count = V::COUNT.min(job.channels - first);
        // SAFETY: `count` channels are left of every row.
        unsafe {
            let [mean, a, b, c] = [0, 1, 2, 3]
                .map(|i| V::load_up_to(coefficients.add(i * job.channels + first), count));
            for row in 0..rows {
                let at = row * job.channels + first;
                let mut dy = V::load_up_to(dy.add(at), count);
                if let Some(y) = job.y {
                    dy = dy.where_active(V::load_up_to(y.as_ptr().add(at), count));
                }
                let rest = match job.x {
                    Some(x) => V::load_up_to(x.as_ptr().add(at), count).add(mean).mul_add(b, c),
                    None => c,
                };
                let mut sum = dy.mul_add(a, rest);
                if !job.overwrite {
                    sum = sum.add(V::load_up_to(dx.add(at), count));
                }
                sum.store_up_to(dx.add(at), count);
            }
        }
    }
}
