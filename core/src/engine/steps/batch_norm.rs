//! `BatchNorm1d` and `BatchNorm2d`, with the sum and the ReLU of a residual behind them.

use super::{Call, Deliver, Step};
use crate::engine::chunk::{Chunk, Edge, Slot, apart, two_mut};
use crate::engine::kernels::batch_norm::{BLOCK, Gradient, GradientSums, Normalize, add_moments};
use crate::engine::kernels::sum::{pass_gradient, sum};

/// The parameters of a batch norm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Norm {
    pub(crate) channels: usize,
    /// Numbers of the weight and the bias.
    pub(crate) affine: Option<[usize; 2]>,
    /// Numbers of the running mean and variance.
    pub(crate) running: [usize; 2],
    pub(crate) eps: f64,
    pub(crate) momentum: f64,
}

impl Norm {
    /// The running mean and 1 / √(variance + eps) of a channel.
    fn running(&self, params: &[&[f32]], channel: usize) -> [f64; 2] {
        let [mean, variance] = self.running.map(|i| f64::from(params[i][channel]));
        [mean, 1.0 / (variance + self.eps).sqrt()]
    }

    /// The weight and the bias of a channel.
    fn affine(&self, params: &[&[f32]], channel: usize) -> [f64; 2] {
        self.affine.map_or([1.0, 0.0], |affine| affine.map(|i| f64::from(params[i][channel])))
    }

    /// What the inference form does to a channel: x · scale + shift.
    pub(crate) fn scale_and_shift(&self, params: &[&[f32]], channel: usize) -> [f64; 2] {
        let ([mean, inverse], [weight, bias]) =
            (self.running(params, channel), self.affine(params, channel));
        [weight * inverse, bias - mean * weight * inverse]
    }
}

/// y = (x - mean) / √(variance + eps) · weight + bias + skip, and a ReLU. Each row of a sample has
/// one value for each channel.
#[derive(Debug)]
pub(crate) struct NormStep {
    pub(crate) norm: Norm,
    pub(crate) x: Edge,
    /// What is added; like `x` it lies before `y`.
    pub(crate) skip: Option<Edge>,
    pub(crate) y: Slot,
    pub(crate) relu: bool,
    /// Whether the convolution before does this step's work where no gradients are wanted; but for
    /// the sum.
    pub(crate) folded: bool,
}

impl NormStep {
    /// Values of each channel in the whole batch.
    fn count(&self, call: &Call<'_>) -> f64 {
        (call.batch * (self.y.len / self.norm.channels)) as f64
    }

    /// The batch's mean and biased variance of a channel.
    fn moments(&self, call: &Call<'_>, channel: usize) -> [f64; 2] {
        let [sums, _] = call.statistics;
        let count = self.count(call);
        let mean = sums[channel] / count;
        let variance = sums[self.norm.channels + channel] / count - mean * mean;
        // Not `max`, which would hide NaN.
        [mean, if variance < 0.0 { 0.0 } else { variance }]
    }

    /// The mean and 1 / √(variance + eps) that this form works with.
    fn mean_and_inverse(&self, call: &Call<'_>, channel: usize) -> [f64; 2] {
        if call.training.is_none() {
            return self.norm.running(call.params, channel);
        }
        let [mean, variance] = self.moments(call, channel);
        [mean, 1.0 / (variance + self.norm.eps).sqrt()]
    }

    /// Σ dy and Σ dy · (x - mean) of a chunk for the channels from `first` on.
    fn gradient_block(
        &self,
        call: &Call<'_>,
        sums: &GradientSums<'_>,
        first: usize,
    ) -> [[f64; BLOCK]; 2] {
        let mean = std::array::from_fn(|i| match first + i < self.norm.channels {
            true => self.mean_and_inverse(call, first + i)[0],
            false => 0.0,
        });
        sums.block(first, &mean)
    }

    /// Adds the gradients of weight and bias. In the training form they are the sums over the
    /// batch, which the first chunk delivers.
    fn parameter_gradients(
        &self,
        call: &Call<'_>,
        first: bool,
        sums: &GradientSums<'_>,
        to: &mut [f32],
    ) {
        let (weight, bias) = to.split_at_mut(self.norm.channels);
        let mut add = |channel: usize, sum: f64, product: f64| {
            let [_, inverse] = self.mean_and_inverse(call, channel);
            weight[channel] += (product * inverse) as f32;
            bias[channel] += sum as f32;
        };
        if call.training.is_some() {
            let (sums, products) = call.statistics[1].split_at(self.norm.channels);
            for channel in (0..self.norm.channels).filter(|_| first) {
                add(channel, sums[channel], products[channel]);
            }
            return;
        }
        for first in (0..self.norm.channels).step_by(BLOCK) {
            let [sum, product] = self.gradient_block(call, sums, first);
            for i in 0..BLOCK.min(self.norm.channels - first) {
                add(first + i, sum[i], product[i]);
            }
        }
    }

