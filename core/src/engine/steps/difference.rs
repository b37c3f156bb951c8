//! `Sub`: differences element by element.

use super::{Call, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot, two_mut};

/// y = a - b
#[derive(Debug)]
pub(crate) struct SubStep {
    pub(crate) a: Edge,
    pub(crate) b: Edge,
    /// Behind both.
    pub(crate) y: Slot,
}

impl Step for SubStep {
    fn describe(&self) -> String {
        format!("difference of {} floats", self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (before, y) = chunk.memory.values.split_at_mut(self.y.range(n).start);
        let (a, b) = (&before[self.a.slot.range(n)], &before[self.b.slot.range(n)]);
        for ((y, a), b) in y.iter_mut().zip(a).zip(b) {
            *y = a - b;
        }
    }

    /// Backwards: of a value that is taken twice, the last writes first.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, gradients) = (chunk.n, &mut chunk.memory.gradients);
        if !self.b.input || call.input_gradient {
            let (dx, dy) = two_mut(gradients, self.b.slot.range(n), self.y.range(n));
            if self.b.first {
                dx.fill(0.0);
            }
            for (dx, dy) in dx.iter_mut().zip(&*dy) {
                *dx -= dy;
            }
        }
        if !self.a.input || call.input_gradient {
            let (dx, dy) = two_mut(gradients, self.a.slot.range(n), self.y.range(n));
            match self.a.first {
                true => dx.copy_from_slice(dy),
                false => add(dy, dx),
            }
        }
    }
}
