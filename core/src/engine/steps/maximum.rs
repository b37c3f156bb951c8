//! `Max` along one axis.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, two, two_mut};
use crate::engine::kernels::maximum::Maximum;

/// The largest along one axis of each sample, as it lies in memory.
#[derive(Debug)]
pub(crate) struct MaxStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// Where the winners are, for the backward.
    pub(crate) places: Slot,
    pub(crate) kernel: Maximum,
}

impl Step for MaxStep {
    fn describe(&self) -> String {
        let along = self.x.slot.len / self.y.len;
        format!("max over {along} for each of {} floats", self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        // The plan gives the places theirs right behind `y`.
        let split = self.places.range(n).start;
        let (values, places) = chunk.memory.values.split_at_mut(split);
        let (x, y) = two(values, self.x.slot.range(n), self.y.range(n));
        self.kernel.forward(x, y, &mut places[..self.places.len * n]);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.x.input && !call.input_gradient {
            return;
        }
        let n = chunk.n;
        let memory = &mut chunk.memory;
        let (dx, dy) = two_mut(&mut memory.gradients, self.x.slot.range(n), self.y.range(n));
        if self.x.first {
            dx.fill(0.0);
        }
        self.kernel.backward(&memory.values[self.places.range(n)], dy, dx);
    }
}
