//! Sums element by element, with a ReLU behind them, and their gradient.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// `y = a + b`, at least 0 with `relu`.
pub(crate) fn sum(a: &[f32], b: &[f32], y: &mut [f32], relu: bool) {
    sum_at(Level::best(), a, b, y, relu);
}

fn sum_at(level: Level, a: &[f32], b: &[f32], y: &mut [f32], relu: bool) {
    assert!(a.len() == y.len() && b.len() == y.len());
    let job = Sum { a: a.as_ptr(), b: b.as_ptr(), y: y.as_mut_ptr(), len: y.len(), relu };
    // SAFETY: the lengths are those of the slices.
    unsafe { sums(level, &job) };
}

/// `y += x`, at least 0 with `relu`.
pub(crate) fn accumulate(x: &[f32], y: &mut [f32], relu: bool) {
    accumulate_at(Level::best(), x, y, relu);
}

fn accumulate_at(level: Level, x: &[f32], y: &mut [f32], relu: bool) {
    assert_eq!(x.len(), y.len());
    let to = y.as_mut_ptr();
    let job = Sum { a: to, b: x.as_ptr(), y: to, len: y.len(), relu };
    // SAFETY: the lengths are those of the slices; each place is read before it is written.
    unsafe { sums(level, &job) };
}

/// `dx = dy` or `dx += dy`; 0 for `dy` where a ReLU gave `y` = 0.
pub(crate) fn pass_gradient(dy: &[f32], y: Option<&[f32]>, dx: &mut [f32], overwrite: bool) {
    pass_gradient_at(Level::best(), dy, y, dx, overwrite);
}

fn pass_gradient_at(level: Level, dy: &[f32], y: Option<&[f32]>, dx: &mut [f32], overwrite: bool) {
    match (y, overwrite) {
        (None, true) => dx.copy_from_slice(dy),
        (None, false) => accumulate_at(level, dy, dx, false),
        (Some(y), _) => {
            assert!(dy.len() == dx.len() && y.len() == dx.len());
            let (dy, y) = (dy.as_ptr(), y.as_ptr());
            let job = Pass { dy, y, dx: dx.as_mut_ptr(), len: dx.len(), overwrite };
            // SAFETY: the lengths are those of the slices.
            unsafe { pass(level, &job) };
        }
    }
}

/// # Safety
/// All point at `len` floats; `y` may be `a`.
struct Sum {
    a: *const f32,
    b: *const f32,
    y: *mut f32,
    len: usize,
    relu: bool,
}

kernel!(unsafe fn sums(job: &Sum) = sums_lanes);

/// # Safety
/// See [`Sum`].
#[inline(always)]
unsafe fn sums_lanes<V: Lanes>(job: &Sum) {
    for first in (0..job.len).step_by(V::COUNT) {
        let count = V::COUNT.min(job.len - first);
        // SAFETY: `count` floats are left.
        unsafe {
            let a = V::load_up_to(job.a.add(first), count);
            let sum = a.add(V::load_up_to(job.b.add(first), count));
            let sum = if job.relu { sum.relu() } else { sum };
            sum.store_up_to(job.y.add(first), count);
        }
    }
}

/// # Safety
/// All point at `len` floats.
struct Pass {
    dy: *const f32,
    y: *const f32,
    dx: *mut f32,
    len: usize,
    overwrite: bool,
}

kernel!(unsafe fn pass(job: &Pass) = pass_lanes);

/// # Safety
/// See [`Pass`].
#[inline(always)]
unsafe fn pass_lanes<V: Lanes>(job: &Pass) {
    for first in (0..job.len).step_by(V::COUNT) {
        let count = V::COUNT.min(job.len - first);
        // SAFETY: `count` floats are left.
        unsafe {
            let y = V::load_up_to(job.y.add(first), count);
            let dy = V::load_up_to(job.dy.add(first), count).where_active(y);
            let to = job.dx.add(first);
            let dx = if job.overwrite { dy } else { dy.add(V::load_up_to(to, count)) };
            dx.store_up_to(to, count);
        }
    }
}
