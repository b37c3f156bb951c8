//! The matrix products of a `Linear` layer, for many samples: vectors follow each other.
//!
//! Weights are the user's, [outputs, inputs]. The order of all sums depends on the sizes of the layer
//! and on how many samples a call has.

mod dot;
mod lone;
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
use product::{Left, Packing, Product, Right, Start, packed_len, whole_panels};
use std::ops::Range;
use std::ptr::null;

/// From so many samples and outputs on, and up to so many inputs, it pays to bring the weights into
/// the order of the tiles: dot products of short rows spend their time on the sums of vectors.
const MANY: usize = 16;
const BROAD: usize = 32;
const SHORT: usize = 256;

/// What is overwritten begins with nothing.
fn start(overwrite: bool) -> Start {
    if overwrite { Start::Zero } else { Start::There }
}

/// What a product is added to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Onto<'a> {
    /// It overwrites what is there.
    Bias(Option<&'a [f32]>),
    /// What is there.
    Sum,
}

/// The products of one layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear {
    inputs: usize,
    outputs: usize,
    /// Those of packed weights: they may be more.
    packed: usize,
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

    pub(super) fn at_level(inputs: usize, outputs: usize, level: Level) -> Self {
        assert!(inputs > 0 && outputs > 0);
        assert!(outputs.checked_mul(inputs).is_some());
        let (wide, level) = (level.fitting(inputs), level.fitting(outputs));
        Linear { inputs, outputs, packed: outputs, wide, level }
    }

    /// The products of the first outputs, with the packed weights of all: of at least so many.
    pub(crate) fn first(&self, outputs: usize) -> Self {
        let outputs = whole_panels(self.level, outputs.max(1)).min(self.outputs);
        Linear { outputs, ..*self }
    }

    pub(crate) fn outputs(&self) -> usize {
        self.outputs
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
        let bias = bias.map_or(null(), <[f32]>::as_ptr);
        if self.packs(n) && self.inputs <= SHORT {
            let product = Product {
                a: Left::Rows(x.as_ptr()),
                b: Right::Columns(weight.as_ptr()),
                c: y.as_mut_ptr(),
                rows: n,
                depth: self.inputs,
                columns: self.outputs,
                start: if bias.is_null() { Start::Zero } else { Start::Row(bias) },
                relu: act == Act::Relu,
            };
            // SAFETY: the lengths of all slices are checked.
            unsafe { product.run(self.level) };
            return;
        }
        let dot = Dot {
            n,
            inputs: self.inputs,
            outputs: self.outputs,
            x: x.as_ptr(),
            weight: weight.as_ptr(),
            bias,
            relu: act == Act::Relu,
            y: y.as_mut_ptr(),
        };
        // SAFETY: the lengths of all slices are checked.
        unsafe { dot::multiply(self.wide, &dot) };
    }

    /// Floats of weights that are brought into the order of the tiles once, for many products: for
    /// the forward, and for the gradient of the input.
    pub(crate) fn packed_len(&self) -> [usize; 2] {
        let forward = packed_len(self.level, self.inputs, self.packed);
        [forward, packed_len(self.wide, self.packed, self.inputs)]
    }

    /// Whether it pays to pack the weights for so many samples at a time.
    pub(crate) fn packs(&self, n: usize) -> bool {
        n >= MANY && self.outputs >= BROAD
    }

    /// Packs the weights for [`forward_packed`](Self::forward_packed).
    pub(crate) fn pack(&self, weight: &[f32], to: &mut [f32]) {
        self.pack_apart(weight, self.inputs, to);
    }

    /// Packs weights whose rows begin `stride` floats apart.
    pub(crate) fn pack_apart(&self, weight: &[f32], stride: usize, to: &mut [f32]) {
        self.check_apart(weight, stride);
        assert!(self.packed == self.outputs);
        assert_eq!(to.len(), self.packed_len()[0]);
        let from = Right::Columns(weight.as_ptr());
        let (depth, columns, to) = (self.inputs, self.outputs, to.as_mut_ptr());
        // SAFETY: both lengths are checked.
        unsafe { Packing { from, step: stride, depth, columns, to }.run(self.level) };
    }

    /// Packs the weights for [`backward_input_packed`](Self::backward_input_packed).
    pub(crate) fn pack_back(&self, weight: &[f32], to: &mut [f32]) {
        self.pack_back_apart(weight, self.inputs, to);
    }

    /// Packs weights whose rows begin `stride` floats apart.
    pub(crate) fn pack_back_apart(&self, weight: &[f32], stride: usize, to: &mut [f32]) {
        self.check_apart(weight, stride);
        assert!(self.packed == self.outputs);
        assert_eq!(to.len(), self.packed_len()[1]);
        let from = Right::Rows(weight.as_ptr());
        let (depth, columns, to) = (self.outputs, self.inputs, to.as_mut_ptr());
        // SAFETY: both lengths are checked.
        unsafe { Packing { from, step: stride, depth, columns, to }.run(self.wide) };
    }

    /// Adds the products of `n` samples to `y`, or overwrites it with them and the bias; the
    /// activation takes the sum.
    pub(crate) fn forward_packed(
        &self,
        n: usize,
        x: &[f32],
        packed: &[f32],
        onto: Onto<'_>,
        act: Act,
        y: &mut [f32],
    ) {
        self.check_samples(n, x, y);
        assert_eq!(packed.len(), self.packed_len()[0]);
        let start = match onto {
            Onto::Bias(bias) => {
                self.check_bias(bias);
                bias.map_or(Start::Zero, |bias| Start::Row(bias.as_ptr()))
            }
            Onto::Sum => Start::There,
        };
        let product = Product {
            a: Left::Rows(x.as_ptr()),
            b: Right::Packed(packed.as_ptr(), self.inputs),
            c: y.as_mut_ptr(),
            rows: n,
            depth: self.inputs,
            columns: self.outputs,
            start,
            relu: act == Act::Relu,
        };
        // SAFETY: the lengths of all slices are checked.
        unsafe { product.run(self.level) };
    }

    /// [`backward_input`](Self::backward_input) with packed weights.
    pub(crate) fn backward_input_packed(
        &self,
        n: usize,
        dy: &[f32],
        packed: &[f32],
        overwrite: bool,
        dx: &mut [f32],
    ) {
        assert_eq!(packed.len(), self.packed_len()[1]);
        let packed = Right::Packed(packed.as_ptr(), self.packed);
        self.input_gradient(n, dy, packed, overwrite, dx);
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
        self.check(weight);
        self.input_gradient(n, dy, Right::Rows(weight.as_ptr()), overwrite, dx);
    }

    /// `weight` holds all weights.
    fn input_gradient(&self, n: usize, dy: &[f32], weight: Right, overwrite: bool, dx: &mut [f32]) {
        self.check_samples(n, dx, dy);
        let product = Product {
            a: Left::Rows(dy.as_ptr()),
            b: weight,
            c: dx.as_mut_ptr(),
            rows: n,
            depth: self.outputs,
            columns: self.inputs,
            start: start(overwrite),
            relu: false,
        };
        // SAFETY: the lengths of the slices are checked above, that of the weights by the caller.
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
            b: Right::Rows(x.as_ptr()),
            c: dw.as_mut_ptr(),
            rows: outputs.len(),
            depth: n,
            columns: self.inputs,
            start: start(overwrite),
            relu: false,
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
            b: Right::Rows(dy.as_ptr()),
            c: db.as_mut_ptr(),
            rows: 1,
            depth: n,
            columns: self.outputs,
            start: start(overwrite),
            relu: false,
        };
        // SAFETY: the lengths of all slices are checked above; of the one, every step is the same.
        unsafe { ones.run(self.level) };
    }

    fn check(&self, weight: &[f32]) {
        assert_eq!(weight.len(), self.outputs * self.inputs);
    }

    fn check_apart(&self, weight: &[f32], stride: usize) {
        let last = (self.outputs - 1).checked_mul(stride);
        let end = last.and_then(|last| last.checked_add(self.inputs));
        assert!(stride >= self.inputs && end.is_some_and(|end| end <= weight.len()));
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
