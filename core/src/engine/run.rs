//! The engine as dfdx sees it: one operation on its tape.

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

/// Whether the engine has a step for every node of this graph.
#[must_use]
pub fn covers(graph: &Graph) -> bool {
    Plan::of(graph).is_some()
}

/// Runs a network with the engine, or node by node where the engine lacks a layer.
pub(crate) fn run(task: Task<'_, f32, Cpu>) -> Result<Outcome<f32, Cpu>> {
    let Some(engine) = engine_of(task.graph) else { return portable(task) };
    let batch = batch_size(task.graph, &task.inputs)?;
    if batch == 1 && task.training.is_some() && engine.lone() {
        // It says what is wrong.
        return portable(task);
    }
    let saved = Saved::new(task.params, &task.inputs);
    let run = saved.with(|params, inputs| {
        forward(&engine, params, inputs, batch, task.training, task.tape.is_some())
    });
    let outputs = (0..task.graph.outputs.len())
        .map(|i| output(&task, &run, i, batch))
        .collect::<Result<Vec<_>>>()?;
    let updates = updates(&saved, &run, &task)?;
    let tape = task.tape.map(|mut tape| {
        let outputs = outputs.clone();
        tape.add_backward_op(move |gradients| backward(run, &saved, &outputs, gradients));
        tape
    });
    Ok(Outcome { outputs, tape, updates })
}

/// Parameters and inputs as the run read them.
struct Saved {
    params: Vec<Array<f32, Cpu>>,
    inputs: Vec<Value<f32, Cpu>>,
    param_data: Vec<Vec<f32>>,
    input_data: Vec<Data>,
}

enum Data {
    Floats(Vec<f32>),
    Indices(Vec<usize>),
}

impl Saved {
    fn new(params: &[Array<f32, Cpu>], inputs: &[Value<f32, Cpu>]) -> Self {
        let input_data = inputs.iter().map(|value| match value {
            Value::Floats(array) => Data::Floats(copy(&array.data)),
            Value::Indices(array) => Data::Indices(array.data.as_vec()),
        });
        Saved {
            params: params.to_vec(),
            inputs: inputs.to_vec(),
            param_data: params.iter().map(|array| copy(&array.data)).collect(),
            input_data: input_data.collect(),
        }
    }

    fn with<R>(&self, f: impl FnOnce(&[&[f32]], &[Source<'_>]) -> R) -> R {
        let params: Vec<&[f32]> = self.param_data.iter().map(Vec::as_slice).collect();
        let inputs = self.input_data.iter().map(|data| match data {
            Data::Floats(data) => Source::Floats(data),
            Data::Indices(data) => Source::Indices(data),
        });
        f(&params, &inputs.collect::<Vec<_>>())
    }
}

fn copy(tensor: &Tensor<(usize,), f32, Cpu>) -> Vec<f32> {
    let mut data = vec![0.0; tensor.shape().0];
    tensor.copy_into(&mut data);
    data
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
    run: Run,
    saved: &Saved,
    outputs: &[Array<f32, Cpu>],
    gradients: &mut Gradients<f32, Cpu>,
) -> std::result::Result<(), CpuError> {
    let mut output_gradients = Vec::new();
    for output in outputs {
        output_gradients.push(gradients.get_or_alloc_mut(&output.data)?.to_vec());
    }
    let found = saved.with(|params, inputs| run.backward(params, inputs, &output_gradients, true));
    let arrays = saved.params.iter().zip(&found.params);
    let inputs =
        saved.inputs.iter().zip(&found.inputs).filter_map(|(value, gradient)| match value {
            Value::Floats(array) => Some((array, gradient)),
            Value::Indices(_) => None,
        });
    for (array, gradient) in arrays.chain(inputs) {
        let sum = gradients.get_or_alloc_mut(&array.data)?;
        for (sum, gradient) in sum.iter_mut().zip(gradient) {
            *sum += gradient;
        }
    }
    Ok(())
}
