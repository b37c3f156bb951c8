//! `EmbeddingBag`: rows of a table, made one.

use super::{Call, Source, Step, add, largest};
use crate::engine::chunk::{Chunk, Slot};
use crate::engine::rows::{Origin, Use};
use crate::engine::steps::EmbeddingStep;

/// How rows become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Sum,
    Mean,
    Max,
}

#[derive(Debug)]
pub(crate) struct EmbeddingBagStep {
    /// Where the rows come from; its `y` is this step's.
    pub(crate) rows: EmbeddingStep,
    /// Rows of each sample.
    pub(crate) each: usize,
    pub(crate) mode: Mode,
    /// Where each row's part of the gradient of a maximum lies.
    pub(crate) parts: Slot,
}

impl EmbeddingBagStep {
    /// The rows of a sample that count: their places among all of it, and their numbers.
    fn counted<'a>(
        &self,
        sample: &'a [usize],
    ) -> impl Iterator<Item = (usize, usize)> + Clone + 'a {
        let padding = self.rows.padding;
        let numbers = sample.iter().copied().enumerate();
        numbers.filter(move |(_, index)| Some(*index) != padding)
    }

    /// What each row of a sample counts.
    fn share(&self, sample: &[usize]) -> f32 {
        match self.mode {
            Mode::Mean => 1.0 / self.counted(sample).count().max(1) as f32,
            _ => 1.0,
        }
    }

    fn combine(&self, weight: &[f32], sample: &[usize], y: &mut [f32]) {
        let row = |index: usize| &weight[index * self.rows.width..][..self.rows.width];
        let mut rows = self.counted(sample).map(|(_, index)| row(index));
        match rows.next() {
            Some(first) => y.copy_from_slice(first),
            None => return y.fill(0.0),
        }
        match self.mode {
            Mode::Max => {
                for row in rows {
                    y.iter_mut().zip(row).filter(|(y, x)| is_larger(**x, **y)).for_each(larger);
                }
            }
            _ => {
                rows.for_each(|row| add(row, y));
                let share = self.share(sample);
                y.iter_mut().for_each(|y| *y *= share);
            }
        }
    }

    /// Gives the gradient of a maximum to the first row that has it.
    fn give(&self, weight: &[f32], sample: &[usize], dy: &[f32], parts: &mut [f32]) {
        let width = self.rows.width;
        parts.fill(0.0);
        for (column, dy) in dy.iter().enumerate() {
            let elements = self.counted(sample).map(|(i, row)| (i, weight[row * width + column]));
            let winner = elements.reduce(|a, b| if is_larger(b.1, a.1) { b } else { a });
            if let Some((i, _)) = winner {
                parts[i * width + column] = *dy;
            }
        }
    }
}

/// A NaN is larger than all others.
fn is_larger(next: f32, held: f32) -> bool {
    next > held || next.is_nan()
}

fn larger((y, x): (&mut f32, &f32)) {
    *y = *x;
}

impl Step for EmbeddingBagStep {
    fn describe(&self) -> String {
        let EmbeddingStep { entries, width, .. } = self.rows;
        let mode = format!("{:?}", self.mode).to_lowercase();
        format!("embedding {entries} -> {width}, {mode} of {} rows", self.each)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let numbers = self.rows.indices(call.inputs, chunk, self.each);
        let y = chunk.memory.values[self.rows.y.range(chunk.n)].chunks_exact_mut(self.rows.width);
        for (sample, y) in numbers.chunks_exact(self.each).zip(y) {
            self.combine(call.params[self.rows.weight], sample, y);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (y, parts) = (self.rows.y.range(chunk.n), self.parts.range(chunk.n));
        if call.by_rows {
            chunk.largest = chunk.largest.max(largest(&chunk.memory.gradients[y.clone()]));
        }
        if self.mode == Mode::Max {
            let numbers = self.rows.indices(call.inputs, chunk, self.each);
            // The plan gives the parts theirs behind `y`.
            let (gradients, behind) = chunk.memory.gradients.split_at_mut(parts.start);
            let (dy, parts) = (&gradients[y], &mut behind[..parts.len()]);
            let samples = numbers.chunks_exact(self.each).zip(dy.chunks_exact(self.rows.width));
            let parts = parts.chunks_exact_mut(self.each * self.rows.width);
            for ((sample, dy), parts) in samples.zip(parts) {
                self.give(call.params[self.rows.weight], sample, dy, parts);
            }
        }
    }

    fn table(&self) -> Option<usize> {
        Some(self.rows.weight)
    }

    fn uses(&self, inputs: &[Source<'_>], chunk: &Chunk, origin: Origin, to: &mut Vec<Use>) {
        let width = self.rows.width;
        let (y, parts) = (self.rows.y.range(chunk.n).start, self.parts.range(chunk.n).start);
        let numbers = self.rows.indices(inputs, chunk, self.each);
        for (n, sample) in numbers.chunks_exact(self.each).enumerate() {
            let share = self.share(sample);
            for (i, index) in self.counted(sample) {
                let at = match self.mode {
                    Mode::Max => parts + (n * self.each + i) * width,
                    _ => y + n * width,
                };
                to.push(origin.gradient(index, at, share));
            }
        }
    }
}
