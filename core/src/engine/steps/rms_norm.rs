//! `RmsNorm`.

use super::{Call, Deliver, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot, two, two_mut};
use crate::engine::kernels::rms_norm;

/// Rows divided by their root mean square, times a weight.
#[derive(Debug)]
pub(crate) struct RmsNormStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// What each row was multiplied with.
    pub(crate) scales: Slot,
    /// Floats of a row.
    pub(crate) width: usize,
    pub(crate) eps: f32,
    /// The number of the weight.
    pub(crate) weight: Option<usize>,
}

impl Step for RmsNormStep {
    fn describe(&self) -> String {
        let weight = if self.weight.is_some() { " + weight" } else { "" };
        format!("rms norm over {} of {} floats{weight}", self.width, self.y.len)
    }

    fn gradient_len(&self) -> usize {
        self.weight.map_or(0, |_| self.width)
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        if let Some(number) = self.weight {
            to(number, &mut |sum| add(gradients, sum));
        }
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        // The plan gives the scales the place right behind `y`.
        let split = self.scales.range(n).start;
        let (values, scales) = chunk.memory.values.split_at_mut(split);
        let (x, y) = two(values, self.x.slot.range(n), self.y.range(n));
        let weight = self.weight.map(|number| call.params[number]);
        let rows = x.chunks_exact(self.width).zip(y.chunks_exact_mut(self.width));
        for ((x, y), scale) in rows.zip(&mut scales[..self.scales.len * n]) {
            *scale = rms_norm::forward(x, weight, self.eps, y);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let memory = &mut chunk.memory;
        let (dx, dy) = two_mut(&mut memory.gradients, self.x.slot.range(n), self.y.range(n));
        let x = memory.values[self.x.slot.range(n)].chunks_exact(self.width);
        let dw = &mut memory.parameters[call.gradients.range(1)];
        let rows = x.zip(dy.chunks_exact_mut(self.width));
        for ((x, d), scale) in rows.zip(&memory.values[self.scales.range(n)]) {
            let weight = self.weight.map(|number| (call.params[number], &mut *dw));
            rms_norm::backward(x, *scale, weight, d);
        }
        match self.x.first {
            _ if self.x.input && !call.input_gradient => {}
            true => dx.copy_from_slice(dy),
            false => add(dy, dx),
        }
    }
}
