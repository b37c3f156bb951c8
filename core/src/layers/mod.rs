//! The portable forward of each layer, in a file of the layer's name, and what a model's fields
//! are: plain structs of tensors.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layer::{Mode, Own};
use crate::rng::mix;
use crate::run::Update;
use crate::value::{Array, Value};
use dfdx::prelude::*;
use netwright_spec::graph::{Inner, Node};

pub(crate) mod adaptive_avg_pool2d;
mod add;
pub(crate) mod alpha_dropout;
mod avg_pool2d;
mod batch_norm1d;
mod batch_norm2d;
mod celu;
mod concat;
mod conv2d;
mod conv_transpose2d;
mod dropout;
mod elu;
pub(crate) mod embedding;
mod embedding_bag;
mod flatten;
pub(crate) mod gaussian_noise;
mod gelu;
mod global_avg_pool2d;
mod glu;
mod group_norm;
mod hard_sigmoid;
mod hard_swish;
mod layer_norm;
mod leaky_relu;
mod linear;
mod log_sigmoid;
mod log_softmax;
mod map;
mod mat_mul;
mod max;
mod max_pool2d;
mod mean;
mod mish;
mod mul;
pub(crate) mod multi_head_attention;
mod p_relu;
mod permute;
mod positional_encoding;
pub(crate) mod recurrent;
mod relu;
mod relu6;
mod repeat_vector;
mod reshape;
mod rms_norm;
mod select;
pub(crate) mod selu;
mod sigmoid;
mod silu;
mod slice;
mod softmax;
mod softplus;
mod softsign;
mod squeeze;
mod sub;
mod sum;
mod swiglu;
mod tanh;
mod transpose;
mod unsqueeze;
mod upsample2d;

pub(crate) mod moves;
pub(crate) mod norm;
mod pointwise;
mod window;

pub use batch_norm1d::BatchNorm1d;
pub use batch_norm2d::BatchNorm2d;
pub use conv_transpose2d::ConvTranspose2d;
pub use conv2d::Conv2d;
pub use embedding::Embedding;
pub use embedding_bag::EmbeddingBag;
pub use group_norm::{GroupNorm, InstanceNorm2d};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use multi_head_attention::MultiHeadAttention;
pub use p_relu::PRelu;
pub use positional_encoding::PositionalEncoding;
pub use recurrent::{Gru, Lstm, Rnn};
pub(crate) use relu::relu;
pub use rms_norm::RmsNorm;

/// Elements in row-major order, on the tape.
pub(crate) type Flat<E, D> = Tensor<(usize,), E, D, OwnedTape<E, D>>;

/// A parameter that an option switched off: `bias = false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absent;

/// One application of a layer.
pub(crate) struct Call<'a, E: Float, D: Backend<E>> {
    /// The number of the node, for its random numbers.
    pub(crate) number: usize,
    /// The layer's attributes and output shape.
    pub(crate) node: &'a Node,
    /// Its parameters.
    pub(crate) params: &'a [Array<E, D>],
    /// The network's applications of layers of the user's.
    pub(crate) own: &'a [Own<'a, E, D>],
    /// What it takes; each shape begins with the batch.
    pub(crate) inputs: Vec<Value<E, D>>,
    /// The tape, until somebody takes it.
    pub(crate) tape: Option<OwnedTape<E, D>>,
    /// The number of samples.
    pub(crate) batch: usize,
    /// The key of random numbers in the training form.
    pub(crate) training: Option<u64>,
    /// The device.
    pub(crate) device: &'a D,
    /// Where new values of buffers go.
    pub(crate) updates: &'a mut Vec<Update<E, D>>,
}

impl<E: Float, D: Backend<E>> Call<'_, E, D> {
    /// The first input on the tape.
    pub(crate) fn input(&mut self) -> Result<Flat<E, D>> {
        self.nth_input(0)
    }

    /// An input, on the tape if it is the first that is asked for, else on a tape of its own that
    /// the operation merges.
    pub(crate) fn nth_input(&mut self, i: usize) -> Result<Flat<E, D>> {
        let data = match self.inputs.get(i) {
            Some(Value::Floats(array)) => array.data.clone(),
            _ => return Err(self.error("takes floats, but was given something else")),
        };
        Ok(data.put_tape(self.take_tape()))
    }

    /// As [`nth_input`](Self::nth_input), but with an identity of its own: two inputs may be the
    /// same tensor (`x + x`, or a `Flatten` of it), and dfdx's operations on two tensors want two.
    pub(crate) fn apart_input(&mut self, i: usize) -> Result<Flat<E, D>> {
        self.nth_input(i)?.try_mul(E::one()).on_device()
    }

    /// The first input as indices.
    pub(crate) fn indices(&self) -> Result<&Array<usize, D>> {
        match self.inputs.first() {
            Some(Value::Indices(array)) => Ok(array),
            _ => Err(self.error("takes indices, but was given something else")),
        }
    }

    /// The tape, or an empty one if it was taken.
    pub(crate) fn take_tape(&mut self) -> OwnedTape<E, D> {
        self.tape.take().unwrap_or_default()
    }

    /// The key of this layer's random numbers in the training form.
    pub(crate) fn training_key(&self) -> Option<u64> {
        self.training.map(|key| mix(key, self.number as u64))
    }

    /// The shape of one sample of the first input.
    pub(crate) fn input_shape(&self) -> &[usize] {
        self.inputs.first().and_then(|v| v.shape().get(1..)).unwrap_or(&[])
    }

    /// A parameter, ready to be used on the tape.
    pub(crate) fn param(&self, i: usize) -> Result<Flat<E, D>> {
        match self.params.get(i) {
            Some(array) => Ok(array.data.retaped()),
            None => Err(self.error("lacks a parameter")),
        }
    }

    /// A parameter on the tape: for a layer that takes no floats.
    pub(crate) fn taped_param(&mut self, i: usize) -> Result<Flat<E, D>> {
        let (data, _) = self.param(i)?.split_tape();
        Ok(data.put_tape(self.take_tape()))
    }

    /// Whether there is an `i`th parameter: an option may switch off the last ones.
    pub(crate) fn has_param(&self, i: usize) -> bool {
        i < self.params.len()
    }

    /// An error that names this layer.
    pub(crate) fn error(&self, problem: impl Into<String>) -> Error {
        error(self.node, problem)
    }
}

