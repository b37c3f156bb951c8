//! The matrix products of a `Linear` layer, for many samples: vectors follow each other.
//!
//! Weights are the user's, [outputs, inputs], and never packed. The order of all sums depends on the sizes of the layer alone, so samples may be
//! divided among calls in any way.

mod dot;
mod product;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
mod tile;
#[cfg(test)]
mod timing;

use super::conv::Act;
use crate::engine::simd::{Lanes, Level, kernel};
use dot::Dot;
pub(crate) use product::TILE;
use product::{Left, Product};
use std::ops::Range;
use std::ptr::null;

/// The products of one layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
    inputs: usize,
    outputs: usize,
    /// For rows of as many columns as there are inputs.
    wide: Level,
    /// For rows of as many columns as there are outputs.
    level: Level,
}

impl Linear {
    /// # Panics
    /// If a size is 0, or there are more weights than can be.
    pub(crate) fn new(inputs: usize, outputs: usize) -> Self {
        Self::at_level(inputs, outputs, Level::best())
    }

    fn at_level(inputs: usize, outputs: usize, level: Level) -> Self {
        assert!(inputs > 0 && outputs > 0);
        assert!(outputs.checked_mul(inputs).is_some());
        Linear { inputs, outputs, wide: level.fitting(inputs), level: level.fitting(outputs) }
    }

    /// Overwrites `y` with the products of `n` samples.
    pub(crate) fn forward(
        &self,
        n: usize,
        x: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        act: Act,
        y: &mut [f32],
    ) {
        self.check_samples(n, x, y);
        self.check(weight);
        self.check_bias(bias);
        let dot = Dot {
            n,
            inputs: self.inputs,
            outputs: self.outputs,
            x: x.as_ptr(),
            weight: weight.as_ptr(),
            bias: bias.map_or(null(), <[f32]>::as_ptr),
            relu: act == Act::Relu,
            y: y.as_mut_ptr(),
        };
        // SAFETY: the lengths of all slices are checked.
        unsafe { dot::multiply(self.wide, &dot) };
    }

    /// Adds to `dx`, or overwrites it; `dy` is the gradient before the activation.
    pub(crate) fn backward_input(
        &self,
        n: usize,
        dy: &[f32],
        weight: &[f32],
        overwrite: bool,
        dx: &mut [f32],
    ) {
        self.check_samples(n, dx, dy);
        self.check(weight);
        let product = Product {
            a: Left::Rows(dy.as_ptr()),
            b: weight.as_ptr(),
            c: dx.as_mut_ptr(),
            rows: n,
            depth: self.outputs,
            columns: self.inputs,
            add: !overwrite,
        };
        // SAFETY: the lengths of all slices are checked above.
        unsafe { product.run(self.wide) };
    }

    /// Adds to the gradients of the weights of some outputs, [outputs of the range, inputs], or
    /// overwrites them; `dy` is the gradient before the activation.
    pub(crate) fn backward_weights(
        &self,
        n: usize,
        x: &[f32],
        dy: &[f32],
        outputs: Range<usize>,
        overwrite: bool,
        dw: &mut [f32],
    ) {
        self.check_samples(n, x, dy);
        assert!(outputs.end <= self.outputs && dw.len() == outputs.len() * self.inputs);
        let product = Product {
            a: Left::Steps(dy.as_ptr().wrapping_add(outputs.start), self.outputs),
            b: x.as_ptr(),
            c: dw.as_mut_ptr(),
            rows: outputs.len(),
            depth: n,
            columns: self.inputs,
            add: !overwrite,
        };
        // SAFETY: the lengths of all slices are checked above.
        unsafe { product.run(self.wide) };
    }

    /// Adds the sums of `dy` over the samples to the gradient of the bias, or overwrites it.
    pub(crate) fn backward_bias(&self, n: usize, dy: &[f32], overwrite: bool, db: &mut [f32]) {
        assert_eq!(Some(dy.len()), n.checked_mul(self.outputs));
        self.check_bias(Some(db));
        let ones = Product {
            a: Left::Steps(&1.0, 0),
            b: dy.as_ptr(),
            c: db.as_mut_ptr(),
            rows: 1,
            depth: n,
            columns: self.outputs,
            add: !overwrite,
        };
        // SAFETY: the lengths of all slices are checked above; of the one, every step is the same.
        unsafe { ones.run(self.level) };
    }

    fn check(&self, weight: &[f32]) {
        assert_eq!(weight.len(), self.outputs * self.inputs);
    }

    fn check_bias(&self, bias: Option<&[f32]>) {
        assert!(bias.is_none_or(|bias| bias.len() == self.outputs));
    }

    fn check_samples(&self, n: usize, x: &[f32], y: &[f32]) {
        assert_eq!(Some(x.len()), n.checked_mul(self.inputs));
        assert_eq!(Some(y.len()), n.checked_mul(self.outputs));
    }
}

/// `dy` becomes 0 where `y`, the output of a ReLU, is at most 0; where `y` is NaN it stays.
pub(crate) fn relu_gradient(y: &[f32], dy: &mut [f32]) {
    // SAFETY: any slices will do.
    unsafe { mask(Level::best(), y, dy) };
}

kernel!(unsafe fn mask(y: &[f32], dy: &mut [f32]) = mask_lanes);

/// # Safety
/// None is needed but that of the vectors.
#[inline(always)]
unsafe fn mask_lanes<V: Lanes>(y: &[f32], dy: &mut [f32]) {
    assert_eq!(y.len(), dy.len());
    for (y, dy) in y.chunks(V::COUNT).zip(dy.chunks_mut(V::COUNT)) {
        // SAFETY: both hold `y.len()` floats, at most a vector.
        unsafe {
            let gradient = V::load_up_to(dy.as_ptr(), y.len());
            let gradient = gradient.where_active(V::load_up_to(y.as_ptr(), y.len()));
            gradient.store_up_to(dy.as_mut_ptr(), y.len());
        }
    }
}
