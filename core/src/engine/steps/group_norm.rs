//! `GroupNorm` and `InstanceNorm2d`, on samples in the user's order.

use super::{Call, Deliver, Step, add};
use crate::engine::chunk::{Chunk, Edge, Slot, two, two_mut};
use crate::engine::kernels::layer_norm::{self, MOMENTS, Onto};

/// Groups of channels with mean 0 and variance 1, then a weight and a bias for each channel.
#[derive(Debug)]
pub(crate) struct GroupNormStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// What the forward leaves for the backward: [`MOMENTS`] floats for each group.
    pub(crate) moments: Slot,
    pub(crate) channels: usize,
    pub(crate) groups: usize,
    pub(crate) eps: f32,
    /// The number of the weight, which the bias follows.
    pub(crate) weight: Option<usize>,
}

impl GroupNormStep {
    /// Floats of a group, and of a channel.
    fn lens(&self) -> [usize; 2] {
        [self.y.len / self.groups, self.y.len / self.channels]
    }
}

/// Adds Σ d · unit and Σ d, and multiplies d with the weight: a channel's, of which `unit` gives the
/// normalized values. Several sums at a time, in a fixed order.
fn channel_gradient(
    [x, mean, scale]: [&[f32]; 3],
    weight: f32,
    d: &mut [f32],
    [dw, db]: [&mut f32; 2],
) {
    let (mean, scale) = (mean[0] + mean[1], scale[0]);
    let (mut products, mut sums) = ([0.0_f32; 8], [0.0_f32; 8]);
    for (x, d) in x.chunks(8).zip(d.chunks_mut(8)) {
        for (i, (x, d)) in x.iter().zip(d).enumerate() {
            products[i] += *d * (x - mean) * scale;
            sums[i] += *d;
            *d *= weight;
        }
    }
    *dw += products.iter().sum::<f32>();
    *db += sums.iter().sum::<f32>();
}

impl Step for GroupNormStep {
    fn describe(&self) -> String {
        let affine = if self.weight.is_some() { " + weight, bias" } else { "" };
        format!("norm of {} groups of {} channels{affine}", self.groups, self.channels)
    }

    fn gradient_len(&self) -> usize {
        self.weight.map_or(0, |_| 2 * self.channels)
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        let Some(number) = self.weight else { return };
        let (weight, bias) = gradients.split_at(self.channels);
        to(number, &mut |sum| add(weight, sum));
        to(number + 1, &mut |sum| add(bias, sum));
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, [group, channel]) = (chunk.n, self.lens());
        // The plan gives the moments the place right behind `y`.
        let split = self.moments.range(n).start;
        let (values, moments) = chunk.memory.values.split_at_mut(split);
        let (x, y) = two(values, self.x.slot.range(n), self.y.range(n));
        let moments = &mut moments[..self.moments.len * n];
        layer_norm::forward(group, x, None, self.eps, y, moments);
        let Some(number) = self.weight else { return };
        let affine = call.params[number].iter().zip(call.params[number + 1]).cycle();
        for (y, (weight, bias)) in y.chunks_exact_mut(channel).zip(affine) {
            y.iter_mut().for_each(|y| *y = *y * weight + bias);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, [group, channel]) = (chunk.n, self.lens());
        let memory = &mut chunk.memory;
        let (dx, dy) = two_mut(&mut memory.gradients, self.x.slot.range(n), self.y.range(n));
        let x = &memory.values[self.x.slot.range(n)];
        let moments = &memory.values[self.moments.range(n)];
        if let Some(number) = self.weight {
            let gradients = &mut memory.parameters[call.gradients.range(1)];
            let (dw, db) = gradients.split_at_mut(self.channels);
            let parts = x.chunks_exact(channel).zip(dy.chunks_exact_mut(channel));
            for (i, (x, d)) in parts.enumerate() {
                let at = i * channel / group * MOMENTS;
                let (mean, scale) = moments[at..at + MOMENTS].split_at(MOMENTS - 1);
                let c = i % self.channels;
                let weight = call.params[number][c];
                channel_gradient([x, mean, scale], weight, d, [&mut dw[c], &mut db[c]]);
            }
        }
        if self.x.input && !call.input_gradient {
            return;
        }
        let to = Onto { dx, overwrite: self.x.first };
        layer_norm::backward(group, x, moments, None, dy, Some(to));
    }
}