/// An error that names the layer of this node.
pub(crate) fn error(node: &Node, problem: impl Into<String>) -> Error {
    Error::Layer { layer: node.name.into(), kind: node.kind.into(), problem: problem.into() }
}

/// Runs the layer of this node.
pub(crate) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    if let Some(Inner::Own(number)) = call.node.inner {
        return own(call, number);
    }
    match call.node.kind {
        "AdaptiveAvgPool2d" => adaptive_avg_pool2d::forward(call),
        "Add" => add::forward(call),
        "AlphaDropout" => alpha_dropout::forward(call),
        "AvgPool2d" => avg_pool2d::forward(call),
        "BatchNorm1d" => batch_norm1d::forward(call),
        "BatchNorm2d" => batch_norm2d::forward(call),
        "Celu" => celu::forward(call),
        "Concat" => concat::forward(call),
        "Conv2d" => conv2d::forward(call),
        "ConvTranspose2d" => conv_transpose2d::forward(call),
        "Dropout" => dropout::forward(call),
        "SpatialDropout2d" => dropout::of_channels(call),
        "Elu" => elu::forward(call),
        "Embedding" => embedding::forward(call),
        "EmbeddingBag" => embedding_bag::forward(call),
        "Flatten" => flatten::forward(call),
        "GaussianNoise" => gaussian_noise::forward(call),
        "Gelu" => gelu::forward(call),
        "Gru" | "Lstm" | "Rnn" => recurrent::forward(call),
        "GlobalAvgPool2d" => global_avg_pool2d::forward(call),
        "Glu" => glu::forward(call),
        "GroupNorm" | "InstanceNorm2d" => group_norm::forward(call),
        "HardSigmoid" => hard_sigmoid::forward(call),
        "HardSwish" => hard_swish::forward(call),
        "LayerNorm" => layer_norm::forward(call),
        "LeakyRelu" => leaky_relu::forward(call),
        "Linear" => linear::forward(call),
        "LogSigmoid" => log_sigmoid::forward(call),
        "LogSoftmax" => log_softmax::forward(call),
        "Map" => map::forward(call),
        "MatMul" => mat_mul::forward(call),
        "Max" => max::forward(call),
        "MaxPool2d" => max_pool2d::forward(call),
        "Mean" => mean::forward(call),
        "Mish" => mish::forward(call),
        "Mul" => mul::forward(call),
        "MultiHeadAttention" => multi_head_attention::forward(call),
        "PRelu" => p_relu::forward(call),
        "Crop2d" | "DepthTaps" | "PixelShuffle" | "ZeroPad2d" => moves::forward(call),
        "Permute" => permute::forward(call),
        "PositionalEncoding" => positional_encoding::forward(call),
        "Relu" => relu::forward(call),
        "Relu6" => relu6::forward(call),
        "RepeatVector" => repeat_vector::forward(call),
        "Reshape" => reshape::forward(call),
        "RmsNorm" => rms_norm::forward(call),
        "Select" => select::forward(call),
        "Selu" => selu::forward(call),
        "Sigmoid" => sigmoid::forward(call),
        "Silu" => silu::forward(call),
        "Slice" => slice::forward(call),
        "Softmax" => softmax::forward(call),
        "Softplus" => softplus::forward(call),
        "Softsign" => softsign::forward(call),
        "Squeeze" => squeeze::forward(call),
        "Sub" => sub::forward(call),
        "Sum" => sum::forward(call),
        "Swiglu" => swiglu::forward(call),
        "Tanh" => tanh::forward(call),
        "Transpose" => transpose::forward(call),
        "Unsqueeze" => unsqueeze::forward(call),
        "Upsample2d" => upsample2d::forward(call),
        _ => Err(call.error("this version of netwright does not run this layer")),
    }
}

/// Runs a layer of the user's.
pub(crate) fn own<E: Float, D: Backend<E>>(
    call: &mut Call<'_, E, D>,
    number: usize,
) -> Result<Flat<E, D>> {
    let (Some(layer), Some(input)) = (call.own.get(number), call.inputs.first()) else {
        return Err(call.error("is not among the model's own layers"));
    };
    let mode = match call.training_key() {
        Some(seed) => Mode::Training { seed },
        None => Mode::Inference,
    };
    let (input, tape) = (input.clone(), call.tape.take().unwrap_or_default());
    let (array, tape) = layer.run(input, tape, mode).map_err(|e| call.error(e.to_string()))?;
    let expected = [&[call.batch], call.node.shape].concat();
    if array.shape != expected {
        return Err(call.error(format!("gave {:?} instead of {expected:?}", array.shape)));
    }
    Ok(array.data.put_tape(tape))
}

/// Turns a device's error into ours, wherever dfdx returns one.
pub(crate) trait OnDevice<T> {
    /// The value, or [`Error::Device`].
    fn on_device(self) -> Result<T>;
}

impl<T, X: std::fmt::Debug> OnDevice<T> for Result<T, X> {
    fn on_device(self) -> Result<T> {
        self.map_err(Error::device)
    }
}
