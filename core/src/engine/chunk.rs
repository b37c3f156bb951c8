//! The memory that steps work in: some samples of a batch, with all their values.

use super::simd::Floats;
use std::ops::Range;

/// Where a value lies: `offset · n .. (offset + len) · n` of a chunk of `n` samples, one sample
/// after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Before it, for each sample.
    pub(crate) offset: usize,
    /// Elements of each sample.
    pub(crate) len: usize,
}

/// Places begin at a multiple of this: a cache line of floats.
pub(crate) const ALIGNMENT: usize = 16;

impl Slot {
    /// The next `len` elements behind `end`, which moves on to the next cache line.
    pub(crate) fn next(end: &mut usize, len: usize) -> Self {
        let slot = Slot { offset: *end, len };
        *end = (*end + len).next_multiple_of(ALIGNMENT);
        slot
    }

    /// The value of all `n` samples.
    pub(crate) fn range(self, n: usize) -> Range<usize> {
        self.offset * n..(self.offset + self.len) * n
    }
}

/// A value that a step takes, and what becomes of its gradient.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// The value, and its gradient at the same place.
    pub(crate) slot: Slot,
    /// Whether this step is the first to write the gradient, and so overwrites it; later ones add.
    pub(crate) first: bool,
    /// Whether it is the network's input, whose gradient is not always wanted.
    pub(crate) input: bool,
}

/// The values of some samples, their gradients, and what a step remembers for its backward.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Values.
    pub(crate) values: Floats,
    /// Gradients of the values, at the same places.
    pub(crate) gradients: Floats,
    /// Bytes: positions of winners.
    pub(crate) bytes: Vec<u8>,
    /// Gradients of the parameters, in the steps' own layouts: lent by the group.
    pub(crate) parameters: Floats,
    /// Working memory of one step: lent by the group.
    pub(crate) scratch: Floats,
    /// What this chunk adds to the statistics of the next step that wants them.
    pub(crate) statistics: Vec<f64>,
}

/// Some samples of a batch.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The number of the first sample in its batch.
    pub(crate) first: usize,
    /// How many samples: 0 while it is not in use.
    pub(crate) n: usize,
    /// Their memory.
    pub(crate) memory: Memory,
    /// What a loss found.
    pub(crate) found: Found,
    /// No element of a gradient that a use adds to a row is larger than this; infinity if one is
    /// not finite.
    pub(crate) largest: f32,
}

/// What a loss found in some samples.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    /// The sum of the losses.
    pub(crate) loss: f64,
    /// Right answers.
    pub(crate) hits: usize,
}

/// Chunks that run one after the other and add to the same gradients.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Those in use come first.
    pub(crate) chunks: Vec<Chunk>,
    /// Gradients of the parameters, in the steps' own layouts.
    pub(crate) parameters: Floats,
    scratch: Floats,
}

/// Groups of a batch: it depends on no machine, and is as many as threads may share.
pub(crate) const GROUPS: usize = 8;

/// What the chunks of a run must have room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Floats of values of a sample.
    pub(crate) values: usize,
    /// Bytes of a sample.
    pub(crate) bytes: usize,
    /// Floats of gradients of parameters; `None` without a backward.
    pub(crate) gradients: Option<usize>,
    /// Floats of working memory.
    pub(crate) scratch: usize,
}

impl Group {
    /// Takes the samples from `first` to `end`, `size` in a chunk. Memory is only taken beyond what
    /// was ever needed.
    pub(crate) fn begin(&mut self, samples: Range<usize>, size: usize, room: Room) {
        self.scratch.resize(room.scratch);
        if let Some(gradients) = room.gradients {
            self.parameters.resize(gradients);
        }
        let used = samples.len().div_ceil(size);
        if self.chunks.len() < used {
            self.chunks.resize_with(used, Chunk::default);
        }
        self.chunks.iter_mut().for_each(|chunk| chunk.n = 0);
        for (chunk, first) in self.chunks.iter_mut().zip(samples.clone().step_by(size)) {
            (chunk.first, chunk.n) = (first, size.min(samples.end - first));
            let memory = &mut chunk.memory;
            memory.values.resize(room.values * chunk.n);
            memory.bytes.resize(room.bytes * chunk.n, 0);
            if room.gradients.is_some() {
                memory.gradients.resize(room.values * chunk.n);
            }
        }
    }

