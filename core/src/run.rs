//! The portable executor: a graph, node by node, with dfdx's tensor operations on dfdx's tape.
//!
//! It runs on every dfdx device and float type; where a faster engine exists, it is the referee.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layer::Own;
use crate::layers::{self, Call};
use crate::value::{Array, Value};
use dfdx::prelude::*;
use netwright_spec::graph::{Graph, Node, Port};

/// What is to be run.
pub struct Task<'a, E: Float, D: Backend<E>> {
    /// The network.
    pub graph: &'static Graph,
    /// Its parameters, in the graph's order.
    pub params: &'a [Array<E, D>],
    /// Its applications of layers of the user's, in the graph's order.
    pub own: &'a [Own<'a, E, D>],
    /// One value for each input, with a batch axis. It runs on their device.
    pub inputs: Vec<Value<E, D>>,
    /// The tape to record on.
    pub tape: Option<OwnedTape<E, D>>,
    /// The training form (dropout, batch statistics) with this key for its random numbers, or the
    /// inference form.
    pub training: Option<u64>,
    /// Whether the gradients of the inputs are wanted too; without them a backward may save the
    /// work.
    pub input_gradients: bool,
}

/// What a run gives.
pub struct Outcome<E: Float, D: Backend<E>> {
    /// One array for each output, with a batch axis.
    pub outputs: Vec<Array<E, D>>,
    /// The tape of the task.
    pub tape: Option<OwnedTape<E, D>>,
    /// How buffers move. Applied by the caller, so that a bad step can be dropped whole.
    pub updates: Vec<Update<E, D>>,
}

/// `buffer = (1 - share) · buffer + share · value`: how running statistics move.
pub struct Update<E: Float, D: Backend<E>> {
    /// The number of the parameter.
    pub param: usize,
    /// The share of the new value.
    pub share: f64,
    /// The new value.
    pub value: Array<E, D>,
}

/// Runs the task with dfdx's operations. Public for tests that compare the engine with it.
#[doc(hidden)]
pub fn portable<E: Float, D: Backend<E>>(task: Task<'_, E, D>) -> Result<Outcome<E, D>> {
    let Task { graph, params, own, inputs, tape, training, .. } = task;
    let batch = batch_size(graph, &inputs)?;
    let device = inputs[0].device().clone();
    let last_use = last_uses(graph);
    let recording = tape.is_some();
    let mut tape = tape.unwrap_or_default();
    let mut values: Vec<Option<Value<E, D>>> = inputs.into_iter().map(Some).collect();
    let mut updates = Vec::new();
    for (number, node) in graph.nodes.iter().enumerate() {
        let mut call = Call {
            number,
            node,
            params: &params_of(params, node)?,
            own,
            inputs: node.inputs.iter().map(|&v| value(&values, v)).collect::<Result<_>>()?,
            tape: Some(tape),
            batch,
            training,
            device: &device,
            updates: &mut updates,
        };
        let (data, used) = layers::forward(&mut call)?.split_tape();
        // Without a recording each node's tape is dropped with what it holds.
        tape = if recording { used } else { OwnedTape::default() };
        values.push(Some(Value::Floats(checked(node, batch, data)?)));
        for &input in node.inputs.iter().filter(|&&v| last_use[v] == number) {
            values[input] = None;
        }
    }
    let outputs = graph.outputs.iter().map(|o| output(&values, o.value)).collect::<Result<_>>()?;
    Ok(Outcome { outputs, tape: recording.then_some(tape), updates })
}

/// The batch size of the inputs, after checking them against the graph.
pub(crate) fn batch_size<E: Float, D: Backend<E>>(
    graph: &Graph,
    inputs: &[Value<E, D>],
) -> Result<usize> {
    if inputs.len() != graph.inputs.len() {
        return Err(Error::Data(format!(
            "`{}` takes {} inputs, but was given {}",
            graph.name,
            graph.inputs.len(),
            inputs.len()
        )));
    }
    let batch = inputs.first().and_then(|v| v.shape().first().copied()).unwrap_or(0);
    for (port, value) in graph.inputs.iter().zip(inputs) {
        check_input(graph, port, value, batch)?;
    }
    if batch == 0 {
        return Err(Error::Data(format!("`{}` was given a batch of 0 samples", graph.name)));
    }
    Ok(batch)
}

fn check_input<E: Float, D: Backend<E>>(
    graph: &Graph,
    port: &Port,
    value: &Value<E, D>,
    batch: usize,
) -> Result<()> {
    let index = matches!(value, Value::Indices(_));
    let fits = value.shape().split_first() == Some((&batch, port.shape));
    if fits && index == port.index {
        return Ok(());
    }
    let kind = |index| if index { "indices" } else { "floats" };
    Err(Error::Data(format!(
        "`{}` of `{}` takes {} of shape {:?} for each of {batch} samples, but was given {} of \
         shape {:?} (the first size is the batch)",
        port.name,
        graph.name,
        kind(port.index),
        port.shape,
        kind(index),
        value.shape(),
    )))
}

/// The number of the last node that takes each value; outputs are kept.
fn last_uses(graph: &Graph) -> Vec<usize> {
    let mut last = vec![usize::MAX; graph.inputs.len() + graph.nodes.len()];
    for (number, node) in graph.nodes.iter().enumerate() {
        for &input in node.inputs {
            last[input] = number;
        }
    }
    for output in graph.outputs {
        last[output.value] = usize::MAX;
    }
    last
}

/// Handles on the parameters that a node reads.
pub(crate) fn params_of<E: Unit, D: Storage<E>>(
    params: &[Array<E, D>],
    node: &Node,
) -> Result<Vec<Array<E, D>>> {
    let read: Option<_> = node.reads().map(|param| params.get(param).cloned()).collect();
    read.ok_or_else(|| internal(node, "its parameters are missing"))
}

fn value<E: Float, D: Backend<E>>(
    values: &[Option<Value<E, D>>],
    number: usize,
) -> Result<Value<E, D>> {
    values
        .get(number)
        .and_then(Clone::clone)
        .ok_or_else(|| Error::Data(format!("value {number} of the graph is used before it exists")))
}

fn output<E: Float, D: Backend<E>>(
    values: &[Option<Value<E, D>>],
    number: usize,
) -> Result<Array<E, D>> {
    match value(values, number)? {
        Value::Floats(array) => Ok(array),
        Value::Indices(_) => Err(Error::Data("an output of the graph holds indices".into())),
    }
}

/// The output with its shape, which inferred and computed sizes must agree on.
fn checked<E: Float, D: Backend<E>>(
    node: &Node,
    batch: usize,
    data: Tensor<(usize,), E, D>,
) -> Result<Array<E, D>> {
    let mut shape = vec![batch];
    shape.extend_from_slice(node.shape);
    let expected: usize = shape.iter().product();
    if data.shape().0 == expected {
        return Ok(Array { data, shape });
    }
    Err(internal(node, &format!("computed {} elements, not {expected}", data.shape().0)))
}

fn internal(node: &Node, problem: &str) -> Error {
    Error::Layer { layer: node.name.into(), kind: node.kind.into(), problem: problem.into() }
}
