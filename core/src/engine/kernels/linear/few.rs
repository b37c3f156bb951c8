//! The forward product of few samples: dot products with the weights as they lie, each weight
//! read once.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

use crate::engine::simd::{Lanes, kernel};

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
            1 => few.samples::<V, 1, 8>(),
            2 => few.samples::<V, 2, 4>(),
            _ => few.samples::<V, 3, 4>(),
        }
    }
}

impl Few {
    /// All outputs of `S` samples, `O` at a time.
    #[inline(always)]
    unsafe fn samples<V: Lanes, const S: usize, const O: usize>(&self) {
        let whole = self.outputs - self.outputs % O;
        // SAFETY: the outputs are the job's.
        unsafe {
            for first in (0..whole).step_by(O) {
                self.tile::<V, S, O>(first);
            }
            for first in whole..self.outputs {
                self.tile::<V, S, 1>(first);
            }
        }
    }

    /// `O` outputs from `first`.
    #[inline(always)]
    unsafe fn tile<V: Lanes, const S: usize, const O: usize>(&self, first: usize) {
        let inputs = self.inputs;
        // SAFETY: the rows are the job's.
        unsafe {
            let weight = self.weight.add(first * inputs);
            let mut sums = [[V::splat(0.0); O]; S];
            let whole = inputs - inputs % V::COUNT;
            for at in (0..whole).step_by(V::COUNT) {
                self.step(weight.add(at), at, V::COUNT, &mut sums);
            }
            if whole < inputs {
                self.step(weight.add(whole), whole, inputs - whole, &mut sums);
            }
            for s in 0..S {
                for o in 0..O {
                    let bias = if self.bias.is_null() { 0.0 } else { *self.bias.add(first + o) };
                    let y = sums[s][o].sum() + bias;
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
