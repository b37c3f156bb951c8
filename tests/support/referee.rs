//! The engine (f32 on `Cpu`) against the portable executor (f64 on `Cpu`).

#![allow(dead_code)] // each test program uses a part of it

use super::Random;
use netwright::dfdx::prelude::*;
use netwright_core::private::graph::Graph;
use netwright_core::run::{Outcome, Task};
use netwright_core::value::{Array, Value};
use netwright_core::{Backend, Float, Result};

/// Parameters and inputs of a graph, with some batch.
pub struct Example {
    pub graph: &'static Graph,
    pub batch: usize,
    pub training: Option<u64>,
    pub params: Vec<Vec<f64>>,
    pub inputs: Vec<Vec<f64>>,
}

/// Everything that a run gives, each with a name.
type Numbers = Vec<(String, Vec<f64>)>;

impl Example {
    /// With random numbers; those of `running_var` are positive.
    pub fn random(graph: &'static Graph, batch: usize, training: Option<u64>) -> Self {
        let mut random = Random(batch as u64);
        let params = graph.params.iter().map(|param| {
            let fan = param.shape.iter().skip(1).product::<usize>().max(1) as f64;
            let positive = param.name.ends_with("running_var");
            let values = random.apart(param.shape.iter().product()).into_iter();
            values.map(|x| if positive { x.abs() + 0.5 } else { x / fan.sqrt() }).collect()
        });
        let params: Vec<Vec<f64>> = params.collect();
        let inputs = graph.inputs.iter().map(|port| {
            let count = batch * port.shape.iter().product::<usize>();
            match port.index {
                true => (0..count).map(|_| random.below(7) as f64).collect(),
                false => random.apart(count).iter().map(|x| f64::from(*x as f32)).collect(),
            }
        });
        let inputs = inputs.collect();
        Example { graph, batch, training, params, inputs }
    }

    fn array<E: Float>(shape: &[usize], data: &[f64], device: &Cpu) -> Array<E, Cpu>
    where
        Cpu: Backend<E>,
    {
        let data: Vec<E> = data.iter().map(|x| E::from_f64(*x).unwrap()).collect();
        let count = (data.len(),);
        Array { data: device.tensor_from_vec(data, count), shape: shape.to_vec() }
    }

