//! Sums and differences element by element, with a ReLU behind them, and their gradient.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};
use std::ptr::null;

/// `y = a + b`, at least 0 with `relu`.
pub(crate) fn sum(a: &[f32], b: &[f32], y: &mut [f32], relu: bool) {
    sum_at(Level::best(), a, 1.0, b, y, relu);
}

/// `y = a - b`, at least 0 with `relu`.
pub(crate) fn difference(a: &[f32], b: &[f32], y: &mut [f32], relu: bool) {
    sum_at(Level::best(), a, -1.0, b, y, relu);
}

fn sum_at(level: Level, a: &[f32], sign: f32, b: &[f32], y: &mut [f32], relu: bool) {
    assert!(a.len() == y.len() && b.len() == y.len());
    let job = Sum { a: a.as_ptr(), sign, b: b.as_ptr(), y: y.as_mut_ptr(), len: y.len(), relu };
    // SAFETY: the lengths are those of the slices.
    unsafe { sums(level, &job) };
}

/// `y += x`, at least 0 with `relu`.
pub(crate) fn accumulate(x: &[f32], y: &mut [f32], relu: bool) {
    accumulate_at(Level::best(), 1.0, x, y, relu);
}

fn accumulate_at(level: Level, sign: f32, x: &[f32], y: &mut [f32], relu: bool) {
    assert_eq!(x.len(), y.len());
    let to = y.as_mut_ptr();
    let job = Sum { a: to, sign, b: x.as_ptr(), y: to, len: y.len(), relu };
    // SAFETY: the lengths are those of the slices; each place is read before it is written.
    unsafe { sums(level, &job) };
}

/// `dx = dy` or `dx += dy`; 0 for `dy` where a ReLU gave `y` = 0.
pub(crate) fn pass_gradient(dy: &[f32], y: Option<&[f32]>, dx: &mut [f32], overwrite: bool) {
    pass_gradient_at(Level::best(), 1.0, dy, y, dx, overwrite);
}

/// `dx = -dy` or `dx -= dy`; 0 for `dy` where a ReLU gave `y` = 0.
pub(crate) fn pass_negative(dy: &[f32], y: Option<&[f32]>, dx: &mut [f32], overwrite: bool) {
    pass_gradient_at(Level::best(), -1.0, dy, y, dx, overwrite);
}

fn pass_gradient_at(
    level: Level,
    sign: f32,
    dy: &[f32],
    y: Option<&[f32]>,
    dx: &mut [f32],
    overwrite: bool,
) {
    match (y, overwrite) {
        (None, true) if sign == 1.0 => return dx.copy_from_slice(dy),
        (None, false) => return accumulate_at(level, sign, dy, dx, false),
        _ => {}
    }
    assert!(dy.len() == dx.len() && y.is_none_or(|y| y.len() == dx.len()));
    let (len, y) = (dx.len(), y.map_or(null(), <[f32]>::as_ptr));
    let job = Pass { sign, dy: dy.as_ptr(), y, dx: dx.as_mut_ptr(), len, overwrite };
    // SAFETY: the lengths are those of the slices.
    unsafe { pass(level, &job) };
}

/// `y = a + sign · b`
///
/// # Safety
/// All point at `len` floats; `y` may be `a`.
struct Sum {
    a: *const f32,
    sign: f32,
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
            let (a, b) = (job.a.add(first), job.b.add(first));
            let sum = V::load_up_to(b, count).mul_add(V::splat(job.sign), V::load_up_to(a, count));
            let sum = if job.relu { sum.relu() } else { sum };
            sum.store_up_to(job.y.add(first), count);
        }
    }
}

/// # Safety
/// All point at `len` floats, or `y` is null.
struct Pass {
    sign: f32,
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
            let mut dy = V::load_up_to(job.dy.add(first), count);
            if !job.y.is_null() {
                dy = dy.where_active(V::load_up_to(job.y.add(first), count));
            }
            let (to, sign) = (job.dx.add(first), V::splat(job.sign));
            let dx = match job.overwrite {
                true => dy.mul(sign),
                false => dy.mul_add(sign, V::load_up_to(to, count)),
            };
            dx.store_up_to(to, count);
        }
    }
}
