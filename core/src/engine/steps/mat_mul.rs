//! `MatMul`: one matrix product for each sample.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, two_mut};

/// y = a · b with `a` of `[rows, inner]` and `b` of `[inner, columns]`.
#[derive(Debug)]
pub(crate) struct MatMulStep {
    pub(crate) a: Edge,
    pub(crate) b: Edge,
    /// Behind both.
    pub(crate) y: Slot,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
}

impl Step for MatMulStep {
    fn describe(&self) -> String {
        let rows = self.y.len / self.columns;
        format!("matrix product [{rows}, {}] x [{}, {}]", self.inner, self.inner, self.columns)
    }

    fn multiply_adds(&self) -> usize {
        self.y.len * self.inner
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (before, y) = chunk.memory.values.split_at_mut(self.y.range(n).start);
        let y = &mut y[..self.y.len * n];
        y.fill(0.0);
        let a = before[self.a.slot.range(n)].chunks_exact(self.a.slot.len);
        let b = before[self.b.slot.range(n)].chunks_exact(self.b.slot.len);
        for ((a, b), y) in a.zip(b).zip(y.chunks_exact_mut(self.y.len)) {
            for (a, y) in a.chunks_exact(self.inner).zip(y.chunks_exact_mut(self.columns)) {
                for (a, b) in a.iter().zip(b.chunks_exact(self.columns)) {
                    add_scaled(*a, b, y);
                }
            }
        }
    }

    /// Backwards: of a value that is taken twice, the last writes first.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (values, gradients) = (&chunk.memory.values, &mut chunk.memory.gradients);
        let samples = |slot: Slot| values[slot.range(n)].chunks_exact(slot.len);
        if !self.b.input || call.input_gradient {
            let (db, dy) = two_mut(gradients, self.b.slot.range(n), self.y.range(n));
            if self.b.first {
                db.fill(0.0);
            }
            let db = db.chunks_exact_mut(self.b.slot.len);
            for ((a, dy), db) in samples(self.a.slot).zip(dy.chunks_exact(self.y.len)).zip(db) {
                for (a, dy) in a.chunks_exact(self.inner).zip(dy.chunks_exact(self.columns)) {
                    for (a, db) in a.iter().zip(db.chunks_exact_mut(self.columns)) {
                        add_scaled(*a, dy, db);
                    }
                }
            }
        }
        if !self.a.input || call.input_gradient {
            let (da, dy) = two_mut(gradients, self.a.slot.range(n), self.y.range(n));
            if self.a.first {
                da.fill(0.0);
            }
            let da = da.chunks_exact_mut(self.a.slot.len);
            for ((b, dy), da) in samples(self.b.slot).zip(dy.chunks_exact(self.y.len)).zip(da) {
                for (da, dy) in da.chunks_exact_mut(self.inner).zip(dy.chunks_exact(self.columns)) {
                    for (da, b) in da.iter_mut().zip(b.chunks_exact(self.columns)) {
                        *da += dot(b, dy);
                    }
                }
            }
        }
    }
}

/// `y += a · x`
fn add_scaled(a: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// Eight partial sums, which the compiler can keep in a vector.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