    fn task<'a, E: Float>(&self, params: &'a [Array<E, Cpu>], traced: bool) -> Task<'a, E, Cpu>
    where
        Cpu: Backend<E>,
    {
        let device = Cpu::default();
        let inputs = self.graph.inputs.iter().zip(&self.inputs).map(|(port, data)| {
            let mut shape = vec![self.batch];
            shape.extend_from_slice(port.shape);
            match port.index {
                false => Value::Floats(Self::array(&shape, data, &device)),
                true => {
                    let data: Vec<usize> = data.iter().map(|x| *x as usize).collect();
                    let count = (data.len(),);
                    Value::Indices(Array { data: device.tensor_from_vec(data, count), shape })
                }
            }
        });
        let inputs = inputs.collect();
        let tape = traced.then(OwnedTape::default);
        Task {
            graph: self.graph,
            params,
            own: &[],
            inputs,
            tape,
            training: self.training,
            input_gradients: true,
        }
    }

    fn params<E: Float>(&self) -> Vec<Array<E, Cpu>>
    where
        Cpu: Backend<E>,
    {
        let device = Cpu::default();
        let params = self.graph.params.iter().zip(&self.params);
        params.map(|(param, data)| Self::array(param.shape, data, &device)).collect()
    }

    /// The outputs, without gradients.
    pub fn infer<E: Float>(&self) -> Result<Vec<Vec<f64>>>
    where
        Cpu: Backend<E>,
    {
        let params = self.params::<E>();
        let outcome = Cpu::run(self.task(&params, false))?;
        Ok(outcome.outputs.iter().map(|array| numbers(&array.data)).collect())
    }

    /// Outputs, new running statistics, and the gradients of Σ outputs · some numbers.
    pub fn run<E: Float>(&self) -> Numbers
    where
        Cpu: Backend<E>,
    {
        let params = self.params::<E>();
        let task = self.task(&params, true);
        let inputs = task.inputs.clone();
        let device = Cpu::default();
        let Outcome { outputs, tape, updates } = Cpu::run(task).unwrap();
        let mut found = Vec::new();
        let mut tape = tape.unwrap();
        let mut loss: Option<Tensor<(), E, Cpu, OwnedTape<E, Cpu>>> = None;
        for (i, output) in outputs.iter().enumerate() {
            found.push((format!("output {i}"), numbers(&output.data)));
            let count = output.data.shape().0;
            let cotangent = Random(i as u64).apart(count);
            let cotangent = Self::array::<E>(&[count], &cotangent, &device).data;
            let taped = output.data.clone().put_tape(std::mem::take(&mut tape));
            let part = (taped * cotangent).sum::<(), _>();
            let sum = match loss.take() {
                Some(loss) => loss + part,
                None => part,
            };
            let (data, used) = sum.split_tape();
            tape = used;
            loss = Some(data.put_tape(OwnedTape::default()));
        }
        for update in updates {
            let name = self.graph.params[update.param].name;
            found.push((format!("{name} by {}", update.share), numbers(&update.value.data)));
        }
        let (loss, _) = loss.unwrap().split_tape();
        let mut gradients = loss.put_tape(tape).backward();
        let mut gradient = |array: &Array<E, Cpu>| {
            gradients.get_or_alloc_mut(&array.data).unwrap();
            numbers(&gradients.get(&array.data))
        };
        for (i, input) in inputs.iter().enumerate() {
            if let Value::Floats(array) = input {
                found.push((format!("gradient of input {i}"), gradient(array)));
            }
        }
        for (param, array) in self.graph.params.iter().zip(&params) {
            if param.trainable {
                found.push((format!("gradient of {}", param.name), gradient(array)));
            }
        }
        found
    }
}

fn numbers<E: Float>(tensor: &Tensor<(usize,), E, Cpu>) -> Vec<f64>
where
    Cpu: Backend<E>,
{
    tensor.as_vec().iter().map(|x| x.to_f64().unwrap()).collect()
}

/// In the inference and the training form, with a batch of 1, 3 and 65, the engine gives what the
/// portable executor gives.
pub fn check(graph: &'static Graph) {
    assert!(netwright_core::engine::covers(graph), "`{}` is not covered", graph.name);
    for batch in [1, 3, 65] {
        for training in [None, Some(7)] {
            compare(&Example::random(graph, batch, training), 1e-4);
        }
    }
}

/// As [`check`], for one example.
pub fn compare(example: &Example, tolerance: f64) {
    let Example { graph, batch, training, .. } = example;
    let what = format!("`{}`, batch {batch}, training {training:?}", graph.name);
    match (example.infer::<f32>(), example.infer::<f64>()) {
        (Ok(got), Ok(expected)) => {
            for (got, expected) in got.iter().zip(&expected) {
                near(&format!("{what}: output without a tape"), got, expected, tolerance);
            }
        }
        (Err(got), Err(expected)) => return assert_eq!(got.to_string(), expected.to_string()),
        (got, expected) => panic!("{what}: {:?}, not {:?}", got.err(), expected.err()),
    }
    let (got, expected) = (example.run::<f32>(), example.run::<f64>());
    assert_eq!(got.len(), expected.len(), "{what}");
    for ((name, got), (expected_name, expected)) in got.iter().zip(&expected) {
        assert_eq!(name, expected_name, "{what}");
        near(&format!("{what}: {name}"), got, expected, tolerance);
    }
}

/// Relative to the largest number; sums that cancel to nothing are near 0.
fn near(what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let finite = expected.iter().filter(|x| x.is_finite());
    let largest = finite.fold(0.1_f64, |m, x| m.max(x.abs()));
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        let near = a == b || (a - b).abs() <= tolerance * largest;
        assert!(near, "{what} at {i}: {a}, not {b} (largest {largest})");
    }
}
