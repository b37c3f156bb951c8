//! `Embedding`: rows of a table.

use super::{Call, Deliver, Source, Step, add};
use crate::engine::chunk::{Chunk, Slot};

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
    pub(crate) y: Slot,
}

impl EmbeddingStep {
    /// The indices of a chunk.
    fn indices<'a>(&self, inputs: &[Source<'a>], chunk: &Chunk) -> &'a [usize] {
        let each = self.y.len / self.width.max(1);
        match inputs[self.input] {
            Source::Indices(indices) => {
                &indices[chunk.first * each..(chunk.first + chunk.n) * each]
            }
            Source::Floats(_) => &[],
        }
    }
}

impl Step for EmbeddingStep {
    fn describe(&self) -> String {
        format!("embedding {} -> {}", self.entries, self.width)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let indices = self.indices(call.inputs, chunk);
        let weight = call.params[self.weight];
        let rows = chunk.memory.values[self.y.range(chunk.n)].chunks_exact_mut(self.width);
        for (row, index) in rows.zip(indices) {
            row.copy_from_slice(&weight[index * self.width..][..self.width]);
        }
    }

    /// Nothing: the gradient of the table is made of rows that are in the chunk already.
    fn backward(&self, _: &Call<'_>, _: &mut Chunk) {}

    fn deliver_chunk(&self, inputs: &[Source<'_>], chunk: &Chunk, to: &mut Deliver<'_>) {
        let rows = chunk.memory.gradients[self.y.range(chunk.n)].chunks_exact(self.width);
        let rows = rows.zip(self.indices(inputs, chunk));
        to(self.weight, &mut |table| {
            for (row, index) in rows.clone() {
                add(row, &mut table[index * self.width..][..self.width]);
            }
        });
    }
}
