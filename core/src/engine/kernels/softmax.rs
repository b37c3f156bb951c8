//! `Softmax` and its logarithm along lines: numbers next to each other, or columns that lie side
//! by side.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use super::math::{exp, exps};
use crate::engine::simd::{Lanes, Level, kernel};

/// A block of lines: each has `along` numbers, `behind` apart; there are `behind` lines.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(crate) along: usize,
    pub(crate) behind: usize,
    /// The logarithm instead.
    pub(crate) log: bool,
}

/// The softmax of blocks of lines.
pub(crate) fn forward(block: Block, x: &[f32], y: &mut [f32]) {
    forward_at(Level::best(), block, x, y);
}

fn forward_at(level: Level, block: Block, x: &[f32], y: &mut [f32]) {
    let len = block.along * block.behind;
    for (x, y) in x.chunks_exact(len).zip(y.chunks_exact_mut(len)) {
        // SAFETY: both hold `len` floats.
        unsafe { block_forward(level, block, x.as_ptr(), y.as_mut_ptr()) }
    }
}

/// Makes of the gradient of `y`, in place, that of `x`.
pub(crate) fn backward(block: Block, y: &[f32], d: &mut [f32]) {
    backward_at(Level::best(), block, y, d);
}

fn backward_at(level: Level, block: Block, y: &[f32], d: &mut [f32]) {
    let len = block.along * block.behind;
    for (y, d) in y.chunks_exact(len).zip(d.chunks_exact_mut(len)) {
        // SAFETY: both hold `len` floats.
        unsafe { block_backward(level, block, y.as_ptr(), d.as_mut_ptr()) }
    }
}

/// Makes of logarithms, in place, what they are of.
pub(crate) fn exponentials(x: &mut [f32]) {
    exponentials_at(Level::best(), x);
}

fn exponentials_at(level: Level, x: &mut [f32]) {
    // SAFETY: there are so many floats.
    unsafe { exponentials_of(level, x.as_mut_ptr(), x.len()) }
}

kernel!(unsafe fn exponentials_of(x: *mut f32, len: usize) = exponentials_body);
kernel!(unsafe fn block_forward(block: Block, x: *const f32, y: *mut f32) = forward_body);
kernel!(unsafe fn block_backward(block: Block, y: *const f32, d: *mut f32) = backward_body);

#[inline(always)]
unsafe fn exponentials_body<V: Lanes>(x: *mut f32, len: usize) {
    // SAFETY: every place is below `len`.
    unsafe {
        for i in (0..len).step_by(V::COUNT) {
            let count = V::COUNT.min(len - i);
            exp(V::load_up_to(x.add(i), count)).store_up_to(x.add(i), count);
        }
    }
}

#[inline(always)]
unsafe fn forward_body<V: Lanes>(block: Block, x: *const f32, y: *mut f32) {
    // SAFETY: the block is within what the caller vouches for.
    unsafe {
        if block.behind == 1 {
            return row::<V>(block, x, y);
        }
        for i in (0..block.behind).step_by(V::COUNT) {
            columns::<V>(block, x.add(i), y.add(i), V::COUNT.min(block.behind - i));
        }
    }
}

/// Up to `V::COUNT` columns.
#[inline(always)]
unsafe fn columns<V: Lanes>(block: Block, x: *const f32, y: *mut f32, count: usize) {
    let Block { along, behind, log } = block;
    // SAFETY: every place is within the block.
    unsafe {
        let mut top = V::splat(f32::NEG_INFINITY);
        for j in 0..along {
            top = V::load_up_to(x.add(j * behind), count).at_least(top);
        }
        let mut sum = V::splat(0.0);
        for j in 0..along {
            let centered = V::load_up_to(x.add(j * behind), count).sub(top);
            let e = exp(centered);
            sum = sum.add(e);
            (if log { centered } else { e }).store_up_to(y.add(j * behind), count);
        }
        if log {
            let mut lanes = [1.0_f32; 16];
            sum.store(lanes.as_mut_ptr());
            lanes.iter_mut().for_each(|lane| *lane = lane.ln());
            sum = V::load(lanes.as_ptr());
        }
        for j in 0..along {
            let value = V::load_up_to(y.add(j * behind), count);
            let value = if log { value.sub(sum) } else { value.div(sum) };
            value.store_up_to(y.add(j * behind), count);
        }
    }
}

#[inline(always)]
unsafe fn row<V: Lanes>(block: Block, x: *const f32, y: *mut f32) {
    let Block { along, log, .. } = block;
    // SAFETY: every place is within the row.
    unsafe {
        let top = greatest::<V>(along, x);
        let sum = exponentials_below::<V>(along, top, log, x, y);
        let sum = V::splat(if log { sum.ln() } else { sum });
        for i in (0..along).step_by(V::COUNT) {
            let count = V::COUNT.min(along - i);
            let value = V::load_up_to(y.add(i), count);
            let value = if log { value.sub(sum) } else { value.div(sum) };
            value.store_up_to(y.add(i), count);
        }
    }
}

