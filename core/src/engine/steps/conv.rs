//! Convolution with bias and activation, and with max pooling behind it.

use super::enter::add;
use super::{Call, Deliver, Purpose, Step};
use crate::engine::chunk::{ALIGNMENT, Chunk, Edge, Slot};
use crate::engine::kernels::conv::{Act, Conv, ConvPool, ConvSizes};
use crate::engine::kernels::linear::relu_gradient;
use std::fmt;

/// What both steps share.
pub(crate) struct ConvParts {
    pub(crate) sizes: ConvSizes,
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// Numbers of the parameters.
    pub(crate) weight: usize,
    pub(crate) bias: Option<usize>,
    pub(crate) act: Act,
}

impl ConvParts {
    fn bias<'a>(&self, call: &Call<'a>) -> Option<&'a [f32]> {
        self.bias.map(|bias| call.params[bias])
    }

    fn wants_dx(&self, call: &Call<'_>) -> bool {
        !self.x.input || call.input_gradient
    }

    fn describe(&self, output: [usize; 3]) -> String {
        let [h, w] = self.sizes.kernel_size;
        let bias = if self.bias.is_some() { " + bias" } else { "" };
        let act = if self.act == Act::Relu { " + relu" } else { "" };
        format!("conv {h}x{w} {:?} -> {output:?}{bias}{act}", self.sizes.input)
    }

    fn multiply_adds(&self, outputs: usize) -> usize {
        let per_output = self.sizes.weight_len() / self.sizes.out_channels;
        outputs * per_output
    }
}

/// A convolution, its bias and a ReLU.
pub(crate) struct ConvStep {
    parts: ConvParts,
    conv: Conv,
}

impl ConvStep {
    pub(crate) fn new(parts: ConvParts) -> Self {
        ConvStep { conv: Conv::new(parts.sizes), parts }
    }

    /// Where the weights for the input gradient begin: at a cache line.
    fn transposed_at(&self) -> usize {
        self.conv.packed_len().next_multiple_of(ALIGNMENT)
    }

    /// Behind it: a gradient of the input that is to be added.
    fn kernel_scratch(&self) -> usize {
        self.conv.scratch_len().next_multiple_of(ALIGNMENT)
    }
}

impl fmt::Debug for ConvStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Step for ConvStep {
    fn describe(&self) -> String {
        self.parts.describe(self.conv.output())
    }

    fn multiply_adds(&self) -> usize {
        self.parts.multiply_adds(self.parts.y.len)
    }

    fn prepared_len(&self) -> usize {
        self.transposed_at() + self.conv.packed_transposed_len()
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], purpose: Purpose) {
        let weight = params[self.parts.weight];
        let (packed, transposed) = prepared.split_at_mut(self.transposed_at());
        self.conv.pack(weight, &mut packed[..self.conv.packed_len()]);
        if purpose.backward {
            self.conv.pack_transposed(weight, transposed);
        }
    }

    fn gradient_len(&self) -> usize {
        self.conv.packed_len() + self.parts.bias.map_or(0, |_| self.parts.sizes.out_channels)
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        let (weight, bias) = gradients.split_at(self.conv.packed_len());
        to(self.parts.weight, &mut |sum| self.conv.unpack_gradient(weight, sum));
        if let Some(number) = self.parts.bias {
            to(number, &mut |sum| add(bias, sum));
        }
    }

    fn scratch_len(&self, _: usize) -> usize {
        self.kernel_scratch() + self.parts.x.slot.len
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x, y, act, .. } = self.parts;
        let packed = &call.prepared[..self.conv.packed_len()];
        let at = chunk.forward(x.slot, y, Slot::default());
        for (x, y) in at.x.chunks_exact(x.slot.len).zip(at.y.chunks_exact_mut(y.len)) {
            self.conv.forward(x, packed, self.parts.bias(call), act, y, at.scratch);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x: edge, y: slot, act, .. } = self.parts;
        let transposed = &call.prepared[self.transposed_at()..];
        let at = chunk.backward(edge.slot, slot, Slot::default(), call.gradients);
        let (dw, db) = at.parameters.split_at_mut(self.conv.packed_len());
        let (scratch, spare) = at.scratch.split_at_mut(self.kernel_scratch());
        if act == Act::Relu {
            relu_gradient(at.y, at.dy);
        }
        let samples = at.x.chunks_exact(edge.slot.len).zip(at.dy.chunks_exact(slot.len));
        for ((x, dy), dx) in samples.zip(at.dx.chunks_exact_mut(edge.slot.len)) {
            let db = self.parts.bias.is_some().then_some(&mut *db);
            self.conv.backward_weights(x, dy, dw, db, scratch);
            if !self.parts.wants_dx(call) {
                continue;
            }
            if edge.first {
                self.conv.backward_input(dy, transposed, dx, scratch);
            } else {
                let spare = &mut spare[..dx.len()];
                self.conv.backward_input(dy, transposed, spare, scratch);
                add(spare, dx);
            }
        }
    }
}

/// A convolution, its bias, a ReLU and max pooling: only winners are kept.
pub(crate) struct ConvPoolStep {
    parts: ConvParts,
    conv: ConvPool,
    winners: Slot,
}

impl ConvPoolStep {
    pub(crate) fn new(parts: ConvParts, window: [usize; 2], winners: Slot) -> Self {
        ConvPoolStep { conv: ConvPool::new(parts.sizes, window), parts, winners }
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
        self.parts.multiply_adds(self.parts.y.len * 4)
    }

    fn prepared_len(&self) -> usize {
        self.transposed_at() + self.conv.packed_gradient_len()
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], purpose: Purpose) {
        let weight = params[self.parts.weight];
        let (packed, transposed) = prepared.split_at_mut(self.transposed_at());
        self.conv.pack(weight, &mut packed[..self.conv.packed_len()]);
        if purpose.backward {
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
        for ((x, y), winners) in samples.zip(at.bytes.chunks_exact_mut(y.len)) {
            let bias = self.parts.bias(call);
            self.conv.forward(x, packed, bias, act, y, Some(winners), at.scratch);
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
