//! `MatMul`: one matrix product for each sample.

use super::enter::add;
use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, apart, two_mut};
use crate::engine::kernels::conv::Act;
use crate::engine::kernels::linear::Linear;

/// y = a · b with `a` of `[rows, inner]` and `b` of `[inner, columns]`.
///
/// With `b` for its weight, a [`Linear`] from `columns` to `inner` has all three products: `y` is
/// the gradient of its input for `a` as that of its output, `b`'s gradient is that of its weight,
/// and `a`'s is its forward from `dy`.
///
/// Where `b` is a column, rows of one float would be slow: there `a` is the weight of a [`Linear`]
/// from `inner` to `rows`, and `y` is its forward from `b`.
#[derive(Debug)]
pub(crate) struct MatMulStep {
    pub(crate) a: Edge,
    pub(crate) b: Edge,
    /// Behind both.
    pub(crate) y: Slot,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
    pub(crate) linear: Linear,
}

impl MatMulStep {
    fn rows(&self) -> usize {
        self.y.len / self.columns
    }
}

impl Step for MatMulStep {
    fn describe(&self) -> String {
        let &MatMulStep { inner, columns, .. } = self;
        format!("matrix product [{}, {inner}] x [{inner}, {columns}]", self.rows())
    }

    fn multiply_adds(&self) -> usize {
        self.y.len * self.inner
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (around, y) = apart(&mut chunk.memory.values, self.y.range(n));
        let a = around.read(self.a.slot.range(n)).chunks_exact(self.a.slot.len);
        let b = around.read(self.b.slot.range(n)).chunks_exact(self.b.slot.len);
        for ((a, b), y) in a.zip(b).zip(y.chunks_exact_mut(self.y.len)) {
            match self.columns {
                1 => self.linear.forward(1, b, a, None, Act::None, y),
                _ => self.linear.backward_input(self.rows(), a, b, true, y),
            }
        }
    }

    /// Backwards: of a value that is taken twice, the last writes first.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, rows) = (chunk.n, self.rows());
        let (values, gradients) = (&chunk.memory.values, &mut chunk.memory.gradients);
        let samples = |slot: Slot| values[slot.range(n)].chunks_exact(slot.len);
        if !self.b.input || call.input_gradient {
            let (db, dy) = two_mut(gradients, self.b.slot.range(n), self.y.range(n));
            let db = db.chunks_exact_mut(self.b.slot.len);
            for ((a, dy), db) in samples(self.a.slot).zip(dy.chunks_exact(self.y.len)).zip(db) {
                match self.columns {
                    1 => self.linear.backward_input(1, dy, a, self.b.first, db),
                    _ => {
                        let all = 0..self.inner;
                        self.linear.backward_weights(rows, dy, a, all, self.b.first, db);
                    }
                }
            }
        }
        if !self.a.input || call.input_gradient {
            let (da, dy) = two_mut(gradients, self.a.slot.range(n), self.y.range(n));
            let da = da.chunks_exact_mut(self.a.slot.len);
            for ((b, dy), da) in samples(self.b.slot).zip(dy.chunks_exact(self.y.len)).zip(da) {
                if self.columns == 1 {
                    self.linear.backward_weights(1, b, dy, 0..rows, self.a.first, da);
                } else if self.a.first {
                    self.linear.forward(rows, dy, b, None, Act::None, da);
                } else {
                    let scratch = &mut chunk.memory.scratch[..da.len()];
                    self.linear.forward(rows, dy, b, None, Act::None, scratch);
                    add(scratch, da);
                }
            }
        }
    }

    fn scratch_len(&self, _: usize) -> usize {
        if self.a.first { 0 } else { self.a.slot.len }
    }
}
