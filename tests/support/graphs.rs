//! Running graphs with all of their outputs and gradients, on the engine and on the portable path.

#![allow(dead_code)] // each test program uses a part of it

use super::support::{Data, Random};
use netwright::dfdx::prelude::*;
#[cfg(feature = "engine")]
use netwright_core::engine::covers;
use netwright_core::run::{Outcome, Task};
use netwright_core::spec::graph::Graph;
use netwright_core::value::{Array, Value};
use netwright_core::{Backend, Float, Result};

/// Outputs, gradients of inputs, gradients of parameters.
pub type Found<E> = [Vec<Vec<E>>; 3];

/// What runs a task.
pub type Runner<E, D = Cpu> = fn(Task<'_, E, D>) -> Result<Outcome<E, D>>;

fn array<E: Float, D: Backend<E>>(dev: &D, data: Vec<E>, shape: Vec<usize>) -> Array<E, D> {
    let count = (data.len(),);
    Array { data: dev.tensor_from_vec(data, count), shape }
}

/// Runs it, and backward from random gradients of all outputs.
pub fn run<E: Float>(
    graph: &'static Graph,
    params: &[Vec<E>],
    inputs: &[Data<E>],
    batch: usize,
    training: Option<u64>,
    runner: Runner<E>,
) -> Found<E>
where
    Cpu: Backend<E>,
{
    let mut random = Random(3);
    let mut cotangent = |_, count| (0..count).map(|_| E::of(random.number())).collect();
    run_from(graph, params, inputs, batch, training, runner, &mut cotangent)
}

/// Runs it, and backward from the gradients that `cotangent` has for the number of an output and
/// its count of elements.
pub fn run_from<E: Float>(
    graph: &'static Graph,
    params: &[Vec<E>],
    inputs: &[Data<E>],
    batch: usize,
    training: Option<u64>,
    runner: Runner<E>,
    cotangent: &mut dyn FnMut(usize, usize) -> Vec<E>,
) -> Found<E>
where
    Cpu: Backend<E>,
{
    let device = Cpu::default();
    run_on(&device, graph, params, inputs, batch, training, runner, cotangent).0
}

/// The same on any device; and how running statistics move.
#[allow(clippy::too_many_arguments)]
pub fn run_on<E: Float, D: Backend<E>>(
    dev: &D,
    graph: &'static Graph,
    params: &[Vec<E>],
    inputs: &[Data<E>],
    batch: usize,
    training: Option<u64>,
    runner: Runner<E, D>,
    cotangent: &mut dyn FnMut(usize, usize) -> Vec<E>,
) -> (Found<E>, Vec<Vec<E>>) {
    let params = params.iter().zip(graph.params);
    let params: Vec<_> =
        params.map(|(data, p)| array(dev, data.clone(), p.shape.to_vec())).collect();
    let inputs: Vec<Value<E, D>> = inputs
        .iter()
        .zip(graph.inputs)
        .map(|(data, port)| {
            let shape = [&[batch], port.shape].concat();
            match data.clone() {
                Data::Floats(data) => Value::Floats(array(dev, data, shape)),
                Data::Indices(data) => {
                    let count = (data.len(),);
                    Value::Indices(Array { data: dev.tensor_from_vec(data, count), shape })
                }
            }
        })
        .collect();
    let tape = Some(OwnedTape::default());
    let task = Task {
        graph,
        params: &params,
        own: &[],
        inputs: inputs.clone(),
        tape,
        training,
        input_gradients: true,
    };
    let outcome = runner(task).unwrap();
    let values = outcome.outputs.iter().map(|output| output.data.as_vec()).collect();
    let updates = outcome.updates.iter().map(|update| update.value.data.as_vec()).collect();
    let mut loss = dev.zeros().put_tape(outcome.tape.unwrap());
    for (number, output) in outcome.outputs.into_iter().enumerate() {
        let count = output.data.shape().0;
        let cotangent = dev.tensor_from_vec(cotangent(number, count), (count,));
        let data = output.data.put_tape(OwnedTape::default());
        loss = loss + (data * cotangent).sum::<(), _>();
    }
    let mut grads = loss.backward();
    let mut gradient = |array: &Array<E, D>| {
        grads.get_or_alloc_mut(&array.data).unwrap();
        grads.get(&array.data).as_vec()
    };
    let of_inputs = inputs.iter().map(|value| match value {
        Value::Floats(array) => gradient(array),
        Value::Indices(_) => Vec::new(),
    });
    let of_inputs = of_inputs.collect();
    ([values, of_inputs, params.iter().map(gradient).collect()], updates)
}

/// Parameters in [0.5, 1.5], floats in ±2, indices below 7. Those of recurrent layers, attention
/// and transformers are in ±0.5: no digit is left of the gradients of a state, or of a softmax, at its limits.
pub fn data(graph: &'static Graph, batch: usize) -> (Vec<Vec<f32>>, Vec<Data<f32>>) {
    let mut random = Random(1);
    let params = graph.params.iter().map(|param| {
        let small = ["_l0", "_proj_", "_linear"].iter().any(|part| param.name.contains(part));
        let middle = if small { 0.0 } else { 1.0 };
        let mut number = || (middle + 0.5 * random.number()) as f32;
        (0..param.shape.iter().product::<usize>()).map(|_| number()).collect()
    });
    let params = params.collect();
    let inputs = graph.inputs.iter().map(|port| {
        let count = batch * port.shape.iter().product::<usize>();
        match port.index {
            true => Data::Indices((0..count).map(|_| random.below(7)).collect()),
            false => Data::Floats(random.apart(count).into_iter().map(|x| x as f32).collect()),
        }
    });
    let inputs = inputs.collect();
    (params, inputs)
}

/// The same numbers in f64.
pub fn wide(params: &[Vec<f32>], inputs: &[Data<f32>]) -> (Vec<Vec<f64>>, Vec<Data<f64>>) {
    let wide = |data: &Vec<f32>| data.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let inputs = inputs.iter().map(|data| match data {
        Data::Floats(data) => Data::Floats(wide(data)),
        Data::Indices(data) => Data::Indices(data.clone()),
    });
    (params.iter().map(wide).collect(), inputs.collect())
}

/// The engine in f32 gives what the portable path gives in f64, for one sample and several chunks,
/// in both forms.
#[cfg(feature = "engine")]
pub fn agrees(graph: &'static Graph) {
    assert!(covers(graph), "the engine does not run {}", graph.name);
    for (batch, training) in [(1, None), (3, Some(5)), (65, None), (65, Some(6))] {
        let (params, inputs) = data(graph, batch);
        let found = run(graph, &params, &inputs, batch, training, <Cpu as Backend<f32>>::run);
        let (params, inputs) = wide(&params, &inputs);
        let expected = run(graph, &params, &inputs, batch, training, netwright_core::run::portable);
        let kinds = ["output", "gradient of input", "gradient of parameter"];
        for ((found, expected), kind) in found.iter().zip(&expected).zip(kinds) {
            assert_eq!(found.len(), expected.len());
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                close(found, expected, &format!("{} batch {batch}: {kind} {i}", graph.name));
            }
        }
    }
}

/// Each number to 1e-5 of itself, or of half of the largest.
fn close(found: &[f32], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(found) - expected).abs();
        let limit = 1e-5 * expected.abs().max(0.5 * largest);
        assert!(error <= limit, "{what} [{i}]: {found}, not {expected}");
    }
}
