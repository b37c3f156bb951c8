//! `Embedding`: rows of a table.

use super::{Call, Source, Step, largest};
use crate::engine::chunk::{Chunk, Slot};
use crate::engine::kernels::rows::Rows;
use crate::engine::rows::{Origin, Use};

/// `y[i] = weight[index[i]]`
#[derive(Debug)]
pub(crate) struct EmbeddingStep {
    /// The number of the network's input that holds the indices.
    pub(crate) input: usize,
    /// Rows of the table.
    pub(crate) entries: usize,
    /// Floats of a row.
    pub(crate) width: usize,
    /// The number of the parameter.
    pub(crate) weight: usize,
    /// The index whose row has no gradient.
    pub(crate) padding: Option<usize>,
    pub(crate) y: Slot,
}

impl EmbeddingStep {
    /// The indices of a chunk, `each` for each sample.
    pub(super) fn indices<'a>(
        &self,
        inputs: &[Source<'a>],
        chunk: &Chunk,
        each: usize,
    ) -> &'a [usize] {
        match inputs[self.input] {
            Source::Indices(indices) => {
                &indices[chunk.first * each..(chunk.first + chunk.n) * each]
            }
            Source::Floats(_) => &[],
        }
    }

    fn rows<'a>(&self, inputs: &[Source<'a>], chunk: &Chunk) -> &'a [usize] {
        self.indices(inputs, chunk, self.y.len / self.width)
    }
}

impl Step for EmbeddingStep {
    fn describe(&self) -> String {
        format!("embedding {} -> {}", self.entries, self.width)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let numbers = self.rows(call.inputs, chunk);
        let rows = Rows { table: call.params[self.weight], width: self.width, numbers };
        rows.copy(&mut chunk.memory.values[self.y.range(chunk.n)]);
    }

    /// The gradient of the table is made of rows that are in the chunk already.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if call.by_rows {
            let most = largest(&chunk.memory.gradients[self.y.range(chunk.n)]);
            chunk.largest = chunk.largest.max(most);
        }
    }

    fn table(&self) -> Option<usize> {
        Some(self.weight)
    }

    fn uses(&self, inputs: &[Source<'_>], chunk: &Chunk, origin: Origin, to: &mut Vec<Use>) {
        let places = self.y.range(chunk.n).step_by(self.width);
        for (at, &index) in places.zip(self.rows(inputs, chunk)) {
            if Some(index) != self.padding {
                to.push(origin.gradient(index, at, 1.0));
            }
        }
    }
}
