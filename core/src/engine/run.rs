//! The engine as dfdx sees it: one operation on its tape.

use super::bridge::slice;
use super::exec::{Engine, Given, Run};
use super::split::split_of;
use super::steps::{Source, add};
use crate::error::{Error, Result};
use crate::layers::{embedding, multi_head_attention, norm};
use crate::run::{Outcome, Task, Update, batch_size};
use crate::value::{Array, Value};
use dfdx::prelude::*;
use netwright_spec::graph::{Graph, Node};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// One engine for each graph, by the address of its static data; `None` where the engine lacks one
/// of the graph's layers.
static ENGINES: LazyLock<Mutex<HashMap<usize, Option<Arc<Engine>>>>> =
    LazyLock::new(Mutex::default);

pub(crate) fn engine_of(graph: &'static Graph) -> Option<Arc<Engine>> {
    let key = std::ptr::from_ref(graph) as usize;
    let mut engines = ENGINES.lock().ok()?;
    engines.entry(key).or_insert_with(|| Engine::of(graph, 0).map(Arc::new)).clone()
}

/// Whether the engine has a step for every node of this graph that is a layer of the catalogue.
#[must_use]
pub fn covers(graph: &'static Graph) -> bool {
    engine_of(graph).is_some() || split_of(graph).is_some()
}

/// Runs a network with the engine.
pub(crate) fn run(task: Task<'_, f32, Cpu>) -> Result<Outcome<f32, Cpu>> {
    if let Some(engine) = engine_of(task.graph) {
        return run_on(&engine, task);
    }
    let split = split_of(task.graph).ok_or_else(|| no_plan(task.graph))?;
    split.run(task)
}

/// Runs a network, or a part of one, that this engine was made for.
pub(super) fn run_on(engine: &Arc<Engine>, task: Task<'_, f32, Cpu>) -> Result<Outcome<f32, Cpu>> {
    let batch = batch_size(task.graph, &task.inputs)?;
    let saved = Saved::new(task.params, task.inputs.clone());
    saved.with(|_, inputs| check(task.graph, inputs, batch, task.training.is_some()))?;
    let mut run = engine.begin(batch, task.training, task.tape.is_some());
    saved.with(|params, inputs| run.forward(Given { params, inputs, input_gradient: false }));
    let input_gradients = task.input_gradients;
    let outputs = (0..task.graph.outputs.len())
        .map(|i| output(&task, &run, i, batch))
        .collect::<Result<Vec<_>>>()?;
    let updates = updates(&saved, &run, &task)?;
    let tape = task.tape.map(|mut tape| {
        let outputs = outputs.clone();
        tape.add_backward_op(move |gradients| {
            backward(run, &saved, &outputs, gradients, input_gradients)
        });
        tape
    });
    Ok(Outcome { outputs, tape, updates })
}

