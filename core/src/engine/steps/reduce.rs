//! `Sum` and `Mean` along one axis.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot};

/// y = factor · Σ x along one axis of each sample, as it lies in memory.
#[derive(Debug)]
pub(crate) struct ReduceStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// The size of the axis.
    pub(crate) along: usize,
    /// How far apart its elements are.
    pub(crate) behind: usize,
    pub(crate) factor: f32,
}

impl Step for ReduceStep {
    fn describe(&self) -> String {
        let what = if self.factor == 1.0 { "sum" } else { "mean" };
        format!("{what} over {} for each of {} floats", self.along, self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        let blocks = at.x.chunks_exact(self.along * self.behind);
        for (x, y) in blocks.zip(at.y.chunks_exact_mut(self.behind)) {
            y.fill(0.0);
            for row in x.chunks_exact(self.behind) {
                super::add(row, y);
            }
            y.iter_mut().for_each(|y| *y *= self.factor);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.x.input && !call.input_gradient {
            return;
        }
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), Slot::default());
        if self.x.first {
            at.dx.fill(0.0);
        }
        let blocks = at.dx.chunks_exact_mut(self.along * self.behind);
        for (dx, dy) in blocks.zip(at.dy.chunks_exact(self.behind)) {
            for row in dx.chunks_exact_mut(self.behind) {
                for (dx, dy) in row.iter_mut().zip(dy) {
                    *dx += self.factor * dy;
                }
            }
        }
    }
}
