//! `Glu` and `Swiglu`.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::kernels::gated::Gated;

/// One half of an axis opens the other.
#[derive(Debug)]
pub(crate) struct GatedStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// `glu` or `swiglu`.
    pub(crate) what: &'static str,
    pub(crate) kernel: Gated,
}

impl Step for GatedStep {
    fn describe(&self) -> String {
        format!("{} of {} floats", self.what, self.y.len)
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
        self.kernel.backward(at.x, at.dy, at.dx, self.x.first);
    }
}
