//! `Sum` and `Mean` along one axis.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::kernels::reduce::Reduce;

/// y = factor · Σ x along one axis of each sample, as it lies in memory.
#[derive(Debug)]
pub(crate) struct ReduceStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// `sum` or `mean`.
    pub(crate) what: &'static str,
    pub(crate) kernel: Reduce,
}

impl Step for ReduceStep {
    fn describe(&self) -> String {
        let along = self.x.slot.len / self.y.len;
        format!("{} over {along} for each of {} floats", self.what, self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        self.kernel.forward(at.x, at.y);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.x.input && !call.input_gradient {
            return;
        }
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), Slot::default());
        self.kernel.backward(at.dy, at.dx, self.x.first);
    }
}
