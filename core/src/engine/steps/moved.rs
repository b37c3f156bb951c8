//! Layers that move elements and change none: `Permute`, `Slice` and others.

use super::{Call, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::layers::moves::NOTHING;

/// Each block of the output is one of the input.
#[derive(Debug)]
pub(crate) struct MoveStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// Floats of a block.
    block: usize,
    /// Where each block of the output begins in the input, or [`NOTHING`].
    sources: Vec<usize>,
}

impl MoveStep {
    /// From where each float comes: blocks are as long as all runs of neighbours allow.
    pub(crate) fn new(x: Edge, y: Slot, sources: &[usize]) -> Self {
        let next = |from: usize| if from == NOTHING { NOTHING } else { from + 1 };
        let breaks = (1..sources.len()).filter(|&i| sources[i] != next(sources[i - 1]));
        let block = breaks.fold(sources.len(), gcd).max(1);
        let sources = sources.iter().step_by(block).copied().collect();
        MoveStep { x, y, block, sources }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Step for MoveStep {
    fn describe(&self) -> String {
        format!("{} floats moved, {} at a time", self.y.len, self.block)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        let samples = at.x.chunks_exact(self.x.slot.len).zip(at.y.chunks_exact_mut(self.y.len));
        for (x, y) in samples {
            if self.block == 1 {
                let value = |from: &usize| x.get(*from).copied().unwrap_or(0.0);
                y.iter_mut().zip(&self.sources).for_each(|(y, from)| *y = value(from));
                continue;
            }
            for (y, from) in y.chunks_exact_mut(self.block).zip(&self.sources) {
                match *from {
                    NOTHING => y.fill(0.0),
                    from => y.copy_from_slice(&x[from..][..self.block]),
                }
            }
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
        let samples = at.dx.chunks_exact_mut(self.x.slot.len).zip(at.dy.chunks_exact(self.y.len));
        for (dx, dy) in samples {
            if self.block == 1 {
                let moved = dy.iter().zip(&self.sources).filter(|(_, from)| **from != NOTHING);
                moved.for_each(|(dy, from)| dx[*from] += dy);
                continue;
            }
            let moved = dy.chunks_exact(self.block).zip(&self.sources);
            for (dy, from) in moved.filter(|(_, from)| **from != NOTHING) {
                add(dy, &mut dx[*from..][..self.block]);
            }
        }
    }
}
