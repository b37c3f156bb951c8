//! Sums along one axis of what lies in memory as `[blocks, along, behind]`, and their gradient.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// y = factor · Σ x along the axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reduce {
    along: usize,
    behind: usize,
    factor: f32,
    level: Level,
}

impl Reduce {
    /// # Panics
    /// If a size is 0.
    pub(crate) fn new(along: usize, behind: usize, factor: f32) -> Self {
        Self::at_level(along, behind, factor, Level::best())
    }

    fn at_level(along: usize, behind: usize, factor: f32, level: Level) -> Self {
        assert!(along > 0 && behind > 0);
        let level = level.fitting(if behind == 1 { along } else { behind });
        Reduce { along, behind, factor, level }
    }

    /// Overwrites `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let job = self.job(x.len(), y.len());
        // SAFETY: the lengths are checked.
        unsafe { reduce(self.level, &job, x.as_ptr(), y.as_mut_ptr()) };
    }

    /// Adds to `dx`, or overwrites it.
    pub(crate) fn backward(&self, dy: &[f32], dx: &mut [f32], overwrite: bool) {
        let job = self.job(dx.len(), dy.len());
        // SAFETY: the lengths are checked.
        unsafe { spread(self.level, &job, dy.as_ptr(), dx.as_mut_ptr(), overwrite) };
    }

    fn job(&self, x: usize, y: usize) -> Job {
        let &Reduce { along, behind, factor, .. } = self;
        assert!(y.is_multiple_of(behind) && Some(x) == y.checked_mul(along));
        Job { blocks: y / behind, along, behind, factor }
    }
}

struct Job {
    blocks: usize,
    along: usize,
    behind: usize,
    factor: f32,
}

kernel!(unsafe fn reduce(job: &Job, x: *const f32, y: *mut f32) = reduce_lanes);

/// # Safety
/// `x` holds `blocks` · `along` · `behind` floats, `y` `blocks` · `behind`.
#[inline(always)]
unsafe fn reduce_lanes<V: Lanes>(job: &Job, x: *const f32, y: *mut f32) {
    let &Job { blocks, along, behind, .. } = job;
    // SAFETY: the blocks lie one behind the other.
    unsafe {
        if behind == 1 {
            for first in (0..blocks).step_by(4) {
                job.rows::<V>(x.add(first * along), y.add(first), 4.min(blocks - first));
            }
            return;
        }
        for block in 0..blocks {
            let (x, y) = (x.add(block * along * behind), y.add(block * behind));
            let mut first = 0;
            while first + 4 * V::COUNT <= behind {
                job.columns::<V, 4>(x.add(first), y.add(first), V::COUNT);
                first += 4 * V::COUNT;
            }
            while first < behind {
                let count = V::COUNT.min(behind - first);
                job.columns::<V, 1>(x.add(first), y.add(first), count);
                first += count;
            }
        }
    }
}

impl Job {
    /// The sums of up to four rows, each in the same order whatever rows it comes with.
    #[inline(always)]
    unsafe fn rows<V: Lanes>(&self, x: *const f32, y: *mut f32, rows: usize) {
        // SAFETY: there are `rows` rows of `along` floats.
        unsafe {
            let mut sums = [V::splat(0.0); 4];
            for first in (0..self.along).step_by(V::COUNT) {
                let count = V::COUNT.min(self.along - first);
                for (row, sum) in sums.iter_mut().enumerate().take(rows) {
                    *sum = sum.add(V::load_up_to(x.add(row * self.along + first), count));
                }
            }
            let sums = V::sums(sums);
            for (row, sum) in sums.iter().enumerate().take(rows) {
                *y.add(row) = sum * self.factor;
            }
        }
    }

    /// The sums of `N` vectors of columns, each of `count` floats.
    #[inline(always)]
    unsafe fn columns<V: Lanes, const N: usize>(&self, x: *const f32, y: *mut f32, count: usize) {
        // SAFETY: there are `along` rows, `behind` floats apart, of as many floats.
        unsafe {
            let mut sums = [V::splat(0.0); N];
            for row in 0..self.along {
                for (n, sum) in sums.iter_mut().enumerate() {
                    let from = x.add(row * self.behind + n * V::COUNT);
                    *sum = sum.add(V::load_up_to(from, count));
                }
            }
            let factor = V::splat(self.factor);
            for (n, sum) in sums.iter().enumerate() {
                sum.mul(factor).store_up_to(y.add(n * V::COUNT), count);
            }
        }
    }
}

kernel!(
    unsafe fn spread(job: &Job, dy: *const f32, dx: *mut f32, overwrite: bool) = spread_lanes
);

/// # Safety
/// `dx` holds `blocks` · `along` · `behind` floats, `dy` `blocks` · `behind`.
#[inline(always)]
unsafe fn spread_lanes<V: Lanes>(job: &Job, dy: *const f32, dx: *mut f32, overwrite: bool) {
    let &Job { blocks, along, behind, factor } = job;
    // Of rows along the axis, all floats of one have the same gradient.
    let (rows, width) = if behind == 1 { (1, along) } else { (along, behind) };
    for row in 0..blocks * rows {
        for first in (0..width).step_by(V::COUNT) {
            let count = V::COUNT.min(width - first);
            // SAFETY: the rows of `dx` lie one behind the other, those of a block have the same
            // gradients, and `count` floats are left.
            unsafe {
                let dy = match behind {
                    1 => V::splat(*dy.add(row)),
                    _ => V::load_up_to(dy.add(row / rows * behind + first), count),
                };
                let to = dx.add(row * width + first);
                let dx = match overwrite {
                    true => dy.mul(V::splat(factor)),
                    false => dy.mul_add(V::splat(factor), V::load_up_to(to, count)),
                };
                dx.store_up_to(to, count);
            }
        }
    }
}
