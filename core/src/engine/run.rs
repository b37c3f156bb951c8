//! The engine as dfdx sees it: one operation on its tape.

use super::bridge::slice;
use super::exec::{Engine, Run, forward};
use super::plan::Plan;
use super::steps::Source;
use crate::error::{Error, Result};
use crate::run::{Outcome, Task, Update, batch_size, portable};
use crate::value::{Array, Value};
use dfdx::prelude::*;
use netwright_spec::graph::Graph;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// One engine for each graph, by the address of its static data; `None` where the engine lacks one
/// of the graph's layers.
static ENGINES: LazyLock<Mutex<HashMap<usize, Option<Arc<Engine>>>>> =
    LazyLock::new(Mutex::default);

fn engine_of(graph: &Graph) -> Option<Arc<Engine>> {
    let key = std::ptr::from_ref(graph) as usize;
    let mut engines = ENGINES.lock().ok()?;
    engines.entry(key).or_insert_with(|| Some(Arc::new(Engine::new(Plan::of(graph)?)))).clone()
}

/// Runs a network with the engine, or node by node where the engine lacks a layer.
pub(crate) fn run(mut task: Task<'_, f32, Cpu>) -> Result<Outcome<f32, Cpu>> {
    let Some(engine) = engine_of(task.graph) else { return portable(task) };
    let batch = batch_size(task.graph, &task.inputs)?;
    let saved = Saved::new(task.params, std::mem::take(&mut task.inputs));
    let steps = &engine.plan.steps;
    if !saved.with(|_, inputs| steps.iter().all(|planned| planned.step.accepts(inputs))) {
        task.inputs = saved.inputs;
        return portable(task);
    }
    let run = saved.with(|params, inputs| {
        forward(&engine, params, inputs, batch, task.training, task.tape.is_some())
    });
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
    let data = run.output(number);
    let mut shape = vec![batch];
    shape.extend_from_slice(task.graph.shape_of(task.graph.outputs[number].value));
    let count = data.len();
    let data = task.device.try_tensor_from_vec(data, (count,)).map_err(Error::device)?;
    Ok(Array { data, shape })
}

fn updates(saved: &Saved, run: &Run, task: &Task<'_, f32, Cpu>) -> Result<Vec<Update<f32, Cpu>>> {
    let moved = saved.with(|params, inputs| run.updates(params, inputs));
    moved
        .into_iter()
        .map(|(param, share, data)| {
            let shape = task.params[param].shape.clone();
            let count = data.len();
            let data = task.device.try_tensor_from_vec(data, (count,)).map_err(Error::device)?;
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
    input_gradients: bool,
) -> std::result::Result<(), CpuError> {
    let mut output_gradients = Vec::new();
    for output in outputs {
        output_gradients.push(gradients.get_or_alloc_mut(&output.data)?.to_vec());
    }
    let mut failed = Ok(());
    let found = saved.with(|params, inputs| {
        let mut deliver = |number: usize, add: &mut dyn FnMut(&mut [f32])| {
            let array: &Array<f32, Cpu> = &saved.params[number];
            match gradients.get_or_alloc_mut(&array.data) {
                Ok(sum) => add(sum),
                Err(error) => failed = Err(error),
            }
        };
        run.backward(params, inputs, &output_gradients, input_gradients, &mut deliver)
    });
    failed?;
    for (value, gradient) in saved.inputs.iter().zip(&found) {
        if let Value::Floats(array) = value {
            super::steps::add(gradient, gradients.get_or_alloc_mut(&array.data)?);
        }
    }
    Ok(())
}

/// Whether the engine runs this graph, rather than leaving it to the portable path.
pub(crate) fn runs(graph: &Graph) -> bool {
    engine_of(graph).is_some()
}
