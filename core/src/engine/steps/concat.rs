//! `Concat`: rows joined end to end.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, two, two_mut};
use std::ops::Range;

/// A value, and where its rows lie in the joined ones.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) edge: Edge,
    pub(crate) columns: Range<usize>,
}

/// Each row of `y` is a row of every value it takes, one behind the other.
#[derive(Debug)]
pub(crate) struct ConcatStep {
    pub(crate) from: Vec<Part>,
    pub(crate) y: Slot,
    /// The length of the joined rows.
    pub(crate) width: usize,
}

impl Step for ConcatStep {
    fn describe(&self) -> String {
        let widths: Vec<_> = self.from.iter().map(|part| part.columns.len().to_string()).collect();
        format!("joins rows of {}", widths.join(" + "))
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        for Part { edge, columns } in &self.from {
            let (x, y) = two(&mut chunk.memory.values, edge.slot.range(n), self.y.range(n));
            for (x, y) in x.chunks_exact(columns.len()).zip(y.chunks_exact_mut(self.width)) {
                y[columns.clone()].copy_from_slice(x);
            }
        }
    }

    /// Backwards: of a value that is taken twice, the last writes first.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        for Part { edge, columns } in self.from.iter().rev() {
            if edge.input && !call.input_gradient {
                continue;
            }
            let parts = (edge.slot.range(n), self.y.range(n));
            let (dx, dy) = two_mut(&mut chunk.memory.gradients, parts.0, parts.1);
            for (dx, dy) in dx.chunks_exact_mut(columns.len()).zip(dy.chunks_exact(self.width)) {
                let dy = &dy[columns.clone()];
                if edge.first {
                    dx.copy_from_slice(dy);
                } else {
                    super::add(dy, dx);
                }
            }
        }
    }
}
