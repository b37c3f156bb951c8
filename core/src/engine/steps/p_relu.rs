//! `PRelu`.

use super::{Call, Deliver, Purpose, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::kernels::slopes;

/// Learned slopes below zero. They are spread over a whole sample, so that any layout is one pass
/// of vectors, and so are their gradients.
#[derive(Debug)]
pub(crate) struct PReluStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// The number of the slopes.
    pub(crate) weight: usize,
    /// How many there are, and how many floats have the same one before the next.
    pub(crate) along: usize,
    pub(crate) behind: usize,
}

impl PReluStep {
    /// The slope of each float of a sample.
    fn numbers(&self) -> impl Iterator<Item = usize> {
        (0..self.y.len).map(|i| i / self.behind % self.along)
    }
}

impl Step for PReluStep {
    fn describe(&self) -> String {
        format!("prelu of {} floats, {} slopes", self.y.len, self.along)
    }

    fn prepared_len(&self) -> usize {
        self.y.len
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], _: Purpose) {
        let weight = params[self.weight];
        prepared.iter_mut().zip(self.numbers()).for_each(|(slope, i)| *slope = weight[i]);
    }

    fn gradient_len(&self) -> usize {
        self.y.len
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        to(self.weight, &mut |sum| {
            gradients.iter().zip(self.numbers()).for_each(|(gradient, i)| sum[i] += gradient);
        });
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (at, len) = (chunk.forward(self.x.slot, self.y, Slot::default()), self.y.len);
        for (x, y) in at.x.chunks_exact(len).zip(at.y.chunks_exact_mut(len)) {
            slopes::forward(x, call.prepared, y);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let len = self.y.len;
        let wanted = !self.x.input || call.input_gradient;
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), call.gradients);
        for (x, dy) in at.x.chunks_exact(len).zip(at.dy.chunks_exact_mut(len)) {
            slopes::backward(x, call.prepared, dy, at.parameters);
        }
        match self.x.first {
            _ if !wanted => {}
            true => at.dx.copy_from_slice(at.dy),
            false => add(at.dy, at.dx),
        }
    }
}
