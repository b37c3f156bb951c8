//! `Upsample2d`: every pixel several times.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::kernels::upsample::Upsample;

/// An image, each pixel of it `scale` times down and across.
#[derive(Debug)]
pub(crate) struct UpsampleStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    pub(crate) scale: [usize; 2],
    pub(crate) kernel: Upsample,
}

impl Step for UpsampleStep {
    fn describe(&self) -> String {
        let [down, across] = self.scale;
        format!("each pixel {down}x{across} times, {} floats", self.y.len)
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
