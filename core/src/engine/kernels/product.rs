//! Products element by element, of which forward and gradient alike are made.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};
use std::ptr::null;

/// What is multiplied: `by · a · b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a> {
    pub(crate) by: f32,
    pub(crate) a: &'a [f32],
    /// 1 everywhere if there is none.
    pub(crate) b: Option<&'a [f32]>,
    /// The value of a ReLU: `a` counts as 0 where it is at most 0.
    pub(crate) active: Option<&'a [f32]>,
}

impl Product<'_> {
    /// Overwrites `y`, at least 0 with `relu`.
    pub(crate) fn write(&self, y: &mut [f32], relu: bool) {
        self.run(Level::best(), y, relu, false);
    }

    /// Adds to `y`, or overwrites it.
    pub(crate) fn add(&self, y: &mut [f32], overwrite: bool) {
        self.run(Level::best(), y, false, !overwrite);
    }

    fn run(&self, level: Level, y: &mut [f32], relu: bool, add: bool) {
        let fits = |x: Option<&[f32]>| x.is_none_or(|x| x.len() == y.len());
        assert!(self.a.len() == y.len() && fits(self.b) && fits(self.active));
        let start = |x: Option<&[f32]>| x.map_or(null(), <[f32]>::as_ptr);
        let job = Job {
            by: self.by,
            a: self.a.as_ptr(),
            b: start(self.b),
            active: start(self.active),
            y: y.as_mut_ptr(),
            len: y.len(),
            relu,
            add,
        };
        // SAFETY: the lengths are those of the slices.
        unsafe { multiply(level, &job) };
    }
}

/// `y *= x`, at least 0 with `relu`.
pub(crate) fn multiply_by(x: &[f32], y: &mut [f32], relu: bool) {
    multiply_by_at(Level::best(), x, y, relu);
}

fn multiply_by_at(level: Level, x: &[f32], y: &mut [f32], relu: bool) {
    assert_eq!(x.len(), y.len());
    let (a, len) = (y.as_mut_ptr(), y.len());
    let job = Job { by: 1.0, a, b: x.as_ptr(), active: null(), y: a, len, relu, add: false };
    // SAFETY: the lengths are those of the slices; each place is read before it is written.
    unsafe { multiply(level, &job) };
}

/// # Safety
/// All point at `len` floats, or `b` or `active` is null; `y` may be `a`.
struct Job {
    by: f32,
    a: *const f32,
    b: *const f32,
    active: *const f32,
    y: *mut f32,
    len: usize,
    relu: bool,
    add: bool,
}

kernel!(unsafe fn multiply(job: &Job) = multiply_lanes);

/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn multiply_lanes<V: Lanes>(job: &Job) {
    for first in (0..job.len).step_by(V::COUNT) {
        let count = V::COUNT.min(job.len - first);
        // SAFETY: `count` floats are left.
        unsafe {
            let read = |from: *const f32| V::load_up_to(from.add(first), count);
            let mut product = read(job.a);
            if !job.active.is_null() {
                product = product.where_active(read(job.active));
            }
            product = product.mul(V::splat(job.by));
            if !job.b.is_null() {
                product = product.mul(read(job.b));
            }
            if job.relu {
                product = product.relu();
            }
            if job.add {
                product = product.add(read(job.y));
            }
            product.store_up_to(job.y.add(first), count);
        }
    }
}
