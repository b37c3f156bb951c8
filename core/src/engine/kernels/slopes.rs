//! Numbers that are multiplied with slopes where they are not above zero: `PRelu`.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// `y = x` above zero, else `slopes · x`.
pub(crate) fn forward(x: &[f32], slopes: &[f32], y: &mut [f32]) {
    forward_at(Level::best(), x, slopes, y);
}

fn forward_at(level: Level, x: &[f32], slopes: &[f32], y: &mut [f32]) {
    assert!(x.len() == y.len() && slopes.len() == y.len());
    // SAFETY: the lengths are checked.
    unsafe { values(level, x.as_ptr(), slopes.as_ptr(), y.as_mut_ptr(), y.len()) };
}

/// `d` from the gradient of `y` to that of `x`; adds those of the slopes to `sums`.
pub(crate) fn backward(x: &[f32], slopes: &[f32], d: &mut [f32], sums: &mut [f32]) {
    backward_at(Level::best(), x, slopes, d, sums);
}

fn backward_at(level: Level, x: &[f32], slopes: &[f32], d: &mut [f32], sums: &mut [f32]) {
    let n = d.len();
    assert!(x.len() == n && slopes.len() == n && sums.len() == n);
    let (x, slopes, d, sums) = (x.as_ptr(), slopes.as_ptr(), d.as_mut_ptr(), sums.as_mut_ptr());
    // SAFETY: the lengths are checked.
    unsafe { gradients(level, x, slopes, d, sums, n) };
}

kernel!(
    unsafe fn values(x: *const f32, slopes: *const f32, y: *mut f32, n: usize) = values_lanes
);

/// # Safety
/// All point at `n` floats.
#[inline(always)]
unsafe fn values_lanes<V: Lanes>(x: *const f32, slopes: *const f32, y: *mut f32, n: usize) {
    for first in (0..n).step_by(V::COUNT) {
        let count = V::COUNT.min(n - first);
        // SAFETY: `count` floats are left.
        unsafe {
            let x = V::load_up_to(x.add(first), count);
            let below = x.mul(V::load_up_to(slopes.add(first), count));
            V::splat(0.0).if_less(x, x, below).store_up_to(y.add(first), count);
        }
    }
}

kernel!(
    unsafe fn gradients(
        x: *const f32,
        slopes: *const f32,
        d: *mut f32,
        sums: *mut f32,
        n: usize,
    ) = gradients_lanes
);

/// # Safety
/// All point at `n` floats.
#[inline(always)]
unsafe fn gradients_lanes<V: Lanes>(
    x: *const f32,
    slopes: *const f32,
    d: *mut f32,
    sums: *mut f32,
    n: usize,
) {
    for first in (0..n).step_by(V::COUNT) {
        let count = V::COUNT.min(n - first);
        // SAFETY: `count` floats are left.
        unsafe {
            let zero = V::splat(0.0);
            let x = V::load_up_to(x.add(first), count);
            let dy = V::load_up_to(d.add(first), count);
            let slope = V::load_up_to(slopes.add(first), count);
            zero.if_less(x, dy, dy.mul(slope)).store_up_to(d.add(first), count);
            let share = zero.if_less(x, zero, dy.mul(x));
            let sum = V::load_up_to(sums.add(first), count);
            sum.add(share).store_up_to(sums.add(first), count);
        }
    }
}
