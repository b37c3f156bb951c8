//! The attention of `MultiHeadAttention`, between its linear maps.

use super::map::Dropout;
use super::{Call, Source, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, apart};
use crate::engine::kernels::attention::{Attention, Given, Head, LEFT, Rows};

/// Queries, or keys and values: rows of one value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) edge: Edge,
    /// Floats of a row, and where those of the first head begin in it.
    pub(crate) stride: usize,
    pub(crate) first: usize,
}

/// softmax(q·kᵀ / √d)·v of all heads.
#[derive(Debug)]
pub(crate) struct AttentionStep {
    /// Of q, k and v: the plan gives them values of their own, which nobody else takes.
    pub(crate) parts: [Part; 3],
    pub(crate) y: Slot,
    /// What the forward leaves of each query, head after head; nothing where no backward follows.
    pub(crate) left: Slot,
    pub(crate) heads: usize,
    pub(crate) width: usize,
    pub(crate) kernel: Attention,
    /// The number of the network's input that holds lengths.
    pub(crate) lengths: Option<usize>,
    pub(crate) dropout: Option<Dropout>,
    /// Weights of a head.
    pub(crate) block: usize,
}

impl AttentionStep {
    fn features(&self) -> usize {
        self.width / self.heads
    }

    /// Where the rows of a head lie in a part of the chunk's values.
    fn rows(&self, part: usize, sample: usize, head: usize) -> Rows {
        let Part { edge, stride, first } = self.parts[part];
        Rows { first: sample * edge.slot.len + first + head * self.features(), stride }
    }

    fn output(&self, sample: usize, head: usize) -> Rows {
        Rows { first: sample * self.y.len + head * self.features(), stride: self.width }
    }

    /// A head of a sample of the chunk.
    fn head<'a>(
        &'a self,
        call: &Call<'a>,
        keys: usize,
        sample: usize,
        head: usize,
    ) -> Head<impl Fn(usize) -> f32 + Copy + 'a> {
        let length = match self.lengths.map(|input| call.inputs[input]) {
            Some(Source::Indices(lengths)) => lengths[sample].min(keys),
            _ => keys,
        };
        let first = (sample * self.heads + head) * self.block;
        let factor = self.dropout.as_ref().zip(call.training).map(|(dropout, key)| {
            let factor = dropout.factors(key);
            move |number: usize| factor(first + number)
        });
        Head { length, factor }
    }

    /// All heads of all samples.
    fn each(&self, n: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let heads = self.heads;
        (0..n).flat_map(move |sample| (0..heads).map(move |head| (sample, head)))
    }

    /// Floats that the forward leaves of a head.
    fn left_len(&self) -> usize {
        self.y.len / self.width * LEFT
    }

    fn keys(&self) -> usize {
        self.parts[1].edge.slot.len / self.parts[1].stride
    }
}

impl Step for AttentionStep {
    fn describe(&self) -> String {
        let queries = self.y.len / self.width;
        format!("attention of {queries} to {} steps, {} heads", self.keys(), self.heads)
    }

    fn multiply_adds(&self) -> usize {
        2 * self.block * self.width
    }

    /// Behind the kernel's there is room for what the forward leaves, or for the gradient of the
    /// output: both lie among what is read or written meanwhile.
    fn scratch_len(&self, n: usize) -> usize {
        self.kernel.scratch_len() + self.y.len.max(self.heads * self.left_len()) * n
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, keys, of_head) = (chunk.n, self.keys(), self.left_len());
        let memory = &mut chunk.memory;
        let (around, y) = apart(&mut memory.values, self.y.range(n));
        let parts = self.parts.map(|part| around.read(part.edge.slot.range(n)));
        let (scratch, left) = memory.scratch.split_at_mut(self.kernel.scratch_len());
        for ((sample, head), left) in self.each(n).zip(left.chunks_exact_mut(of_head)) {
            let of = |i: usize| (parts[i], self.rows(i, sample, head));
            let to = (&mut *y, self.output(sample, head));
            let one = self.head(call, keys, chunk.first + sample, head);
            self.kernel.forward(one, [of(0), of(1), of(2)], to, left, scratch);
        }
        memory.values[self.left.range(n)].copy_from_slice(&left[..self.left.len * n]);
    }

    /// Overwrites the gradients of q, k and v.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, keys) = (chunk.n, self.keys());
        let memory = &mut chunk.memory;
        let parts = self.parts.map(|part| &memory.values[part.edge.slot.range(n)]);
        let y = &memory.values[self.y.range(n)];
        let left = memory.values[self.left.range(n)].chunks_exact(self.left_len());
        let (scratch, dy) = memory.scratch.split_at_mut(self.kernel.scratch_len());
        let dy = &mut dy[..self.y.len * n];
        dy.copy_from_slice(&memory.gradients[self.y.range(n)]);
        for ((sample, head), left) in self.each(n).zip(left) {
            let of = |i: usize| (parts[i], self.rows(i, sample, head));
            let rows = self.output(sample, head);
            let (inputs, y, dy) = ([of(0), of(1), of(2)], (y, rows), (&*dy, rows));
            let one = self.head(call, keys, chunk.first + sample, head);
            let gradients = &mut memory.gradients;
            let give = |part: usize, row: usize, values: &[f32]| {
                let rows = self.rows(part, sample, head);
                let at = self.parts[part].edge.slot.range(n).start + rows.first + row * rows.stride;
                gradients[at..at + values.len()].copy_from_slice(values);
            };
            self.kernel.backward(one, Given { inputs, y, left, dy }, give, scratch);
        }
    }
}
