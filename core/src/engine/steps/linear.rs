//! `Linear` with bias and activation: matrix products over all rows of a chunk.

use super::enter::add;
use super::{Call, Deliver, Purpose, Shared, Step};
use crate::engine::chunk::{ALIGNMENT, Chunk, Edge, Group, Slot};
use crate::engine::kernels::conv::Act;
use crate::engine::kernels::linear::{Linear, Onto, TILE, relu_gradient};
use crate::engine::threads::{near, share};
use std::ops::Range;

/// Floats of a gradient that are computed at once.
const PIECE: usize = 1 << 15;

/// Weights of which threads take parts for a single row: reading fewer takes no longer than to share
/// them out.
const SHARED: usize = 1 << 16;

/// Packed weights that a prediction keeps for several samples at most. Larger ones, beside those of the
/// user, would take more memory than they save time.
const KEPT: usize = 1 << 22;

/// y = x·Wᵀ + b, and a ReLU.
#[derive(Debug)]
pub(crate) struct LinearStep {
    pub(crate) linear: Linear,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// Numbers of the parameters, and the rows of both that stand before this step's.
    pub(crate) first: usize,
    pub(crate) weight: usize,
    pub(crate) bias: Option<usize>,
    pub(crate) act: Act,
    /// Floats of packed weights: for the forward, and for the backward.
    pub(crate) packed: [usize; 2],
}

impl LinearStep {
    /// Weights that are packed once for all chunks, where the rows of each are worth it; the backward
    /// has its own. A prediction keeps them packed for the next, so rows of several samples will do.
    pub(crate) fn packing(mut self, backward: bool) -> Self {
        let [forward, back] = self.linear.packed_len().map(|len| len.next_multiple_of(ALIGNMENT));
        if self.linear.packs(self.rows(1)) {
            self.packed = [forward, if backward && !self.x.input { back } else { 0 }];
        } else if !backward && forward <= KEPT && self.linear.packs(usize::MAX) {
            self.packed = [forward, 0];
        }
        self
    }

    fn rows(&self, n: usize) -> usize {
        self.y.len / self.outputs * n
    }

    fn weights<'a>(&self, params: &[&'a [f32]]) -> &'a [f32] {
        &params[self.weight][self.first * self.inputs..][..self.outputs * self.inputs]
    }

    fn biases<'a>(&self, call: &Call<'a>) -> Option<&'a [f32]> {
        self.bias.map(|bias| &call.params[bias][self.first..][..self.outputs])
    }

    /// The forward of one row, of which threads take different outputs.
    fn share_outputs(
        &self,
        threads: usize,
        x: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) {
        let part = (PIECE / self.inputs).max(1).next_multiple_of(ALIGNMENT);
        let parts = weight.chunks(part * self.inputs).zip(y.chunks_mut(part)).enumerate();
        share(parts, threads, &|(i, (weight, y))| {
            let bias = bias.map(|bias| &bias[i * part..i * part + y.len()]);
            Linear::new(self.inputs, y.len()).forward(1, x, weight, bias, self.act, y);
        });
    }
}

impl Step for LinearStep {
    fn describe(&self) -> String {
        let bias = if self.bias.is_some() { " + bias" } else { "" };
        let act = if self.act == Act::Relu { " + relu" } else { "" };
        format!("linear {} -> {}{bias}{act}", self.inputs, self.outputs)
    }

    fn multiply_adds(&self) -> usize {
        self.y.len * self.inputs
    }

    fn divides(&self, n: usize) -> bool {
        self.rows(n) == 1 && self.outputs * self.inputs >= SHARED
    }