/// What can be wrong with values although every shape is right; steps cannot fail.
pub(crate) fn check(
    graph: &Graph,
    inputs: &[Source<'_>],
    batch: usize,
    training: bool,
) -> Result<()> {
    for node in graph.nodes {
        match (node.kind, inputs.get(node.inputs[0]), graph.params_of(node)) {
            ("Embedding" | "EmbeddingBag", Some(Source::Indices(indices)), [table, ..]) => {
                embedding::check(node, indices, table.shape[0], batch)?;
            }
            ("MultiHeadAttention" | "Rnn" | "Lstm" | "Gru", ..) => {
                check_lengths(graph, node, inputs)?
            }
            ("BatchNorm1d" | "BatchNorm2d", ..) if training => norm::check_count(node, batch)?,
            _ => {}
        }
    }
    Ok(())
}

/// What an attention may look at, and the steps of a recurrent layer.
fn check_lengths(graph: &Graph, node: &Node, inputs: &[Source<'_>]) -> Result<()> {
    let index = |i: usize| graph.inputs.get(node.inputs[i]).is_some_and(|port| port.index);
    let (memory, lengths) = multi_head_attention::inputs(node.inputs.len(), index);
    // Other values of a recurrent layer are states.
    let memory = memory.filter(|_| node.kind == "MultiHeadAttention");
    let keys = graph.shape_of(node.inputs[memory.unwrap_or(0)]).first();
    match (lengths.and_then(|i| inputs.get(node.inputs[i])), keys) {
        (Some(Source::Indices(lengths)), Some(&keys)) => {
            multi_head_attention::check(node, lengths, keys)
        }
        _ => Ok(()),
    }
}

/// Every layer of the catalogue has a step, which a test sees to.
fn no_plan(graph: &Graph) -> Error {
    Error::Data(format!("the engine has no plan for `{}`: a mistake of netwright's", graph.name))
}

/// Parameters and inputs as the run read them: handles that share their memory.
struct Saved {
    params: Vec<Array<f32, Cpu>>,
    inputs: Vec<Value<f32, Cpu>>,
    /// The inputs that are indices, in their order.
    indices: Vec<Vec<usize>>,
}

impl Saved {
    fn new(params: &[Array<f32, Cpu>], inputs: Vec<Value<f32, Cpu>>) -> Self {
        let indices = inputs.iter().filter_map(|value| match value {
            Value::Floats(_) => None,
            Value::Indices(array) => Some(array.data.as_vec()),
        });
        Saved { indices: indices.collect(), params: params.to_vec(), inputs }
    }

    fn with<R>(&self, f: impl FnOnce(&[&[f32]], &[Source<'_>]) -> R) -> R {
        let params: Vec<&[f32]> = self.params.iter().map(|array| slice(&array.data)).collect();
        let mut indices = self.indices.iter();
        let inputs = self.inputs.iter().map(|value| match value {
            Value::Floats(array) => Source::Floats(slice(&array.data)),
            Value::Indices(_) => Source::Indices(indices.next().map_or(&[], Vec::as_slice)),
        });
        f(&params, &inputs.collect::<Vec<_>>())
    }
}

fn output(
    task: &Task<'_, f32, Cpu>,
    run: &Run,
    number: usize,
    batch: usize,
) -> Result<Array<f32, Cpu>> {
    let mut data = Vec::new();
    run.output(number, &mut data);
    let mut shape = vec![batch];
    shape.extend_from_slice(task.graph.shape_of(task.graph.outputs[number].value));
    let count = data.len();
    let data =
        task.inputs[0].device().try_tensor_from_vec(data, (count,)).map_err(Error::device)?;
    Ok(Array { data, shape })
}

/// How running statistics move: once for each use of a layer that is shared, in the order of the uses.
fn updates(saved: &Saved, run: &Run, task: &Task<'_, f32, Cpu>) -> Result<Vec<Update<f32, Cpu>>> {
    let mut moved: Vec<(usize, f64, Vec<f32>)> = Vec::new();
    saved.with(|params, inputs| {
        let given = Given { params, inputs, input_gradient: false };
        run.buffers(given, &mut |param, share, place, value| {
            // A use gives all places of a buffer from the first on, so this one goes on with the last.
            let last = moved.iter().rposition(|moved| moved.0 == param && moved.2.len() == place);
            let at = last.unwrap_or_else(|| {
                moved.push((param, share, Vec::with_capacity(params[param].len())));
                moved.len() - 1
            });
            moved[at].2.push(value);
        });
    });
    moved
        .into_iter()
        .map(|(param, share, data)| {
            let shape = task.params[param].shape.clone();
            let count = data.len();
            let data = task.inputs[0]
                .device()
                .try_tensor_from_vec(data, (count,))
                .map_err(Error::device)?;
            Ok(Update { param, share, value: Array { data, shape } })
        })
        .collect()
}

/// Adds the gradients of this run to dfdx's.
fn backward(
    mut run: Run,
    saved: &Saved,
    outputs: &[Array<f32, Cpu>],
    gradients: &mut Gradients<f32, Cpu>,
    input_gradient: bool,
) -> std::result::Result<(), CpuError> {
    let mut output_gradients = Vec::new();
    for output in outputs {
        output_gradients.push(gradients.get_or_alloc_mut(&output.data)?.to_vec());
    }
    saved.with(|params, inputs| {
        run.backward(Given { params, inputs, input_gradient }, &output_gradients);
    });
    for (number, array) in saved.params.iter().enumerate() {
        if let Some(gradient) = run.whole_gradient(number) {
            add(gradient, gradients.get_or_alloc_mut(&array.data)?);
        }
    }
    for (number, value) in saved.inputs.iter().enumerate().filter(|_| input_gradient) {
        if let Value::Floats(array) = value {
            run.add_input_gradient(number, gradients.get_or_alloc_mut(&array.data)?);
        }
    }
    Ok(())
}
