//! The matrix products of a `Linear` layer, for many samples: vectors follow each other.
//!
//! Weights are the user's, [outputs, inputs]; only the forward product of many samples wants them
//! packed. The order of all sums depends on the sizes of the layer alone, so samples may be
//! divided among calls in any way.

mod few;
mod pack;
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
use few::Few;
use product::{Left, Product, Right};
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
        let widest = outputs.checked_next_multiple_of(level.lanes());
        assert!(widest.is_some_and(|outputs| outputs.checked_mul(inputs).is_some()));
        Linear { inputs, outputs, wide: level.fitting(inputs), level: level.fitting(outputs) }
    }

    /// Floats of the packed weights.
    pub(crate) fn packed_len(&self) -> usize {
        self.inputs * self.outputs.next_multiple_of(self.level.lanes())
    }

    /// Packs weights for [`forward`](Self::forward).
    pub(crate) fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        self.check(weight);
        assert_eq!(packed.len(), self.packed_len());
        let inputs = self.inputs;
        product::each_block(self.outputs, self.level.lanes(), |first, count, width| {
            let weight = &weight[first * inputs..][..count * inputs];
            pack::block(inputs, weight, width, &mut packed[first * inputs..][..width * inputs]);
        });
    }

    /// Overwrites `y` with the products of `n` samples, from packed weights.
    pub(crate) fn forward(
        &self,
        n: usize,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        act: Act,
        y: &mut [f32],
    ) {
        self.check_samples(n, x, y);
        self.check_bias(bias);
        assert_eq!(packed.len(), self.packed_len());
        let product = Product {
            a: Left::Rows(x.as_ptr()),
            b: Right::Packed(packed.as_ptr()),
            c: y.as_mut_ptr(),
            rows: n,
            depth: self.inputs,
            columns: self.outputs,
            add: false,
            bias: bias.map_or(null(), <[f32]>::as_ptr),
            relu: act == Act::Relu,
        };
        // SAFETY: the lengths of all slices are checked above.
        unsafe { product.run(self.level) };
    }

    /// Overwrites `y` with the products of 1, 2 or 3 samples, from the user's weights.
    pub(crate) fn forward_few(
        &self,
        n: usize,
        x: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        act: Act,
        y: &mut [f32],
    ) {
        self.forward_few_range(n, x, weight, bias, act, 0..self.outputs, y);
    }

    /// [`forward_few`](Self::forward_few) of some outputs: `y` is [n, outputs of the range], the
    /// weights and the bias are those of all outputs.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn forward_few_range(
        &self,
        n: usize,
        x: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        act: Act,
        outputs: Range<usize>,
        y: &mut [f32],
    ) {
        assert!((1..=3).contains(&n) && outputs.end <= self.outputs);
        self.check(weight);
        self.check_bias(bias);
        let weight = &weight[outputs.start * self.inputs..outputs.end * self.inputs];
        let bias = bias.map(|bias| &bias[outputs.clone()]);
        assert_eq!(x.len(), n * self.inputs);
        assert_eq!(y.len(), n * outputs.len());
        let few = Few {
            n,
            inputs: self.inputs,
            outputs: outputs.len(),
            x: x.as_ptr(),
            weight: weight.as_ptr(),
            bias: bias.map_or(null(), <[f32]>::as_ptr),
            relu: act == Act::Relu,
            y: y.as_mut_ptr(),
        };
        // SAFETY: the lengths of all slices are checked above.
        unsafe { few::multiply_few(self.wide, &few) };
    }

    /// Adds to `dx`; `dy` is the gradient before the activation.
    pub(crate) fn backward_input(&self, n: usize, dy: &[f32], weight: &[f32], dx: &mut [f32]) {
        self.check_samples(n, dx, dy);
        self.check(weight);
        let product = Product {
            a: Left::Rows(dy.as_ptr()),
            b: Right::Rows(weight.as_ptr()),
            rows: n,
            depth: self.outputs,
            ..Product::sum(dx.as_mut_ptr(), self.inputs)
        };
        // SAFETY: the lengths of all slices are checked above.
        unsafe { product.run(self.wide) };
    }

    /// Adds to the gradients of the weights, [outputs, inputs], and of the bias; `dy` is the
    /// gradient before the activation.
    pub(crate) fn backward_weights(
        &self,
        n: usize,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        db: Option<&mut [f32]>,
    ) {
        self.check_samples(n, x, dy);
        self.check(dw);
        let product = Product {
            a: Left::Steps(dy.as_ptr(), self.outputs),
            b: Right::Rows(x.as_ptr()),
            rows: self.outputs,
            depth: n,
            ..Product::sum(dw.as_mut_ptr(), self.inputs)
        };
        // SAFETY: the lengths of all slices are checked above.
        unsafe { product.run(self.wide) };
        let Some(db) = db else { return };
        self.check_bias(Some(db));
        let ones = Product {
            a: Left::Steps(&1.0, 0),
            b: Right::Rows(dy.as_ptr()),
            rows: 1,
            depth: n,
            ..Product::sum(db.as_mut_ptr(), self.outputs)
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