    fn prepared_len(&self) -> usize {
        self.packed.iter().sum()
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], purpose: Purpose) {
        let (forward, backward) = prepared.split_at_mut(self.packed[0]);
        let [len, len_back] = self.linear.packed_len();
        if !forward.is_empty() && self.linear.packs(self.rows(purpose.samples)) {
            self.linear.pack(self.weights(params), &mut forward[..len]);
        }
        if !backward.is_empty() {
            self.linear.pack_back(self.weights(params), &mut backward[..len_back]);
        }
    }

    fn prepares_by_samples(&self) -> bool {
        true
    }

    fn gradient_len(&self) -> usize {
        self.bias.map_or(0, |_| self.outputs)
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        if let Some(number) = self.bias {
            to(number, &mut |sum| add(gradients, &mut sum[self.first..][..self.outputs]));
        }
    }

    fn shared(&self) -> Option<Shared> {
        let rows = (PIECE / self.inputs).max(1).next_multiple_of(TILE);
        let (first, len) = (self.first * self.inputs, self.outputs * self.inputs);
        Some(Shared { param: self.weight, first, len, piece: rows * self.inputs })
    }

    fn shared_gradient(
        &self,
        groups: &[Group],
        part: Range<usize>,
        overwrite: bool,
        to: &mut [f32],
    ) {
        let [start, end] = [part.start, part.end].map(|at| at / self.inputs - self.first);
        let outputs = start..end;
        for (i, chunk) in groups.iter().flat_map(Group::chunks).enumerate() {
            let (memory, n) = (&chunk.memory, chunk.n);
            let x = &memory.values[self.x.slot.range(n)];
            let dy = &memory.gradients[self.y.range(n)];
            let overwrite = overwrite && i == 0;
            self.linear.backward_weights(self.rows(n), x, dy, outputs.clone(), overwrite, to);
        }
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (rows, samples) = (self.rows(chunk.n), chunk.n);
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        let (weight, bias) = (self.weights(call.params), self.biases(call));
        let (packed, [len, _]) = (call.prepared, self.linear.packed_len());
        if !packed.is_empty() && self.linear.packs(rows) {
            let onto = Onto::Bias(bias);
            self.linear.forward_packed(rows, at.x, &packed[..len], onto, self.act, at.y);
        } else if self.divides(samples) && near(call.threads) > 1 {
            self.share_outputs(call.threads, at.x, weight, bias, at.y);
        } else {
            self.linear.forward(rows, at.x, weight, bias, self.act, at.y);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let rows = self.rows(chunk.n);
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), call.gradients);
        if self.act == Act::Relu {
            relu_gradient(at.y, at.dy);
        }
        if self.bias.is_some() {
            self.linear.backward_bias(rows, at.dy, false, at.parameters);
        }
        if self.x.input && !call.input_gradient {
            return;
        }
        let (packed, [_, len]) = (&call.prepared[self.packed[0]..], self.linear.packed_len());
        if !packed.is_empty() {
            let packed = &packed[..len];
            self.linear.backward_input_packed(rows, at.dy, packed, self.x.first, at.dx);
        } else {
            let weight = self.weights(call.params);
            self.linear.backward_input(rows, at.dy, weight, self.x.first, at.dx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::numbers;

    #[test]
    fn divided_rows_are_the_same_bits() {
        // Three parts, the last of which fills no vector.
        let (inputs, outputs) = (37, 1803);
        let (x, y) = (Edge { slot: Slot::default(), first: true, input: true }, Slot::default());
        let linear = Linear::new(inputs, outputs);
        let act = Act::Relu;
        let (first, weight, bias) = (0, 0, Some(1));
        let packed = [0; 2];
        let step = LinearStep { linear, inputs, outputs, x, y, first, weight, bias, act, packed };
        let [x, weight, bias] =
            [inputs, outputs * inputs, outputs].map(|len| numbers(len, len as u32));
        let (weight, bias) = (&weight[..], Some(&bias[..]));
        let mut whole = vec![f32::NAN; outputs];
        step.linear.forward(1, &x, weight, bias, act, &mut whole);
        assert!(whole.iter().any(|y| *y > 0.0));
        for threads in [1, 2] {
            let mut y = vec![f32::NAN; outputs];
            step.share_outputs(threads, &x, weight, bias, &mut y);
            assert_eq!(y, whole, "{threads}");
        }
    }
}
