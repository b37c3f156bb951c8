//! `Sub`: differences element by element, with a ReLU behind them.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, apart, two_mut};
use crate::engine::kernels::sum::{difference, pass_gradient, pass_negative};

/// y = a - b, and a ReLU.
#[derive(Debug)]
pub(crate) struct SubStep {
    pub(crate) a: Edge,
    pub(crate) b: Edge,
    /// Behind both.
    pub(crate) y: Slot,
    pub(crate) relu: bool,
}

impl Step for SubStep {
    fn describe(&self) -> String {
        let relu = if self.relu { " + relu" } else { "" };
        format!("difference of {} floats{relu}", self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (around, y) = apart(&mut chunk.memory.values, self.y.range(n));
        let (a, b) = (around.read(self.a.slot.range(n)), around.read(self.b.slot.range(n)));
        difference(a, b, y, self.relu);
    }

    /// Backwards: of a value that is taken twice, the last writes first.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, gradients) = (chunk.n, &mut chunk.memory.gradients);
        let y = self.relu.then_some(&chunk.memory.values[self.y.range(n)]);
        if !self.b.input || call.input_gradient {
            let (dx, dy) = two_mut(gradients, self.b.slot.range(n), self.y.range(n));
            pass_negative(dy, y, dx, self.b.first);
        }
        if !self.a.input || call.input_gradient {
            let (dx, dy) = two_mut(gradients, self.a.slot.range(n), self.y.range(n));
            pass_gradient(dy, y, dx, self.a.first);
        }
    }
}
