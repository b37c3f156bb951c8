//! `Linear` with bias and activation: matrix products over all rows of a chunk.

use super::enter::add;
use super::{Call, Deliver, Step};
use crate::engine::chunk::{Chunk, Edge, Slot};
use crate::engine::kernels::conv::Act;
use crate::engine::kernels::linear::{Linear, relu_gradient};

/// y = x·Wᵀ + b, and a ReLU.
#[derive(Debug)]
pub(crate) struct LinearStep {
    pub(crate) linear: Linear,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    /// Numbers of the parameters.
    pub(crate) weight: usize,
    pub(crate) bias: Option<usize>,
    pub(crate) act: Act,
}

impl LinearStep {
    fn rows(&self, n: usize) -> usize {
        self.y.len / self.outputs * n
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

    fn gradient_len(&self) -> usize {
        self.outputs * self.inputs + self.bias.map_or(0, |_| self.outputs)
    }

    fn deliver(&self, gradients: &[f32], to: &mut Deliver<'_>) {
        let (weight, bias) = gradients.split_at(self.outputs * self.inputs);
        to(self.weight, &mut |sum| add(weight, sum));
        if let Some(number) = self.bias {
            to(number, &mut |sum| add(bias, sum));
        }
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let rows = self.rows(chunk.n);
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        let bias = self.bias.map(|bias| call.params[bias]);
        self.linear.forward(rows, at.x, call.params[self.weight], bias, self.act, at.y);
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let rows = self.rows(chunk.n);
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), call.gradients);
        if self.act == Act::Relu {
            relu_gradient(at.y, at.dy);
        }
        let (dw, db) = at.parameters.split_at_mut(self.outputs * self.inputs);
        self.linear.backward_weights(rows, at.x, at.dy, 0..self.outputs, false, dw);
        if self.bias.is_some() {
            self.linear.backward_bias(rows, at.dy, false, db);
        }
        if self.x.input && !call.input_gradient {
            return;
        }
        let weight = call.params[self.weight];
        self.linear.backward_input(rows, at.dy, weight, self.x.first, at.dx);
    }
}
