//! A value once more, with a gradient of its own.

use super::{Call, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot};

/// For values that are outputs or get another shape, and are used elsewhere too.
#[derive(Debug)]
pub(crate) struct Copied {
    pub(crate) from: Edge,
    pub(crate) to: Slot,
}

impl Step for Copied {
    fn describe(&self) -> String {
        format!("copy of {} floats", self.to.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let at = chunk.forward(self.from.slot, self.to, Slot::default());
        at.y.copy_from_slice(at.x);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.from.input && !call.input_gradient {
            return;
        }
        let at = chunk.backward(self.from.slot, self.to, Slot::default(), Slot::default());
        match self.from.first {
            true => at.dx.copy_from_slice(at.dy),
            false => add(at.dy, at.dx),
        }
    }
}
