//! Convolution with bias, activation and max pooling behind it.

use super::conv::ConvParts;
use super::{Call, Deliver, Purpose, Step, add};
use crate::engine::chunk::{ALIGNMENT, Chunk, Slot};
use crate::engine::kernels::conv::{Act, ConvPool};
use std::fmt;

/// A convolution, its bias, a ReLU and max pooling: only winners are kept.
pub(crate) struct ConvPoolStep {
    parts: ConvParts,
    conv: ConvPool,
    /// Places of the convolution of which one stays.
    window: usize,
    winners: Slot,
}

impl ConvPoolStep {
    pub(crate) fn new(parts: ConvParts, window: [usize; 3], winners: Slot) -> Self {
        let conv = ConvPool::new(parts.sizes, window);
        ConvPoolStep { conv, parts, window: window.iter().product(), winners }
    }

    /// Where the weights for the input gradient begin: at a cache line.
    fn transposed_at(&self) -> usize {
        self.conv.packed_len().next_multiple_of(ALIGNMENT)
    }
}

impl fmt::Debug for ConvPoolStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Step for ConvPoolStep {
    fn describe(&self) -> String {
        format!("{} + max pool", self.parts.describe(self.conv.output()))
    }

    fn multiply_adds(&self) -> usize {
        self.parts.multiply_adds(self.parts.y.len * self.window)
    }

    fn prepared_len(&self) -> usize {
        self.transposed_at() + self.conv.packed_gradient_len()
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], purpose: Purpose) {
        let weight = params[self.parts.weight];
        let (packed, transposed) = prepared.split_at_mut(self.transposed_at());
        self.conv.pack(weight, &mut packed[..self.conv.packed_len()]);
        if !purpose.inference {
            self.conv.pack_transposed(weight, transposed);
        }
    }

    fn gradient_len(&self) -> usize {
        let bias = self.parts.bias.map_or(0, |_| self.parts.sizes.out_channels);
        self.conv.packed_gradient_len() + bias
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        let (weight, bias) = gradients.split_at(self.conv.packed_gradient_len());
        to(self.parts.weight, &mut |sum| self.conv.unpack_gradient(weight, sum));
        if let Some(number) = self.parts.bias {
            to(number, &mut |sum| add(bias, sum));
        }
    }

    fn scratch_len(&self, _: usize) -> usize {
        self.conv.scratch_len() + self.parts.x.slot.len
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x, y, act, .. } = self.parts;
        let packed = &call.prepared[..self.conv.packed_len()];
        let at = chunk.forward(x.slot, y, self.winners);
        let samples = at.x.chunks_exact(x.slot.len).zip(at.y.chunks_exact_mut(y.len));
        let mut winners = at.bytes.chunks_exact_mut(y.len);
        for (x, y) in samples {
            let bias = self.parts.bias(call);
            // Without a backward there is no room for winners.
            self.conv.forward(x, packed, bias, act, y, winners.next(), at.scratch);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x: edge, y: slot, act, .. } = self.parts;
        let transposed = &call.prepared[self.transposed_at()..];
        let at = chunk.backward(edge.slot, slot, self.winners, call.gradients);
        let (dw, db) = at.parameters.split_at_mut(self.conv.packed_gradient_len());
        let (scratch, spare) = at.scratch.split_at_mut(self.conv.scratch_len());
        let values = at.x.chunks_exact(edge.slot.len).zip(at.y.chunks_exact(slot.len));
        let gradients = at.dx.chunks_exact_mut(edge.slot.len).zip(at.dy.chunks_exact(slot.len));
        let samples = values.zip(gradients).zip(at.bytes.chunks_exact(slot.len));
        for (((x, y), (dx, dy)), winners) in samples {
            let y = (act == Act::Relu).then_some(y);
            let db = self.parts.bias.is_some().then_some(&mut *db);
            self.conv.backward_weights(x, dy, y, winners, dw, db, scratch);
            if !self.parts.wants_dx(call) {
                continue;
            }
            if edge.first {
                self.conv.backward_input(dy, y, winners, transposed, dx, scratch);
            } else {
                let spare = &mut spare[..dx.len()];
                self.conv.backward_input(dy, y, winners, transposed, spare, scratch);
                add(spare, dx);
            }
        }
    }
}