    /// The chunks in use.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.chunks.iter().take_while(|chunk| chunk.n > 0)
    }

    /// Calls `each` for every chunk in use, with this group's memory lent to it.
    pub(crate) fn each(&mut self, each: &impl Fn(&mut Chunk)) {
        for chunk in self.chunks.iter_mut().take_while(|chunk| chunk.n > 0) {
            std::mem::swap(&mut chunk.memory.parameters, &mut self.parameters);
            std::mem::swap(&mut chunk.memory.scratch, &mut self.scratch);
            each(chunk);
            std::mem::swap(&mut chunk.memory.parameters, &mut self.parameters);
            std::mem::swap(&mut chunk.memory.scratch, &mut self.scratch);
        }
    }
}

/// What a forward step works with.
pub(crate) struct Forward<'a> {
    /// The value to read.
    pub(crate) x: &'a [f32],
    /// The value to write.
    pub(crate) y: &'a mut [f32],
    /// Working memory.
    pub(crate) scratch: &'a mut [f32],
    /// Bytes for the backward.
    pub(crate) bytes: &'a mut [u8],
}

/// What a backward step works with.
pub(crate) struct Backward<'a> {
    /// The value that was read.
    pub(crate) x: &'a [f32],
    /// The value that was written.
    pub(crate) y: &'a [f32],
    /// The gradient of `y`; a step may change it in place, nobody reads it afterwards.
    pub(crate) dy: &'a mut [f32],
    /// The gradient of `x`.
    pub(crate) dx: &'a mut [f32],
    /// Working memory.
    pub(crate) scratch: &'a mut [f32],
    /// What the forward left.
    pub(crate) bytes: &'a [u8],
    /// The gradients of this step's parameters.
    pub(crate) parameters: &'a mut [f32],
}

impl Chunk {
    /// For a step with one input.
    pub(crate) fn forward(&mut self, x: Slot, y: Slot, bytes: Slot) -> Forward<'_> {
        let n = self.n;
        let memory = &mut self.memory;
        let (x, y) = two(&mut memory.values, x.range(n), y.range(n));
        Forward { x, y, scratch: &mut memory.scratch, bytes: &mut memory.bytes[bytes.range(n)] }
    }

    /// For a step with one input.
    pub(crate) fn backward(
        &mut self,
        x: Slot,
        y: Slot,
        bytes: Slot,
        parameters: Slot,
    ) -> Backward<'_> {
        let n = self.n;
        let memory = &mut self.memory;
        let (dx, dy) = two_mut(&mut memory.gradients, x.range(n), y.range(n));
        Backward {
            x: &memory.values[x.range(n)],
            y: &memory.values[y.range(n)],
            dy,
            dx,
            scratch: &mut memory.scratch,
            bytes: &memory.bytes[bytes.range(n)],
            parameters: &mut memory.parameters[parameters.range(1)],
        }
    }
}

/// One part of a buffer to read, another to write; the plan sees to it that they do not overlap.
pub(crate) fn two(
    buffer: &mut [f32],
    read: Range<usize>,
    write: Range<usize>,
) -> (&[f32], &mut [f32]) {
    let (read, write) = two_mut(buffer, read, write);
    (read, write)
}

/// What lies around a part of a buffer.
pub(crate) struct Around<'a> {
    before: &'a [f32],
    behind: &'a [f32],
    /// Where `behind` begins.
    end: usize,
}

impl Around<'_> {
    /// Another part; the plan sees to it that it does not overlap the one.
    pub(crate) fn read(&self, range: Range<usize>) -> &[f32] {
        match range.start < self.end {
            true => &self.before[range],
            false => &self.behind[range.start - self.end..range.end - self.end],
        }
    }
}

/// One part of a buffer to write, and what lies around it to read.
pub(crate) fn apart(buffer: &mut [f32], write: Range<usize>) -> (Around<'_>, &mut [f32]) {
    let (before, rest) = buffer.split_at_mut(write.start);
    let (part, behind) = rest.split_at_mut(write.len());
    (Around { before, behind, end: write.end }, part)
}

/// Two parts of a buffer.
pub(crate) fn two_mut(
    buffer: &mut [f32],
    a: Range<usize>,
    b: Range<usize>,
) -> (&mut [f32], &mut [f32]) {
    if a.end <= b.start {
        let (left, right) = buffer.split_at_mut(b.start);
        (&mut left[a], &mut right[..b.end - b.start])
    } else {
        let (left, right) = buffer.split_at_mut(a.start);
        (&mut right[..a.end - a.start], &mut left[b])
    }
}
