//! Activations element by element, where they could not be fused into the step before.

use super::{Call, Step};
use crate::engine::chunk::{Chunk, Edge, Slot};

/// An activation: its value and derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Activation {
    Relu,
    LeakyRelu(f32),
    Sigmoid,
    Tanh,
    Silu,
}

impl Activation {
    fn value(self, x: f32) -> f32 {
        match self {
            Activation::Relu => {
                if x <= 0.0 {
                    0.0
                } else {
                    x
                }
            }
            Activation::LeakyRelu(slope) => {
                if x <= 0.0 {
                    slope * x
                } else {
                    x
                }
            }
            Activation::Sigmoid => sigmoid(x),
            Activation::Tanh => x.tanh(),
            Activation::Silu => x * sigmoid(x),
        }
    }

    fn derivative(self, x: f32, y: f32) -> f32 {
        match self {
            Activation::Relu => f32::from(!(x <= 0.0)),
            Activation::LeakyRelu(slope) => {
                if x <= 0.0 {
                    slope
                } else {
                    1.0
                }
            }
            Activation::Sigmoid => y * (1.0 - y),
            Activation::Tanh => 1.0 - y * y,
            Activation::Silu => {
                let s = sigmoid(x);
                s + y * (1.0 - s)
            }
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// `y = activation(x)`
#[derive(Debug)]
pub(crate) struct MapStep {
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    pub(crate) activation: Activation,
}

impl Step for MapStep {
    fn describe(&self) -> String {
        format!("{:?} of {} floats", self.activation, self.y.len)
    }

    fn forward(&self, _: &Call<'_>, chunk: &mut Chunk) {
        let at = chunk.forward(self.x.slot, self.y, Slot::default());
        for (y, x) in at.y.iter_mut().zip(at.x) {
            *y = self.activation.value(*x);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        if self.x.input && !call.input_gradient {
            return;
        }
        let at = chunk.backward(self.x.slot, self.y, Slot::default(), Slot::default());
        let values = at.x.iter().zip(at.y);
        for ((dx, dy), (x, y)) in at.dx.iter_mut().zip(&*at.dy).zip(values) {
            let d = dy * self.activation.derivative(*x, *y);
            *dx = if self.x.first { d } else { *dx + d };
        }
    }
}
