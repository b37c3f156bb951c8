//! `Mul`: products element by element, with a number, and a ReLU behind them.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, apart, two_mut};
use crate::engine::kernels::product::{Product, multiply_by};

/// y = by · x₀ · x₁ · …, and a ReLU.
#[derive(Debug)]
pub(crate) struct MulStep {
    pub(crate) from: Vec<Edge>,
    /// Behind all that it takes.
    pub(crate) y: Slot,
    pub(crate) by: f32,
    pub(crate) relu: bool,
}

impl Step for MulStep {
    fn describe(&self) -> String {
        let relu = if self.relu { " + relu" } else { "" };
        match self.from.len() {
            1 => format!("{} times {} floats{relu}", self.by, self.y.len),
            count => format!("product of {count} times {} floats{relu}", self.y.len),
        }
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (around, y) = apart(&mut chunk.memory.values, self.y.range(n));
        let x = |i: usize| around.read(self.from[i].slot.range(n));
        let last = self.from.len() - 1;
        let b = (last > 0).then(|| x(1));
        let first = Product { by: self.by, a: x(0), b, active: None };
        first.write(y, self.relu && last <= 1);
        for i in 2..=last {
            multiply_by(x(i), y, self.relu && last == i);
        }
    }

    /// Of each value `dy` times all others. Backwards: of a value that is taken twice, the last
    /// writes first.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (values, gradients) = (&chunk.memory.values, &mut chunk.memory.gradients);
        let active = self.relu.then(|| &values[self.y.range(n)]);
        for (number, edge) in self.from.iter().enumerate().rev() {
            if edge.input && !call.input_gradient {
                continue;
            }
            let (dx, dy) = two_mut(gradients, edge.slot.range(n), self.y.range(n));
            let others = self.from.iter().enumerate().filter(|(other, _)| *other != number);
            let mut others = others.map(|(_, other)| &values[other.slot.range(n)]);
            let first = Product { by: self.by, a: dy, b: others.next(), active };
            let Some(last) = others.next_back() else {
                first.add(dx, edge.first);
                continue;
            };
            let scratch = &mut chunk.memory.scratch[..self.y.len * n];
            first.write(scratch, false);
            others.for_each(|x| multiply_by(x, scratch, false));
            let all = Product { by: 1.0, a: scratch, b: Some(last), active: None };
            all.add(dx, edge.first);
        }
    }

    fn scratch_len(&self, n: usize) -> usize {
        if self.from.len() > 2 { self.y.len * n } else { 0 }
    }
}
