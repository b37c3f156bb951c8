//! The forward product: dot products of samples with the weights as they lie.
//!
//! Vectors go along the inputs, so nothing has to be packed, and weights that are changed by every
//! step or used once need no copy. A tile of samples × outputs shares what it loads.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

use super::product::LANES;
use crate::engine::simd::{Lanes, Level, kernel};
use std::mem::MaybeUninit;

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

/// Multiplies. The panel is here for the reason that [`product`](super::product) gives.
///
/// # Safety
/// See [`Dot`].
#[inline(never)]
pub(super) unsafe fn multiply(level: Level, dot: &Dot) {
    let mut panel = Panel(MaybeUninit::uninit());
    // SAFETY: the caller's promises.
    unsafe { multiply_with(level, dot, &mut panel) };
}

kernel!(unsafe fn multiply_with(dot: &Dot, panel: &mut Panel) = dot_lanes);

/// Floats of a panel.
const PANEL: usize = 1 << 13;

/// From so many samples on, weights that do not begin at a cache line are copied to where they do,
/// if a vector is a line: one that lies on two lines takes two reads, and a forward of many samples
/// is bound by reads. Of shorter vectors only some do.
const MANY: usize = 12;

/// Up to so many samples, the weights of the next outputs are asked for ahead: more pass for so long
/// that their way from a far cache is a small part of it, and need the near one for themselves.
const FEW: usize = 48;

/// Room for the weights of a block of outputs.
#[repr(align(64))]
struct Panel(MaybeUninit<[f32; PANEL]>);

/// Weights of some outputs: the first, and the floats from one to the next.
#[derive(Clone, Copy)]
struct Rows {
    first: *const f32,
    stride: usize,
}

/// # Safety
/// See [`Dot`].
#[inline(always)]
unsafe fn dot_lanes<V: Lanes>(dot: &Dot, panel: &mut Panel) {
    // SAFETY: the caller's promises.
    unsafe {
        if const { V::REGISTERS >= 32 } {
            dot.blocks::<V, 8>(panel);
        } else {
            dot.blocks::<V, 4>(panel);
        }
    }
}

impl Dot {
    /// All outputs, `O` at a time: their weights stay near while all samples pass.
    #[inline(always)]
    unsafe fn blocks<V: Lanes, const O: usize>(&self, panel: &mut Panel) {
        let whole = self.outputs - self.outputs % O;
        // SAFETY: the outputs are the job's.
        unsafe {
            for first in (0..whole).step_by(O) {
                let rows = self.rows::<V, O>(first, panel);
                self.samples::<V, O>(first, rows);
            }
            for first in whole..self.outputs {
                let rows = self.rows::<V, 1>(first, panel);
                self.samples::<V, 1>(first, rows);
            }
        }
    }

    /// The weights of `O` outputs, where vectors of them are read fastest.
    #[inline(always)]
    unsafe fn rows<V: Lanes, const O: usize>(&self, first: usize, panel: &mut Panel) -> Rows {
        let inputs = self.inputs;
        let stride = inputs.next_multiple_of(V::COUNT);
        // SAFETY: the rows are the job's, and the panel has room for as many.
        unsafe {
            let from = self.weight.add(first * inputs);
            let on_lines = from.addr().is_multiple_of(64) && stride == inputs;
            if V::COUNT < LANES || self.n < MANY || on_lines || O * stride > PANEL {
                return Rows { first: from, stride: inputs };
            }
            let to = panel.0.as_mut_ptr().cast::<f32>();
            for o in 0..O {
                from.add(o * inputs).copy_to_nonoverlapping(to.add(o * stride), inputs);
            }
            Rows { first: to, stride }
        }
    }

    /// All samples, three at a time.
    #[inline(always)]
    unsafe fn samples<V: Lanes, const O: usize>(&self, first: usize, rows: Rows) {
        let whole = self.n - self.n % 3;
        // SAFETY: the samples are the job's.
        unsafe {
            for sample in (0..whole).step_by(3) {
                if self.n <= FEW {
                    self.ask_ahead::<V, O>(sample, first + O);
                }
                self.tile::<V, 3, O>(sample, first, rows);
            }
            match self.n - whole {
                2 => self.tile::<V, 2, O>(whole, first, rows),
                1 => self.tile::<V, 1, O>(whole, first, rows),
                _ => {}
            }
        }
    }

    /// Asks for a part of the next outputs' weights, so that all are near when their turn comes.
    #[inline(always)]
    unsafe fn ask_ahead<V: Lanes, const O: usize>(&self, sample: usize, next: usize) {
        let len = O * self.inputs;
        let part = (3 * len).div_ceil(self.n).next_multiple_of(LANES);
        let from = self.weight.wrapping_add(next * self.inputs + sample / 3 * part);
        for line in 0..part / LANES {
            // SAFETY: a hint may go anywhere.
            unsafe { V::prefetch(from.wrapping_add(line * LANES)) };
        }
    }

    /// `S` samples × `O` outputs.
    #[inline(always)]
    unsafe fn tile<V: Lanes, const S: usize, const O: usize>(
        &self,
        sample: usize,
        first: usize,
        rows: Rows,
    ) {
        let inputs = self.inputs;
        // SAFETY: the rows are the job's.
        unsafe {
            let x = self.x.add(sample * inputs);
            let weight = rows.first;
            let mut sums = [[V::splat(0.0); O]; S];
            let whole = inputs - inputs % V::COUNT;
            for at in (0..whole).step_by(V::COUNT) {
                self.step(x.add(at), weight.add(at), rows.stride, V::COUNT, &mut sums);
            }
            if whole < inputs {
                let (x, weight) = (x.add(whole), weight.add(whole));
                self.step(x, weight, rows.stride, inputs - whole, &mut sums);
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
        stride: usize,
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
                if S == 1 {
                    // A lone sample is bound by the weights' way from a far cache, and each row is
                    // too short for the processor to foresee the next.
                    V::prefetch(weight.wrapping_add((o + O) * stride));
                }
                let weight = V::load_up_to(weight.add(o * stride), count);
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