    /// The gradient of what is added, before that of `x`: where both are one value, the last writes
    /// first.
    fn pass_to_skip(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let Some(edge) = self.skip.filter(|edge| !edge.input || call.input_gradient) else {
            return;
        };
        let n = chunk.n;
        let y = self.relu.then_some(&chunk.memory.values[self.y.range(n)]);
        let parts = (edge.slot.range(n), self.y.range(n));
        let (dx, dy) = two_mut(&mut chunk.memory.gradients, parts.0, parts.1);
        pass_gradient(dy, y, dx, edge.first);
    }

    /// dx = dy · a + (x - mean) · b + c: [-mean, a, b, c] for each channel.
    fn gradient_coefficients(&self, call: &Call<'_>, to: &mut [f32]) {
        let channels = self.norm.channels;
        for channel in 0..channels {
            let [mean, inverse] = self.mean_and_inverse(call, channel);
            let a = self.norm.affine(call.params, channel)[0] * inverse;
            let (mut b, mut c) = (0.0, 0.0);
            if call.training.is_some() {
                let [_, sums] = call.statistics;
                let count = self.count(call);
                b = -a * inverse * inverse * sums[channels + channel] / count;
                c = -a * sums[channel] / count;
            }
            for (i, x) in [-mean, a, b, c].into_iter().enumerate() {
                to[i * channels + channel] = x as f32;
            }
        }
    }
}

impl Step for NormStep {
    fn describe(&self) -> String {
        let relu = if self.relu { " + relu" } else { "" };
        let sum = if self.skip.is_some() { " + sum" } else { "" };
        let folded = if self.folded { ", folded for inference" } else { "" };
        format!("batch norm of {} channels{sum}{relu}{folded}", self.norm.channels)
    }

    fn gradient_len(&self) -> usize {
        self.norm.affine.map_or(0, |_| 2 * self.norm.channels)
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        let Some([weight, bias]) = self.norm.affine else { return };
        let (of_weight, of_bias) = gradients.split_at(self.norm.channels);
        to(weight, &mut |sum| super::add(of_weight, sum));
        to(bias, &mut |sum| super::add(of_bias, sum));
    }

    fn scratch_len(&self, _: usize) -> usize {
        4 * self.norm.channels
    }

    fn statistics_len(&self) -> usize {
        2 * self.norm.channels
    }

    fn gather(&self, _: &Call<'_>, chunk: &Chunk, statistics: &mut [f64]) {
        let x = &chunk.memory.values[self.x.slot.range(chunk.n)];
        add_moments(x, self.norm.channels, statistics);
    }

    fn gather_backward(&self, call: &Call<'_>, chunk: &Chunk, statistics: &mut [f64]) {
        let (memory, n) = (&chunk.memory, chunk.n);
        let channels = self.norm.channels;
        let sums = GradientSums {
            x: &memory.values[self.x.slot.range(n)],
            dy: &memory.gradients[self.y.range(n)],
            y: self.relu.then_some(&memory.values[self.y.range(n)]),
            channels,
        };
        for first in (0..channels).step_by(BLOCK) {
            let [sum, product] = self.gradient_block(call, &sums, first);
            for i in 0..BLOCK.min(channels - first) {
                statistics[first + i] += sum[i];
                statistics[channels + first + i] += product[i];
            }
        }
    }

    fn buffers(&self, call: &Call<'_>, each: &mut dyn FnMut(usize, f64, usize, f32)) {
        let count = self.count(call);
        for channel in 0..self.norm.channels {
            let [mean, variance] = self.moments(call, channel);
            // The running variance follows the unbiased estimate, as in PyTorch.
            let values = [mean, variance * count / (count - 1.0)];
            for (buffer, value) in self.norm.running.into_iter().zip(values) {
                each(buffer, self.norm.momentum, channel, value as f32);
            }
        }
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (channels, n) = (self.norm.channels, chunk.n);
        let (around, y) = apart(&mut chunk.memory.values, self.y.range(n));
        let x = around.read(self.x.slot.range(n));
        let skip = self.skip.map(|skip| around.read(skip.slot.range(n)));
        if self.folded && call.inference {
            return skip.map_or((), |skip| sum(x, skip, y, self.relu));
        }
        let coefficients = &mut chunk.memory.scratch[..3 * channels];
        for channel in 0..channels {
            let [mean, inverse] = self.mean_and_inverse(call, channel);
            let [weight, bias] = self.norm.affine(call.params, channel);
            for (i, x) in [-mean, weight * inverse, bias].into_iter().enumerate() {
                coefficients[i * channels + channel] = x as f32;
            }
        }
        Normalize { x, skip, coefficients, channels, relu: self.relu }.run(y);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let channels = self.norm.channels;
        let first = chunk.first == 0;
        self.pass_to_skip(call, chunk);
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), call.gradients);
        let (x, dy, y) = (at.x, &*at.dy, self.relu.then_some(at.y));
        if self.norm.affine.is_some() {
            let sums = GradientSums { x, dy, y, channels };
            self.parameter_gradients(call, first, &sums, at.parameters);
        }
        if self.x.input && !call.input_gradient {
            return;
        }
        let coefficients = &mut at.scratch[..4 * channels];
        self.gradient_coefficients(call, coefficients);
        let (overwrite, x) = (self.x.first, call.training.map(|_| x));
        Gradient { x, dy, y, coefficients, channels, overwrite }.run(at.dx);
    }
}