/// The greatest of a row; NaN may be passed over.
///
/// # Safety
/// `x` holds `along` floats.
#[inline(always)]
pub(super) unsafe fn greatest<V: Lanes>(along: usize, x: *const f32) -> f32 {
    let whole = along / V::COUNT * V::COUNT;
    // SAFETY: every place is within the row.
    unsafe {
        let mut tops = V::splat(f32::NEG_INFINITY);
        for i in (0..whole).step_by(V::COUNT) {
            tops = V::load(x.add(i)).at_least(tops);
        }
        let mut lanes = [f32::NEG_INFINITY; 16];
        tops.store(lanes.as_mut_ptr());
        // By halves: one after the other, each would wait for the one before.
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] = lanes[i].max(lanes[i + half]);
            }
        }
        (whole..along).fold(lanes[0], |top, i| top.max(*x.add(i)))
    }
}

/// Vectors that take each step of the exponential together: one after the other, each would wait for
/// its own step before.
pub(super) const TOGETHER: usize = 4;

/// Writes e to the power of x - top, or x - top where the logarithm is wanted; the sum of the powers.
///
/// # Safety
/// `x` and `y`, which may be the same, hold `along` floats.
#[inline(always)]
pub(super) unsafe fn exponentials_below<V: Lanes>(
    along: usize,
    top: f32,
    log: bool,
    x: *const f32,
    y: *mut f32,
) -> f32 {
    // SAFETY: every place is within the row.
    unsafe {
        let top = V::splat(top);
        let (mut sums, mut rest) = (V::splat(0.0), 0.0);
        let pairs = along - along % (TOGETHER * V::COUNT);
        for i in (0..pairs).step_by(TOGETHER * V::COUNT) {
            let mut centered = [V::splat(0.0); TOGETHER];
            for j in 0..TOGETHER {
                centered[j] = V::load(x.add(i + j * V::COUNT)).sub(top);
            }
            let e = exps(centered);
            for j in 0..TOGETHER {
                (if log { centered[j] } else { e[j] }).store(y.add(i + j * V::COUNT));
                sums = sums.add(e[j]);
            }
        }
        for i in (pairs..along).step_by(V::COUNT) {
            let count = V::COUNT.min(along - i);
            let centered = V::load_up_to(x.add(i), count).sub(top);
            let e = exp(centered);
            (if log { centered } else { e }).store_up_to(y.add(i), count);
            if count == V::COUNT {
                sums = sums.add(e);
            } else {
                let mut last = [0.0_f32; 16];
                e.store_up_to(last.as_mut_ptr(), count);
                rest = last[..count].iter().sum();
            }
        }
        sums.sum() + rest
    }
}

/// What is added up for the gradient of a line: Σ dy · y, or Σ dy for the logarithm.
#[inline(always)]
unsafe fn share<V: Lanes>(log: bool, sum: V, y: V, d: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe { if log { sum.add(d) } else { d.mul_add(y, sum) } }
}

#[inline(always)]
unsafe fn gradient<V: Lanes>(log: bool, sum: V, y: V, d: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe { if log { d.sub(exp(y).mul(sum)) } else { y.mul(d.sub(sum)) } }
}

#[inline(always)]
unsafe fn backward_body<V: Lanes>(block: Block, y: *const f32, d: *mut f32) {
    let Block { along, behind, log } = block;
    // SAFETY: every place is within the block.
    unsafe {
        if behind == 1 {
            let mut sum = V::splat(0.0);
            for i in (0..along).step_by(V::COUNT) {
                let count = V::COUNT.min(along - i);
                let (y, d) = (V::load_up_to(y.add(i), count), V::load_up_to(d.add(i), count));
                sum = share(log, sum, y, d);
            }
            let sum = V::splat(sum.sum());
            for i in (0..along).step_by(V::COUNT) {
                let count = V::COUNT.min(along - i);
                let (y, g) = (V::load_up_to(y.add(i), count), V::load_up_to(d.add(i), count));
                gradient(log, sum, y, g).store_up_to(d.add(i), count);
            }
            return;
        }
        for i in (0..behind).step_by(V::COUNT) {
            let count = V::COUNT.min(behind - i);
            let mut sum = V::splat(0.0);
            for at in (0..along).map(|j| i + j * behind) {
                let (y, d) = (V::load_up_to(y.add(at), count), V::load_up_to(d.add(at), count));
                sum = share(log, sum, y, d);
            }
            for at in (0..along).map(|j| i + j * behind) {
                let (y, g) = (V::load_up_to(y.add(at), count), V::load_up_to(d.add(at), count));
                gradient(log, sum, y, g).store_up_to(d.add(at), count);
            }
        }
    }
}
