//! The memory that steps work in: some samples of a batch, with all their values.

use std::ops::Range;

/// Where a value lies: `offset · n .. (offset + len) · n` of a chunk of `n` samples, one sample
/// after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Before it, for each sample.
    pub(crate) offset: usize,
    /// Elements of each sample.
    pub(crate) len: usize,
}

impl Slot {
    /// The value of all `n` samples.
    pub(crate) fn range(self, n: usize) -> Range<usize> {
        self.offset * n..(self.offset + self.len) * n
    }
}

/// The values of some samples, their gradients, and what a step remembers for its backward.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Values.
    pub(crate) values: Vec<f32>,
    /// Gradients of the values, at the same places.
    pub(crate) gradients: Vec<f32>,
    /// Bytes: positions of winners.
    pub(crate) bytes: Vec<u8>,
    /// Gradients of the parameters, in the steps' own layouts.
    pub(crate) parameters: Vec<f32>,
    /// Working memory of one step.
    pub(crate) scratch: Vec<f32>,
}

/// Some samples of a batch.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The number of the first sample in its batch.
    pub(crate) first: usize,
    /// How many samples.
    pub(crate) n: usize,
    /// Their memory.
    pub(crate) memory: Memory,
}

impl Chunk {
    /// A value to read, and one to write.
    pub(crate) fn pair(&mut self, read: Slot, write: Slot) -> (&[f32], &mut [f32]) {
        two(&mut self.memory.values, read.range(self.n), write.range(self.n))
    }

    /// A value.
    pub(crate) fn value(&self, slot: Slot) -> &[f32] {
        &self.memory.values[slot.range(self.n)]
    }

    /// The gradient of a value.
    pub(crate) fn gradient(&mut self, slot: Slot) -> &mut [f32] {
        &mut self.memory.gradients[slot.range(self.n)]
    }

    /// The gradient of one value to read, and of another to add to.
    pub(crate) fn gradients(&mut self, read: Slot, add: Slot) -> (&[f32], &mut [f32]) {
        two(&mut self.memory.gradients, read.range(self.n), add.range(self.n))
    }
}

/// Two parts of one buffer that do not overlap, which the plan sees to.
fn two(buffer: &mut [f32], read: Range<usize>, write: Range<usize>) -> (&[f32], &mut [f32]) {
    if read.end <= write.start {
        let (left, right) = buffer.split_at_mut(write.start);
        (&left[read], &mut right[..write.end - write.start])
    } else {
        let (left, right) = buffer.split_at_mut(read.start);
        (&right[..read.end - read.start], &mut left[write])
    }
}
