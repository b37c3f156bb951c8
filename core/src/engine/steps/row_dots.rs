//! The products of rows of a table and a vector: `MatMul` of an `Embedding` and a column, where the
//! rows are read where they lie.

use super::{Call, Source, Step, largest};
use crate::engine::chunk::{Chunk, Edge, two, two_mut};
use crate::engine::kernels::rows::Rows;
use crate::engine::rows::{Origin, Use};
use crate::engine::steps::EmbeddingStep;

/// `y[i] = weight[index[i]] · x`; the gradient of a row is `x`, by that of its product.
#[derive(Debug)]
pub(crate) struct RowDotsStep {
    /// Where the rows come from; its `y` is this step's.
    pub(crate) rows: EmbeddingStep,
    pub(crate) x: Edge,
}

impl RowDotsStep {
    fn rows<'a>(&self, call: &Call<'a>, chunk: &Chunk) -> Rows<'a> {
        let numbers = self.rows.indices(call.inputs, chunk, self.rows.y.len);
        Rows { table: call.params[self.rows.weight], width: self.rows.width, numbers }
    }
}

impl Step for RowDotsStep {
    fn describe(&self) -> String {
        let EmbeddingStep { entries, width, y, .. } = self.rows;
        format!("embedding {entries} -> {width}, products of {} rows and a vector", y.len)
    }

    fn multiply_adds(&self) -> usize {
        self.rows.y.len * self.rows.width
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, rows) = (chunk.n, self.rows(call, chunk));
        let (x, y) = two(&mut chunk.memory.values, self.x.slot.range(n), self.rows.y.range(n));
        rows.dots(x, y);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, rows) = (chunk.n, self.rows(call, chunk));
        let (x, y) = (self.x.slot.range(n), self.rows.y.range(n));
        if call.by_rows {
            let most = largest(&chunk.memory.values[x.clone()]);
            chunk.largest = chunk.largest.max(most * largest(&chunk.memory.gradients[y.clone()]));
        }
        if !self.x.input || call.input_gradient {
            let (dx, dy) = two_mut(&mut chunk.memory.gradients, x, y);
            rows.combine(dy, dx, self.x.first);
        }
    }

    fn table_floats(&self) -> usize {
        self.multiply_adds()
    }

    fn table(&self) -> Option<usize> {
        Some(self.rows.weight)
    }

    fn uses(&self, inputs: &[Source<'_>], chunk: &Chunk, origin: Origin, to: &mut Vec<Use>) {
        let each = self.rows.y.len;
        let factors = &chunk.memory.gradients[self.rows.y.range(chunk.n)];
        let first = self.x.slot.range(chunk.n).start;
        let indices = self.rows.indices(inputs, chunk, each);
        for (i, (&index, &factor)) in indices.iter().zip(factors).enumerate() {
            if Some(index) != self.rows.padding {
                to.push(origin.value(index, first + i / each * self.rows.width, factor));
            }
        }
    }
}
