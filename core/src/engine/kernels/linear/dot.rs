//! The forward product: dot products of samples with the weights as they lie.
//!
//! Vectors go along the inputs, so nothing has to be packed, and weights that are changed by every
//! step or used once need no copy. A tile of samples × outputs shares what it loads.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

use crate::engine::simd::{Lanes, kernel};

/// y = x · wᵀ + bias.
///
/// # Safety
/// `x` holds `n` × `inputs` floats, `weight` `outputs` × `inputs`, `y` `n` × `outputs`, and `bias`
/// is null or holds `outputs`.
#[derive(Clone, Copy)]
pub(super) struct Dot {
    pub n: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub x: *const f32,
    pub weight: *const f32,
    pub bias: *const f32,
    pub relu: bool,
    pub y: *mut f32,
}

kernel!(pub(super) unsafe fn multiply(dot: &Dot) = dot_lanes);

/// # Safety
/// See [`Dot`].
#[inline(always)]
unsafe fn dot_lanes<V: Lanes>(dot: &Dot) {
    // SAFETY: the caller's promises. Three samples × `O` outputs fill the registers.
    unsafe {
        if const { V::REGISTERS >= 32 } {
            dot.blocks::<V, 8>();
        } else {
            dot.blocks::<V, 4>();
        }
    }
}

impl Dot {
    /// All outputs, `O` at a time: their weights stay near while all samples pass.
    #[inline(always)]
    unsafe fn blocks<V: Lanes, const O: usize>(&self) {
        let whole = self.outputs - self.outputs % O;
        // SAFETY: the outputs are the job's.
        unsafe {
            for first in (0..whole).step_by(O) {
                self.samples::<V, O>(first);
            }
            for first in whole..self.outputs {
                self.samples::<V, 1>(first);
            }
        }
    }

    /// All samples, three at a time.
    #[inline(always)]
    unsafe fn samples<V: Lanes, const O: usize>(&self, first: usize) {
        let whole = self.n - self.n % 3;
        // SAFETY: the samples are the job's.
        unsafe {
            for sample in (0..whole).step_by(3) {
                self.tile::<V, 3, O>(sample, first);
            }
            match self.n - whole {
                2 => self.tile::<V, 2, O>(whole, first),
                1 => self.tile::<V, 1, O>(whole, first),
                _ => {}
            }
        }
    }

    /// `S` samples × `O` outputs.
    #[inline(always)]
    unsafe fn tile<V: Lanes, const S: usize, const O: usize>(&self, sample: usize, first: usize) {
        let inputs = self.inputs;
        // SAFETY: the rows are the job's.
        unsafe {
            let x = self.x.add(sample * inputs);
            let weight = self.weight.add(first * inputs);
            let mut sums = [[V::splat(0.0); O]; S];
            let whole = inputs - inputs % V::COUNT;
            for at in (0..whole).step_by(V::COUNT) {
                self.step(x.add(at), weight.add(at), V::COUNT, &mut sums);
            }
            if whole < inputs {
                self.step(x.add(whole), weight.add(whole), inputs - whole, &mut sums);
            }
            for s in 0..S {
                let y = self.y.add((sample + s) * self.outputs + first);
                if O == 1 {
                    self.store(&[sums[s][0].sum()], first, y);
                } else {
                    for o in (0..O).step_by(4) {
                        let four = [sums[s][o], sums[s][o + 1], sums[s][o + 2], sums[s][o + 3]];
                        self.store(&V::sums(four), first + o, y.add(o));
                    }
                }
            }
        }
    }

    /// Adds the products of `count` inputs.
    #[inline(always)]
    unsafe fn step<V: Lanes, const S: usize, const O: usize>(
        &self,
        from: *const f32,
        weight: *const f32,
        count: usize,
        sums: &mut [[V; O]; S],
    ) {
        // SAFETY: the floats lie inside the rows.
        unsafe {
            let mut x = [V::splat(0.0); S];
            for s in 0..S {
                x[s] = V::load_up_to(from.add(s * self.inputs), count);
            }
            for o in 0..O {
                let weight = V::load_up_to(weight.add(o * self.inputs), count);
                for s in 0..S {
                    sums[s][o] = x[s].mul_add(weight, sums[s][o]);
                }
            }
        }
    }

    /// Writes sums of outputs from `first` with their bias and the activation.
    #[inline(always)]
    unsafe fn store<const N: usize>(&self, sums: &[f32; N], first: usize, y: *mut f32) {
        // SAFETY: the outputs are the job's.
        unsafe {
            let mut out = *sums;
            if !self.bias.is_null() {
                let bias = self.bias.add(first).cast::<[f32; N]>().read_unaligned();
                for i in 0..N {
                    out[i] += bias[i];
                }
            }
            if self.relu {
                for i in 0..N {
                    out[i] = if out[i] <= 0.0 { 0.0 } else { out[i] };
                }
            }
            y.cast::<[f32; N]>().write_unaligned(out);
        }
    }
}
