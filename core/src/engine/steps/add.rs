//! `Add`: sums, with a ReLU behind them; of one value it is a copy. At the end of a residual the sum
//! takes the place of what its branch gave.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, apart, two_mut};
use crate::engine::kernels::linear::relu_gradient;
use crate::engine::kernels::sum::{accumulate, pass_gradient, sum};

/// y = x₀ + x₁ + …, and a ReLU.
#[derive(Debug)]
pub(crate) struct AddStep {
    pub(crate) from: Vec<Edge>,
    /// Behind all that it takes.
    pub(crate) y: Slot,
    pub(crate) relu: bool,
}

impl Step for AddStep {
    fn describe(&self) -> String {
        let relu = if self.relu { " + relu" } else { "" };
        match self.from.len() {
            1 => format!("copy of {} floats{relu}", self.y.len),
            count => format!("sum of {count} times {} floats{relu}", self.y.len),
        }
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (around, y) = apart(&mut chunk.memory.values, self.y.range(n));
        let x = |i: usize| around.read(self.from[i].slot.range(n));
        let last = self.from.len() - 1;
        if last == 0 {
            return y.copy_from_slice(x(0));
        }
        sum(x(0), x(1), y, self.relu && last == 1);
        for i in 2..=last {
            accumulate(x(i), y, self.relu && last == i);
        }
    }

    /// Backwards: of a value that is taken twice, the last writes first.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let y = self.relu.then_some(&chunk.memory.values[self.y.range(n)]);
        for edge in self.from.iter().rev() {
            if edge.input && !call.input_gradient {
                continue;
            }
            let parts = (edge.slot.range(n), self.y.range(n));
            let (dx, dy) = two_mut(&mut chunk.memory.gradients, parts.0, parts.1);
            pass_gradient(dy, y, dx, edge.first);
        }
    }
}

/// y += skip, and a ReLU: behind a step whose backward does not read what it gave.
#[derive(Debug)]
pub(crate) struct AddIntoStep {
    pub(crate) skip: Edge,
    pub(crate) y: Slot,
    pub(crate) relu: bool,
}

impl Step for AddIntoStep {
    fn describe(&self) -> String {
        let relu = if self.relu { " + relu" } else { "" };
        format!("sum of {} floats in their place{relu}", self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (around, y) = apart(&mut chunk.memory.values, self.y.range(n));
        accumulate(around.read(self.skip.slot.range(n)), y, self.relu);
    }

    /// The gradient of the sum is that of the branch, and lies there already.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let n = chunk.n;
        let (skip, y) = (self.skip.slot.range(n), self.y.range(n));
        if self.relu {
            relu_gradient(&chunk.memory.values[y.clone()], &mut chunk.memory.gradients[y.clone()]);
        }
        if !self.skip.input || call.input_gradient {
            let (dx, dy) = two_mut(&mut chunk.memory.gradients, skip, y);
            pass_gradient(dy, None, dx, self.skip.first);
        }
    }
}
