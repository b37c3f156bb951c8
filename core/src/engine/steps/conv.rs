//! Convolution with bias and activation.

use super::bands::Bands;
use super::enter::{Enter, add};
use super::{Call, Deliver, Norm, Purpose, Step};
use crate::engine::chunk::{ALIGNMENT, Chunk, Edge, Slot};
use crate::engine::kernels::conv::{Act, Axis, Conv, ConvSizes};
use crate::engine::kernels::linear::relu_gradient;
use crate::engine::threads::near;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// What both steps share.
pub(crate) struct ConvParts {
    pub(crate) sizes: ConvSizes,
    pub(crate) x: Edge,
    /// If it reads the network's input where the user has it: what else would bring that. In a
    /// prediction `x` has no place then, in a training its gradient alone.
    pub(crate) enter: Option<Enter>,
    pub(crate) y: Slot,
    /// Numbers of the parameters.
    pub(crate) weight: usize,
    pub(crate) bias: Option<usize>,
    pub(crate) act: Act,
}

impl ConvParts {
    pub(super) fn bias<'a>(&self, call: &Call<'a>) -> Option<&'a [f32]> {
        self.bias.map(|bias| call.params[bias])
    }

    pub(super) fn wants_dx(&self, call: &Call<'_>) -> bool {
        !self.x.input || call.input_gradient
    }

    /// Floats of a sample.
    pub(super) fn x_len(&self) -> usize {
        self.enter.map_or(self.x.slot.len, |enter| enter.to.len)
    }

    /// Working memory for a lone sample that bands read: with its pixels if the user's are not so.
    pub(super) fn bands_scratch<C>(&self, bands: Option<&Bands<C>>) -> usize {
        let pixels = self.enter.map_or(0, |enter| enter.to.len.next_multiple_of(ALIGNMENT));
        bands.map_or(0, |bands| pixels + bands.scratch_len())
    }

    /// The lone sample that bands read, in the working memory if it is made from the user's; and what
    /// is left of that.
    pub(super) fn for_bands<'a>(
        &self,
        input: Option<&[f32]>,
        x: &'a [f32],
        scratch: &'a mut [f32],
    ) -> (&'a [f32], &'a mut [f32]) {
        let (Some(enter), Some(input)) = (self.enter, input) else { return (x, scratch) };
        let (pixels, rest) = scratch.split_at_mut(enter.to.len.next_multiple_of(ALIGNMENT));
        let pixels = &mut pixels[..enter.to.len];
        enter.bring(input, pixels);
        (pixels, rest)
    }

    /// The output is [channels, slices, rows, columns].
    pub(super) fn describe(&self, output: [usize; 4]) -> String {
        let ([h, w], depth) = (self.sizes.kernel_size, &self.sizes.depth);
        let ([channels, height, width], ends) = (self.sizes.input, self.ends());
        if *depth == Axis::LONE {
            let [out_channels, _, rows, columns] = output;
            let [from, to] = [[channels, height, width], [out_channels, rows, columns]];
            return format!("conv {h}x{w} {from:?} -> {to:?}{ends}");
        }
        let from = [channels, depth.size, height, width];
        format!("conv {}x{h}x{w} {from:?} -> {output:?}{ends}", depth.kernel_size)
    }

    /// What is done with the sums.
    pub(super) fn ends(&self) -> String {
        let bias = if self.bias.is_some() { " + bias" } else { "" };
        let act = if self.act == Act::Relu { " + relu" } else { "" };
        format!("{bias}{act}")
    }

    /// Of a convolution with so many outputs.
    pub(super) fn multiply_adds(&self, outputs: usize) -> usize {
        let per_output = self.sizes.weight_len() / self.sizes.out_channels;
        outputs * per_output
    }
}

/// A convolution, its bias and a ReLU.
pub(crate) struct ConvStep {
    parts: ConvParts,
    conv: Conv,
    /// For lone samples, if no backward follows.
    bands: Option<Bands<Conv>>,
    fold: Option<Fold>,
    /// Whether some chunk of some run left out the weights' gradient: until then, no chunk needs
    /// to be looked at for it.
    left_out: AtomicBool,
}

/// The batch norm behind a convolution, which its weights can hold in the inference form.
pub(crate) struct Fold {
    pub(crate) norm: Norm,
    /// What the batch norm gives.
    pub(crate) y: Slot,
    pub(crate) act: Act,
}

impl ConvStep {
    pub(crate) fn new(parts: ConvParts) -> Self {
        let conv = Conv::new(parts.sizes);
        ConvStep {
            conv: if parts.enter.is_some() { conv.turning() } else { conv },
            parts,
            bands: None,
            fold: None,
            left_out: AtomicBool::new(false),
        }
    }

    /// Does the work of the batch norm behind it where no gradients are wanted.
    pub(crate) fn folding(self, fold: Fold) -> Self {
        ConvStep { fold: Some(fold), ..self }
    }

    /// Shares a lone sample among threads, for predictions.
    pub(crate) fn in_bands(self) -> Self {
        let [channels, _, rows, columns] = self.conv.output();
        let bands = Bands::of(
            &self.parts.sizes,
            (rows, columns * channels),
            1,
            self.multiply_adds(),
            |sizes| {
                let conv = Conv::new(sizes);
                let scratch = conv.scratch_len().next_multiple_of(ALIGNMENT);
                (conv, scratch)
            },
        );
        ConvStep { bands, ..self }
    }

