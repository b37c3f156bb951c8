//! `Softmax` and `LogSoftmax`.

use super::{Call, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::kernels::softmax::{self, Block};

/// Along one axis of each sample, as it lies in memory.
#[derive(Debug)]
pub(crate) struct SoftmaxStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// The size of the axis.
    pub(crate) along: usize,
    /// How far apart its elements are.
    pub(crate) behind: usize,
    /// The logarithm instead.
    pub(crate) log: bool,
}

impl SoftmaxStep {
    fn block(&self) -> Block {
        Block { along: self.along, behind: self.behind, log: self.log }
    }
}

impl Step for SoftmaxStep {
    fn describe(&self) -> String {
        let log = if self.log { "log " } else { "" };
        format!("{log}softmax over {} of {} floats", self.along, self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        softmax::forward(self.block(), at.x, at.y);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.x.input && !call.input_gradient {
            return;
        }
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), Slot::default());
        softmax::backward(self.block(), at.y, at.dy);
        match self.x.first {
            true => at.dx.copy_from_slice(at.dy),
            false => add(at.dy, at.dx),
        }
    }
}
