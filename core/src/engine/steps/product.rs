//! `Mul`: products element by element, times a number.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, two_mut};

/// y = by · x₀ · x₁ · …
#[derive(Debug)]
pub(crate) struct MulStep {
    pub(crate) from: Vec<Edge>,
    /// Behind all that it takes.
    pub(crate) y: Slot,
    pub(crate) by: f32,
}

impl Step for MulStep {
    fn describe(&self) -> String {
        format!("product of {} times {} floats", self.from.len(), self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (before, y) = chunk.memory.values.split_at_mut(self.y.range(n).start);
        let y = &mut y[..self.y.len * n];
        y.fill(self.by);
        for edge in &self.from {
            for (y, x) in y.iter_mut().zip(&before[edge.slot.range(n)]) {
                *y *= x;
            }
        }
    }

    /// Of each value `dy` times all others. Backwards: of a value that is taken twice, the last
    /// writes first.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (values, gradients) = (&chunk.memory.values, &mut chunk.memory.gradients);
        let scratch = &mut chunk.memory.scratch[..self.y.len * n];
        for (number, edge) in self.from.iter().enumerate().rev() {
            if edge.input && !call.input_gradient {
                continue;
            }
            let (dx, dy) = two_mut(gradients, edge.slot.range(n), self.y.range(n));
            for (gradient, dy) in scratch.iter_mut().zip(&*dy) {
                *gradient = self.by * dy;
            }
            let others = self.from.iter().enumerate().filter(|(other, _)| *other != number);
            for (_, other) in others {
                for (gradient, x) in scratch.iter_mut().zip(&values[other.slot.range(n)]) {
                    *gradient *= x;
                }
            }
            match edge.first {
                true => dx.copy_from_slice(scratch),
                false => super::add(scratch, dx),
            }
        }
    }

    fn scratch_len(&self, n: usize) -> usize {
        self.y.len * n
    }
}
