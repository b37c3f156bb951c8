//! Convolution with bias, activation and max pooling behind it.

use super::bands::Bands;
use super::conv::ConvParts;
use super::enter::Enter;
use super::{Call, Deliver, Purpose, Step, add};
use crate::engine::chunk::{ALIGNMENT, Chunk, Slot};
use crate::engine::kernels::conv::{Act, ConvPool};
use crate::engine::threads::near;
use std::fmt;

/// A convolution, its bias, a ReLU and max pooling: only winners are kept.
pub(crate) struct ConvPoolStep {
    parts: ConvParts,
    conv: ConvPool,
    /// For lone samples, if no backward follows.
    bands: Option<Bands<ConvPool>>,
    /// Places of the convolution of which one stays: [slices, rows, columns]
    window: [usize; 3],
    winners: Slot,
}

impl ConvPoolStep {
    pub(crate) fn new(parts: ConvParts, window: [usize; 3], winners: Slot) -> Self {
        let conv = ConvPool::new(parts.sizes, window);
        let conv = if parts.enter.is_some() { conv.turning() } else { conv };
        ConvPoolStep { conv, parts, bands: None, window, winners }
    }

    /// Shares a lone sample among threads, for predictions.
    pub(crate) fn in_bands(self) -> Self {
        let [channels, _, rows, columns] = self.conv.output();
        let bands = Bands::of(
            &self.parts.sizes,
            (rows, columns * channels),
            self.window[1],
            self.multiply_adds(),
            |sizes| {
                let conv = ConvPool::new(sizes, self.window);
                let scratch = conv.scratch_len().next_multiple_of(ALIGNMENT);
                (conv, scratch)
            },
        );
        ConvPoolStep { bands, ..self }
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
        let conv = self.parts.describe(self.conv.output());
        format!("{conv} + max pool{}", Enter::describe_end(self.parts.enter))
    }

    fn multiply_adds(&self) -> usize {
        self.parts.multiply_adds(self.parts.y.len * self.window.iter().product::<usize>())
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

    fn divides(&self, n: usize) -> bool {
        n == 1 && self.bands.is_some()
    }

    fn scratch_len(&self, n: usize) -> usize {
        let bands = self.parts.bands_scratch(self.bands.as_ref().filter(|_| n == 1));
        (self.conv.scratch_len() + self.parts.x.slot.len).max(bands)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x, y, act, .. } = self.parts;
        let packed = &call.prepared[..self.conv.packed_len()];
        let (n, bias) = (chunk.n, self.parts.bias(call));
        let input = self.parts.enter.and_then(|enter| enter.samples(call, chunk));
        let at = chunk.forward(x.slot, y, self.winners);
        if let Some(bands) = self.bands.as_ref().filter(|_| n == 1 && near(call.threads) > 1) {
            let (x, scratch) = self.parts.for_bands(input, at.x, at.scratch);
            return bands.each(call.threads, x, at.y, scratch, &|conv, x, y, scratch| {
                conv.forward(x, packed, bias, act, y, None, scratch);
            });
        }
        let x = input.unwrap_or(at.x).chunks_exact(self.parts.x_len());
        let samples = x.zip(at.y.chunks_exact_mut(y.len));
        let mut winners = at.bytes.chunks_exact_mut(y.len);
        for (x, y) in samples {
            // Without a backward there is no room for winners.
            self.conv.forward(x, packed, bias, act, y, winners.next(), at.scratch);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x: edge, y: slot, act, .. } = self.parts;
        let transposed = &call.prepared[self.transposed_at()..];
        let input = self.parts.enter.and_then(|enter| enter.samples(call, chunk));
        let at = chunk.backward(edge.slot, slot, self.winners, call.gradients);
        let (dw, db) = at.parameters.split_at_mut(self.conv.packed_gradient_len());
        let (scratch, spare) = at.scratch.split_at_mut(self.conv.scratch_len());
        let x = input.unwrap_or(at.x).chunks_exact(edge.slot.len);
        let values = x.zip(at.y.chunks_exact(slot.len));
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
