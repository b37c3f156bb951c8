//! Rows of a table, taken by their numbers: they lie anywhere, so those to come are asked for ahead.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// How many rows ahead of the one in hand are asked for.
const AHEAD: usize = 8;

/// Floats of a cache line.
const LINE: usize = 16;

/// Rows of a table for some samples, equally many for each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) table: &'a [f32],
    /// Floats of a row.
    pub(crate) width: usize,
    /// Their numbers.
    pub(crate) numbers: &'a [usize],
}

impl Rows<'_> {
    /// Copies them to `y`.
    pub(crate) fn copy(&self, y: &mut [f32]) {
        let job = self.job(self.numbers.len());
        assert!(y.len() == self.numbers.len() * self.width);
        // SAFETY: `job` checked the numbers; `y` has room for as many rows.
        unsafe { copies(Level::best(), &job, y.as_mut_ptr()) };
    }

    /// Overwrites `y` with the products of each row and the vector of its sample in `x`.
    pub(crate) fn dots(&self, x: &[f32], y: &mut [f32]) {
        self.dots_at(Level::best(), x, y);
    }

    fn dots_at(&self, level: Level, x: &[f32], y: &mut [f32]) {
        let job = self.job(x.len() / self.width);
        assert!(x.len() == job.samples * self.width && y.len() == self.numbers.len());
        // SAFETY: `job` checked the numbers; `x` has a vector for each sample, `y` a float for each
        // row.
        unsafe { products(level, &job, x.as_ptr(), y.as_mut_ptr()) };
    }

    /// Adds all rows of a sample, each by its factor, to the vector of the sample in `y`, or
    /// overwrites that.
    pub(crate) fn combine(&self, factors: &[f32], y: &mut [f32], overwrite: bool) {
        self.combine_at(Level::best(), factors, y, overwrite);
    }

    fn combine_at(&self, level: Level, factors: &[f32], y: &mut [f32], overwrite: bool) {
        let job = self.job(y.len() / self.width);
        assert!(y.len() == job.samples * self.width && factors.len() == self.numbers.len());
        // SAFETY: `job` checked the numbers; `y` has a vector for each sample, `factors` a float
        // for each row.
        unsafe { combinations(level, &job, factors.as_ptr(), y.as_mut_ptr(), overwrite) };
    }

    /// # Panics
    /// If the table has not all these rows, or not equally many are a sample's.
    fn job(&self, samples: usize) -> Job {
        let rows = self.table.len() / self.width;
        let (numbers, len) = (self.numbers.as_ptr(), self.numbers.len());
        assert!(self.numbers.iter().all(|number| *number < rows));
        assert!(len.is_multiple_of(samples.max(1)));
        let each = len / samples.max(1);
        Job { table: self.table.as_ptr(), width: self.width, numbers, len, samples, each }
    }
}

/// # Safety
/// `table` holds every row that the `len` numbers name; `len` is `samples` · `each`.
struct Job {
    table: *const f32,
    width: usize,
    numbers: *const usize,
    len: usize,
    samples: usize,
    each: usize,
}

impl Job {
    /// # Safety
    /// There is such a row.
    #[inline(always)]
    unsafe fn row<V: Lanes>(&self, i: usize) -> *const f32 {
        // SAFETY: that of this function; asking for memory needs none.
        unsafe {
            let ahead = *self.numbers.add((i + AHEAD).min(self.len - 1)) * self.width;
            for at in (0..self.width).step_by(LINE) {
                V::prefetch(self.table.wrapping_add(ahead + at));
            }
            self.table.add(*self.numbers.add(i) * self.width)
        }
    }
}

kernel!(unsafe fn copies(job: &Job, y: *mut f32) = copy_lanes);
kernel!(unsafe fn products(job: &Job, x: *const f32, y: *mut f32) = dot_lanes);
kernel!(
    unsafe fn combinations(job: &Job, factors: *const f32, y: *mut f32, overwrite: bool) =
        combine_lanes
);

/// # Safety
/// See [`Rows::copy`].
#[inline(always)]
unsafe fn copy_lanes<V: Lanes>(job: &Job, y: *mut f32) {
    for i in 0..job.len {
        // SAFETY: `y` has room for row `i`, of which `count` floats are left.
        unsafe {
            let (from, to) = (job.row::<V>(i), y.add(i * job.width));
            for first in (0..job.width).step_by(V::COUNT) {
                let count = V::COUNT.min(job.width - first);
                V::load_up_to(from.add(first), count).store_up_to(to.add(first), count);
            }
        }
    }
}

/// # Safety
/// See [`Rows::dots_at`].
#[inline(always)]
unsafe fn dot_lanes<V: Lanes>(job: &Job, x: *const f32, y: *mut f32) {
    for i in 0..job.len {
        // SAFETY: row `i` and its sample's vector have `count` more floats.
        unsafe {
            let (row, x) = (job.row::<V>(i), x.add(i / job.each * job.width));
            let mut sums = [V::splat(0.0); 2];
            for (n, first) in (0..job.width).step_by(V::COUNT).enumerate() {
                let count = V::COUNT.min(job.width - first);
                let (a, b) =
                    (V::load_up_to(row.add(first), count), V::load_up_to(x.add(first), count));
                sums[n % 2] = a.mul_add(b, sums[n % 2]);
            }
            *y.add(i) = sums[0].add(sums[1]).sum();
        }
    }
}

