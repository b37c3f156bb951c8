//! The forward product of few samples: dot products with the weights as they lie, each weight
//! read once.

use crate::engine::simd::{Lanes, kernel};

/// Outputs that are computed at a time.
const OUTPUTS: usize = 4;

/// y = x · wᵀ + bias.
///
/// # Safety
/// `x` holds `n` × `inputs` floats, `weight` `outputs` × `inputs`, `y` `n` × `outputs`, and `bias`
/// is null or holds `outputs`. `n` is 1, 2 or 3.
#[derive(Clone, Copy)]
pub(super) struct Few {
    pub n: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub x: *const f32,
    pub weight: *const f32,
    pub bias: *const f32,
    pub relu: bool,
    pub y: *mut f32,
}

kernel!(pub(super) unsafe fn multiply_few(few: &Few) = few_lanes);

/// # Safety
/// See [`Few`].
#[inline(always)]
unsafe fn few_lanes<V: Lanes>(few: &Few) {
    // SAFETY: the caller's promises.
    unsafe {
        match few.n {
            1 => few.samples::<V, 1, 2>(),
            2 => few.samples::<V, 2, 1>(),
            _ => few.samples::<V, 3, 1>(),
        }
    }
}

impl Few {
    /// All outputs of `S` samples, in `U` sums each.
    #[inline(always)]
    unsafe fn samples<V: Lanes, const S: usize, const U: usize>(&self) {
        let whole = self.outputs - self.outputs % OUTPUTS;
        // SAFETY: the outputs are the job's.
        unsafe {
            for first in (0..whole).step_by(OUTPUTS) {
                self.tile::<V, S, OUTPUTS, U>(first);
            }
            for first in whole..self.outputs {
                self.tile::<V, S, 1, U>(first);
            }
        }
    }

    /// `O` outputs from `first`.
    #[inline(always)]
    unsafe fn tile<V: Lanes, const S: usize, const O: usize, const U: usize>(&self, first: usize) {
        let inputs = self.inputs;
        // SAFETY: the rows are the job's.
        unsafe {
            let weight = self.weight.add(first * inputs);
            let mut sums = [[[V::splat(0.0); O]; S]; U];
            let mut at = 0;
            while at + U * V::COUNT <= inputs {
                for u in 0..U {
                    self.step(weight.add(at), at, V::COUNT, &mut sums[u]);
                    at += V::COUNT;
                }
            }
            while at < inputs {
                let count = V::COUNT.min(inputs - at);
                self.step(weight.add(at), at, count, &mut sums[0]);
                at += count;
            }
            for s in 0..S {
                for o in 0..O {
                    let whole = sums[1..].iter().fold(sums[0][s][o], |a, b| a.add(b[s][o]));
                    let bias = if self.bias.is_null() { 0.0 } else { *self.bias.add(first + o) };
                    let y = whole.sum() + bias;
                    let y = if self.relu && y <= 0.0 { 0.0 } else { y };
                    *self.y.add(s * self.outputs + first + o) = y;
                }
            }
        }
    }

    /// Adds the products of `count` inputs from `at`.
    #[inline(always)]
    unsafe fn step<V: Lanes, const S: usize, const O: usize>(
        &self,
        weight: *const f32,
        at: usize,
        count: usize,
        sums: &mut [[V; O]; S],
    ) {
        // SAFETY: the floats lie inside the rows.
        unsafe {
            let mut x = [V::splat(0.0); S];
            for s in 0..S {
                x[s] = V::load_up_to(self.x.add(s * self.inputs + at), count);
            }
            for o in 0..O {
                let weight = V::load_up_to(weight.add(o * self.inputs), count);
                for s in 0..S {
                    sums[s][o] = x[s].mul_add(weight, sums[s][o]);
                }
            }
        }
    }
}
