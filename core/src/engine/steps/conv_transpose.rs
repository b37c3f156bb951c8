//! Transposed convolution with bias and activation: a convolution's input gradient as the forward,
//! the convolution itself as the gradient of its input.

use super::enter::add;
use super::{Call, ConvParts, Deliver, Purpose, Step};
use crate::engine::chunk::{ALIGNMENT, Chunk, Slot};
use crate::engine::kernels::conv::{Act, Conv, add_bias_gradient};
use crate::engine::kernels::linear::relu_gradient;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// The sizes of its parts are those of the convolution from `y` to `x`.
pub(crate) struct ConvTransposeStep {
    parts: ConvParts,
    conv: Conv,
    /// See [`ConvStep`](super::ConvStep).
    left_out: AtomicBool,
}

impl ConvTransposeStep {
    pub(crate) fn new(parts: ConvParts) -> Self {
        let conv = Conv::new(parts.sizes);
        ConvTransposeStep { conv, parts, left_out: AtomicBool::new(false) }
    }

    /// Where the weights for the input gradient begin behind those of the forward: at a cache line.
    fn packed_at(&self) -> usize {
        self.conv.packed_transposed_len().next_multiple_of(ALIGNMENT)
    }

    /// Behind it: the gradient of the input, where it is added to that of others.
    fn kernel_scratch(&self) -> usize {
        self.conv.scratch_len().next_multiple_of(ALIGNMENT)
    }
}

impl fmt::Debug for ConvTransposeStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Step for ConvTransposeStep {
    fn describe(&self) -> String {
        let [h, w] = self.parts.sizes.kernel_size;
        let (from, to) = (self.conv.output(), self.parts.sizes.input);
        format!("transposed conv {h}x{w} {from:?} -> {to:?}{}", self.parts.ends())
    }

    fn multiply_adds(&self) -> usize {
        self.parts.multiply_adds(self.parts.x.slot.len)
    }

    fn prepared_len(&self) -> usize {
        self.packed_at() + self.conv.packed_len()
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], purpose: Purpose) {
        let weight = params[self.parts.weight];
        let (transposed, packed) = prepared.split_at_mut(self.packed_at());
        self.conv.pack_transposed(weight, &mut transposed[..self.conv.packed_transposed_len()]);
        if !purpose.inference {
            self.conv.pack(weight, packed);
        }
    }

    fn gradient_len(&self) -> usize {
        self.conv.packed_len() + self.parts.bias.map_or(0, |_| self.parts.sizes.input[0])
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        let (weight, bias) = gradients.split_at(self.conv.packed_len());
        to(self.parts.weight, &mut |sum| self.conv.unpack_gradient(weight, sum));
        if let Some(number) = self.parts.bias {
            to(number, &mut |sum| add(bias, sum));
        }
    }

    /// What a chunk left out because its values or gradients, which lie there still, are not finite.
    fn deliver_chunk(&self, chunk: &Chunk, to: &mut Deliver<'_>) {
        if !self.left_out.load(Ordering::Relaxed) {
            return;
        }
        let x = &chunk.memory.values[self.parts.x.slot.range(chunk.n)];
        let dy = &chunk.memory.gradients[self.parts.y.range(chunk.n)];
        if self.conv.spreads(dy, x) {
            to(self.parts.weight, &mut |sum| self.conv.add_direct_gradient(dy, x, sum));
        }
    }

    fn scratch_len(&self, n: usize) -> usize {
        let x = self.parts.x;
        self.kernel_scratch() + if x.first { 0 } else { x.slot.len * n }
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x, y, act, .. } = self.parts;
        let packed = &call.prepared[..self.conv.packed_transposed_len()];
        let at = chunk.forward(x.slot, y, Slot::default());
        self.conv.transposed(at.x, packed, self.parts.bias(call), act, at.y, at.scratch);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x: edge, y: slot, act, .. } = self.parts;
        let packed = &call.prepared[self.packed_at()..][..self.conv.packed_len()];
        let at = chunk.backward(edge.slot, slot, Slot::default(), call.gradients);
        let (dw, db) = at.parameters.split_at_mut(self.conv.packed_len());
        let (scratch, spare) = at.scratch.split_at_mut(self.kernel_scratch());
        if act == Act::Relu {
            relu_gradient(at.y, at.dy);
        }
        if !self.conv.backward_weights(at.dy, at.x, dw, None, scratch) {
            self.left_out.store(true, Ordering::Relaxed);
        }
        if self.parts.bias.is_some() {
            add_bias_gradient(at.dy, db);
        }
        if !self.parts.wants_dx(call) {
            return;
        }
        if edge.first {
            self.conv.forward(at.dy, packed, None, Act::None, at.dx, scratch);
        } else {
            let spare = &mut spare[..at.dx.len()];
            self.conv.forward(at.dy, packed, None, Act::None, spare, scratch);
            add(spare, at.dx);
        }
    }
}