/// # Safety
/// See [`Rows::combine_at`].
#[inline(always)]
unsafe fn combine_lanes<V: Lanes>(job: &Job, factors: *const f32, y: *mut f32, overwrite: bool) {
    for sample in 0..job.samples {
        // SAFETY: `y` has a vector for the sample.
        let y = unsafe { y.add(sample * job.width) };
        for i in sample * job.each..(sample + 1) * job.each {
            let fresh = overwrite && i == sample * job.each;
            // SAFETY: row `i` and the vector have `count` more floats.
            unsafe {
                let (row, factor) = (job.row::<V>(i), V::splat(*factors.add(i)));
                for first in (0..job.width).step_by(V::COUNT) {
                    let count = V::COUNT.min(job.width - first);
                    let x = V::load_up_to(row.add(first), count);
                    let before = match fresh {
                        true => V::splat(0.0),
                        false => V::load_up_to(y.add(first), count),
                    };
                    x.mul_add(factor, before).store_up_to(y.add(first), count);
                }
            }
        }
    }
}

/// A vector that is added to a part of a table as long as it, by a factor.
#[derive(Clone, Copy, Default)]
pub(crate) struct Term<'a> {
    /// Where that begins.
    pub(crate) at: usize,
    pub(crate) x: &'a [f32],
    pub(crate) factor: f32,
}

/// Adds all terms, one after the other.
pub(crate) fn scatter(terms: &[Term<'_>], table: &mut [f32]) {
    scatter_at(Level::best(), terms, table);
}

fn scatter_at(level: Level, terms: &[Term<'_>], table: &mut [f32]) {
    let end = |term: &Term<'_>| term.at.checked_add(term.x.len());
    assert!(terms.iter().all(|term| end(term).is_some_and(|end| end <= table.len())));
    // SAFETY: every term ends inside the table.
    unsafe { additions(level, terms, table) };
}

kernel!(unsafe fn additions(terms: &[Term<'_>], table: &mut [f32]) = add_lanes);

/// # Safety
/// Every term ends inside the table.
#[inline(always)]
unsafe fn add_lanes<V: Lanes>(terms: &[Term<'_>], table: &mut [f32]) {
    for Term { at, x, factor } in terms {
        for (i, x) in x.chunks(V::COUNT).enumerate() {
            // SAFETY: `x.len()` floats of the table are left.
            unsafe {
                let y = table.as_mut_ptr().add(at + i * V::COUNT);
                let sum = V::load_up_to(x.as_ptr(), x.len())
                    .mul_add(V::splat(*factor), V::load_up_to(y, x.len()));
                sum.store_up_to(y, x.len());
            }
        }
    }
}

/// Overwrites `y` with the sum of these vectors, each by its factor, or adds to it.
pub(crate) fn add_up(of: &[(&[f32], f32)], y: &mut [f32], overwrite: bool) {
    add_up_at(Level::best(), of, y, overwrite);
}

fn add_up_at(level: Level, of: &[(&[f32], f32)], y: &mut [f32], overwrite: bool) {
    assert!(of.iter().all(|(x, _)| x.len() == y.len()));
    // SAFETY: all vectors are as long as `y`.
    unsafe { sums(level, of, y, overwrite) };
}

kernel!(unsafe fn sums(of: &[(&[f32], f32)], y: &mut [f32], overwrite: bool) = sum_lanes);

/// # Safety
/// All vectors are as long as `y`.
#[inline(always)]
unsafe fn sum_lanes<V: Lanes>(of: &[(&[f32], f32)], y: &mut [f32], overwrite: bool) {
    for (i, y) in y.chunks_mut(V::COUNT).enumerate() {
        // SAFETY: `y.len()` floats are left of each vector.
        unsafe {
            let mut sum = match overwrite {
                true => V::splat(0.0),
                false => V::load_up_to(y.as_ptr(), y.len()),
            };
            for (x, factor) in of {
                let x = V::load_up_to(x.as_ptr().add(i * V::COUNT), y.len());
                sum = x.mul_add(V::splat(*factor), sum);
            }
            sum.store_up_to(y.as_mut_ptr(), y.len());
        }
    }
}

/// Asks for all cache lines of these floats.
pub(crate) fn ask_for(floats: &[f32]) {
    // SAFETY: asking for memory needs none.
    unsafe { ask(Level::best(), floats.as_ptr(), floats.len()) };
}

kernel!(unsafe fn ask(from: *const f32, len: usize) = ask_lanes);

/// # Safety
/// None.
#[inline(always)]
unsafe fn ask_lanes<V: Lanes>(from: *const f32, len: usize) {
    for at in (0..len).step_by(LINE) {
        // SAFETY: a hint, which never faults.
        unsafe { V::prefetch(from.wrapping_add(at)) };
    }
}
