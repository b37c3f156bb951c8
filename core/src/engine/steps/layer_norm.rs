//! `LayerNorm`.

use super::{Call, Deliver, Purpose, Step, add, transpose};
use crate::engine::chunk::{Chunk, Edge, Slot, two, two_mut};
use crate::engine::kernels::layer_norm::{self, Onto};

/// Rows with mean 0 and variance 1, then weight and bias.
#[derive(Debug)]
pub(crate) struct LayerNormStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// What the forward leaves for the backward: [`MOMENTS`] floats for each row.
    pub(crate) moments: Slot,
    /// Floats of a row.
    pub(crate) width: usize,
    pub(crate) eps: f32,
    /// The number of the weight, which the bias follows.
    pub(crate) weight: Option<usize>,
    /// Channels and pixels, where a row is an image in pixels and weight and bias have to be
    /// brought into that order.
    pub(crate) image: Option<[usize; 2]>,
}

impl LayerNormStep {
    /// From the parameter's order into the one of memory.
    fn reorder(&self, from: &[f32], to: &mut [f32]) {
        match self.image {
            Some([channels, pixels]) => transpose(from, to, channels, pixels),
            None => to.copy_from_slice(from),
        }
    }
}

impl Step for LayerNormStep {
    fn describe(&self) -> String {
        let affine = if self.weight.is_some() { " + weight, bias" } else { "" };
        format!("layer norm over {} of {} floats{affine}", self.width, self.y.len)
    }

    fn prepared_len(&self) -> usize {
        self.gradient_len()
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], _: Purpose) {
        let Some(number) = self.weight else { return };
        let (weight, bias) = prepared.split_at_mut(self.width);
        self.reorder(params[number], weight);
        self.reorder(params[number + 1], bias);
    }

    fn gradient_len(&self) -> usize {
        self.weight.map_or(0, |_| 2 * self.width)
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        let Some(number) = self.weight else { return };
        let (weight, bias) = gradients.split_at(self.width);
        for (gradient, number) in [(weight, number), (bias, number + 1)] {
            match self.image {
                // Pixel by pixel: a column of the parameter after the other.
                Some([channels, pixels]) => to(number, &mut |sum| {
                    for (pixel, gradient) in gradient.chunks_exact(channels).enumerate() {
                        for (channel, gradient) in gradient.iter().enumerate() {
                            sum[channel * pixels + pixel] += gradient;
                        }
                    }
                }),
                None => to(number, &mut |sum| add(gradient, sum)),
            }
        }
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        // The plan gives the moments the place right behind `y`.
        let split = self.moments.range(n).start;
        let (values, moments) = chunk.memory.values.split_at_mut(split);
        let (x, y) = two(values, self.x.slot.range(n), self.y.range(n));
        let moments = &mut moments[..self.moments.len * n];
        let affine = self.weight.map(|_| call.prepared.split_at(self.width));
        layer_norm::forward(self.width, x, affine, self.eps, y, moments);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let wanted = !self.x.input || call.input_gradient;
        let memory = &mut chunk.memory;
        let (dx, dy) = two_mut(&mut memory.gradients, self.x.slot.range(n), self.y.range(n));
        let x = &memory.values[self.x.slot.range(n)];
        let moments = &memory.values[self.moments.range(n)];
        let gradients = &mut memory.parameters[call.gradients.range(1)];
        let affine = self.weight.map(|_| {
            let (weight, bias) = gradients.split_at_mut(self.width);
            (&call.prepared[..self.width], weight, bias)
        });
        let to = wanted.then_some(Onto { dx, overwrite: self.x.first });
        layer_norm::backward(self.width, x, moments, affine, dy, to);
    }
}
