//! Products of two halves, of which one opens the other: `Glu` and `Swiglu`.

#[cfg(test)]
mod tests;

use super::math::sigmoid;
use crate::engine::simd::{Lanes, Level, kernel};

/// What lies in memory as `[blocks, 2, half]` becomes `[blocks, half]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gated {
    half: usize,
    /// a · sigmoid(a) · b of the halves a and b, instead of a · sigmoid(b).
    swish: bool,
    level: Level,
}

impl Gated {
    /// # Panics
    /// If there is nothing to halve.
    pub(crate) fn new(half: usize, swish: bool) -> Self {
        Self::at_level(half, swish, Level::best())
    }

    fn at_level(half: usize, swish: bool, level: Level) -> Self {
        assert!(half > 0);
        Gated { half, swish, level: level.fitting(half) }
    }

    /// Overwrites `y`.
    pub(crate) fn forward(&self, x: &[f32], y: &mut [f32]) {
        let job = self.job(x.len(), y.len());
        // SAFETY: the lengths are checked.
        unsafe { forward(self.level, &job, x.as_ptr(), y.as_mut_ptr()) };
    }

    /// Adds to `dx`, or overwrites it.
    pub(crate) fn backward(&self, x: &[f32], dy: &[f32], dx: &mut [f32], overwrite: bool) {
        let job = self.job(x.len(), dy.len());
        assert_eq!(x.len(), dx.len());
        let (x, dy, dx) = (x.as_ptr(), dy.as_ptr(), dx.as_mut_ptr());
        // SAFETY: the lengths are checked.
        unsafe { backward(self.level, &job, x, dy, dx, overwrite) };
    }

    fn job(&self, x: usize, y: usize) -> Job {
        let &Gated { half, swish, .. } = self;
        assert!(y.is_multiple_of(half) && x == 2 * y);
        Job { blocks: y / half, half, swish }
    }
}

struct Job {
    blocks: usize,
    half: usize,
    swish: bool,
}

kernel!(unsafe fn forward(job: &Job, x: *const f32, y: *mut f32) = forward_lanes);

/// # Safety
/// `y` holds `blocks` · `half` floats, `x` twice as many.
#[inline(always)]
unsafe fn forward_lanes<V: Lanes>(job: &Job, x: *const f32, y: *mut f32) {
    let &Job { blocks, half, swish } = job;
    for block in 0..blocks {
        for first in (0..half).step_by(V::COUNT) {
            let count = V::COUNT.min(half - first);
            // SAFETY: the blocks lie one behind the other, and `count` floats are left.
            unsafe {
                let from = x.add(2 * block * half + first);
                let (a, b) = (V::load_up_to(from, count), V::load_up_to(from.add(half), count));
                let value = match swish {
                    true => a.mul(sigmoid(a)).mul(b),
                    false => a.mul(sigmoid(b)),
                };
                value.store_up_to(y.add(block * half + first), count);
            }
        }
    }
}

kernel!(
    unsafe fn backward(
        job: &Job,
        x: *const f32,
        dy: *const f32,
        dx: *mut f32,
        overwrite: bool,
    ) = backward_lanes
);

/// # Safety
/// `dy` holds `blocks` · `half` floats, `x` and `dx` twice as many.
#[inline(always)]
unsafe fn backward_lanes<V: Lanes>(
    job: &Job,
    x: *const f32,
    dy: *const f32,
    dx: *mut f32,
    overwrite: bool,
) {
    let &Job { blocks, half, swish } = job;
    for block in 0..blocks {
        for first in (0..half).step_by(V::COUNT) {
            let (count, at) = (V::COUNT.min(half - first), 2 * block * half + first);
            // SAFETY: the blocks lie one behind the other, and `count` floats are left.
            unsafe {
                let from = x.add(at);
                let (a, b) = (V::load_up_to(from, count), V::load_up_to(from.add(half), count));
                let d = V::load_up_to(dy.add(block * half + first), count);
                let gradients = if swish { swish_gradients(a, b, d) } else { gradients(a, b, d) };
                for (i, gradient) in gradients.into_iter().enumerate() {
                    let to = dx.add(at + i * half);
                    let old = V::load_up_to(to, count);
                    let sum = if overwrite { gradient } else { gradient.add(old) };
                    sum.store_up_to(to, count);
                }
            }
        }
    }
}

/// Those of a · sigmoid(b), if `d` is that of the value.
#[inline(always)]
unsafe fn gradients<V: Lanes>(a: V, b: V, d: V) -> [V; 2] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let gate = sigmoid(b);
        let slope = gate.mul(V::splat(1.0).sub(gate));
        [d.mul(gate), d.mul(a).mul(slope)]
    }
}

/// Those of a · sigmoid(a) · b.
#[inline(always)]
unsafe fn swish_gradients<V: Lanes>(a: V, b: V, d: V) -> [V; 2] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let gate = sigmoid(a);
        let swish = a.mul(gate);
        let rest = swish.mul(V::splat(1.0).sub(gate));
        let db = d.mul(b);
        [db.mul(gate).add(db.mul(rest)), d.mul(swish)]
    }
}
