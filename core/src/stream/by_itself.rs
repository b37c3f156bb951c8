//! Layers that give each step for itself.

use super::derive::refused;
use crate::error::Result;
use netwright_spec::graph::{Graph, Node};

/// Layers that treat each number, or each step's last axis, by itself.
const EACH_BY_ITSELF: &[&str] = &[
    "AlphaDropout",
    "Celu",
    "Dropout",
    "Elu",
    "GaussianNoise",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "LogSigmoid",
    "Map",
    "Mish",
    "Relu",
    "Relu6",
    "Selu",
    "Sigmoid",
    "Silu",
    "Softplus",
    "Softsign",
    "Tanh",
    "Add",
    "Sub",
    "Mul",
    "Embedding",
];

/// Layers with an axis, which must not be time.
const ALONG_AN_AXIS: &[&str] =
    &["Softmax", "LogSoftmax", "Sum", "Mean", "Max", "Concat", "Glu", "Swiglu", "Slice", "Select"];

/// Whether a layer gives each step for itself.
pub(super) fn check(graph: &Graph, time: usize, node: &Node) -> Result<()> {
    let shape = graph.shape_of(node.inputs[0]);
    let (rank, axis) = (shape.len(), node.size("axis"));
    let rows = node.shape.first() == Some(&time);
    let by_itself = match node.kind {
        kind if EACH_BY_ITSELF.contains(&kind) => true,
        kind if ALONG_AN_AXIS.contains(&kind) => axis > 0,
        "Linear" => rank == 2,
        "LayerNorm" => node.size("axes") < rank,
        "RmsNorm" => rank > 1,
        "PRelu" => graph.params_of(node).iter().all(|param| param.shape == [1]),
        "Permute" | "Transpose" => node.sizes("order").first() == Some(&0),
        // The same numbers in the same order: each step keeps its own.
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => rows,
        "MatMul" => false,
        _ => {
            return Err(refused(node, "needs more than one step, or is not known to do without"));
        }
    };
    if by_itself { Ok(()) } else { Err(refused(node, "mixes steps")) }
}