    /// Packs the weights as the batch norm scales them, and writes the bias behind it.
    fn prepare_folded(&self, fold: &Fold, params: &[&[f32]], packed: &mut [f32], to: &mut [f32]) {
        let mut weight = params[self.parts.weight].to_vec();
        let filter_len = weight.len() / to.len();
        let filters = weight.chunks_exact_mut(filter_len);
        for ((channel, filter), to) in filters.enumerate().zip(to) {
            let [scale, shift] = fold.norm.scale_and_shift(params, channel);
            filter.iter_mut().for_each(|weight| *weight *= scale as f32);
            let bias = self.parts.bias.map_or(0.0, |bias| f64::from(params[bias][channel]));
            *to = (bias * scale + shift) as f32;
        }
        self.conv.pack(&weight, packed);
    }

    /// Where the weights for the input gradient begin: at a cache line.
    fn transposed_at(&self) -> usize {
        self.conv.packed_len().next_multiple_of(ALIGNMENT)
    }

    /// Where the bias of the folded form lies behind all packed weights.
    fn folded_bias(&self) -> usize {
        (self.transposed_at() + self.conv.packed_transposed_len()).next_multiple_of(ALIGNMENT)
    }

    /// Behind it: the gradient of the input, where it is added to that of others.
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
        self.parts.describe(self.conv.output()) + &Enter::describe_end(self.parts.enter)
    }

    fn multiply_adds(&self) -> usize {
        self.parts.multiply_adds(self.parts.y.len)
    }

    fn prepared_len(&self) -> usize {
        self.folded_bias() + self.fold.as_ref().map_or(0, |fold| fold.norm.channels)
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], purpose: Purpose) {
        let weight = params[self.parts.weight];
        let (prepared, bias) = prepared.split_at_mut(self.folded_bias());
        let (packed, transposed) = prepared.split_at_mut(self.transposed_at());
        let packed = &mut packed[..self.conv.packed_len()];
        match &self.fold {
            Some(fold) if purpose.inference => {
                return self.prepare_folded(fold, params, packed, bias);
            }
            _ => self.conv.pack(weight, packed),
        }
        if !purpose.inference {
            let transposed = &mut transposed[..self.conv.packed_transposed_len()];
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

    /// What a chunk left out because its values or gradients, which lie there still, are not finite.
    fn deliver_chunk(&self, chunk: &Chunk, to: &mut Deliver<'_>) {
        if !self.left_out.load(Ordering::Relaxed) {
            return;
        }
        let x = &chunk.memory.values[self.parts.x.slot.range(chunk.n)];
        let dy = &chunk.memory.gradients[self.parts.y.range(chunk.n)];
        if self.conv.spreads(x, dy) {
            to(self.parts.weight, &mut |sum| self.conv.add_direct_gradient(x, dy, sum));
        }
    }

    fn divides(&self, n: usize) -> bool {
        n == 1 && self.bands.is_some()
    }

    fn scratch_len(&self, n: usize) -> usize {
        let x = self.parts.x;
        let bands = self.parts.bands_scratch(self.bands.as_ref().filter(|_| n == 1));
        (self.kernel_scratch() + if x.first { 0 } else { x.slot.len * n }).max(bands)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let x = self.parts.x;
        let (y, act, bias) = match &self.fold {
            Some(fold) if call.inference => {
                (fold.y, fold.act, Some(&call.prepared[self.folded_bias()..]))
            }
            _ => (self.parts.y, self.parts.act, self.parts.bias(call)),
        };
        let packed = &call.prepared[..self.conv.packed_len()];
        let bands = self.bands.as_ref().filter(|_| chunk.n == 1 && near(call.threads) > 1);
        let input = self.parts.enter.and_then(|enter| enter.samples(call, chunk));
        let at = chunk.forward(x.slot, y, Slot::default());
        let run = |conv: &Conv, x: &[f32], y: &mut [f32], scratch: &mut [f32]| {
            conv.forward(x, packed, bias, act, y, scratch);
        };
        match bands {
            Some(bands) => {
                let (x, scratch) = self.parts.for_bands(input, at.x, at.scratch);
                bands.each(call.threads, x, at.y, scratch, &run);
            }
            None => run(&self.conv, input.unwrap_or(at.x), at.y, at.scratch),
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let ConvParts { x: edge, y: slot, act, .. } = self.parts;
        let transposed =
            &call.prepared[self.transposed_at()..][..self.conv.packed_transposed_len()];
        let input = self.parts.enter.and_then(|enter| enter.samples(call, chunk));
        let at = chunk.backward(edge.slot, slot, Slot::default(), call.gradients);
        let x = input.unwrap_or(at.x);
        let (dw, db) = at.parameters.split_at_mut(self.conv.packed_len());
        let (scratch, spare) = at.scratch.split_at_mut(self.kernel_scratch());
        if act == Act::Relu {
            relu_gradient(at.y, at.dy);
        }
        let db = self.parts.bias.is_some().then_some(db);
        if !self.conv.backward_weights(x, at.dy, dw, db, scratch) {
            self.left_out.store(true, Ordering::Relaxed);
        }
        if !self.parts.wants_dx(call) {
            return;
        }
        if edge.first {
            self.conv.backward_input(at.dy, transposed, at.dx, scratch);
        } else {
            let spare = &mut spare[..at.dx.len()];
            self.conv.backward_input(at.dy, transposed, spare, scratch);
            add(spare, at.dx);
        }
    }
}
