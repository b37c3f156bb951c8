//! Running a declared network on data, with all of its gradients.

#![allow(dead_code)] // each test program uses a part of it

use netwright::dfdx::prelude::*;
use netwright_core::run::{Outcome, Task};
use netwright_core::value::{Array, Value};
use netwright_core::{Backend, Float, Model, Result};

/// What goes into a network.
#[derive(Clone)]
pub enum Data<E> {
    Floats(Vec<E>),
    Indices(Vec<usize>),
}

/// What a run gives: numbers only.
#[derive(Clone, Debug, PartialEq)]
pub struct Run<E> {
    pub output: Vec<E>,
    pub shape: Vec<usize>,
    /// Of the input; empty for indices.
    pub grad_input: Vec<E>,
    /// Of each parameter; of a buffer too, which nobody uses.
    pub grads: Vec<Vec<E>>,
    /// The new values of running statistics, with the number of the parameter.
    pub updates: Vec<(usize, f64, Vec<E>)>,
}

/// A network's parameters and one batch.
pub struct Case<'a, E: Float, D: Backend<E>> {
    pub model: &'a dyn Model<E, D>,
    pub input: Data<E>,
    pub batch: usize,
    pub training: Option<u64>,
}

impl<E: Float, D: Backend<E>> Case<'_, E, D> {
    fn value(&self, device: &D) -> Value<E, D> {
        let mut shape = vec![self.batch];
        shape.extend_from_slice(self.model.graph().inputs[0].shape);
        let count = (shape.iter().product::<usize>(),);
        match self.input.clone() {
            Data::Floats(data) => {
                Value::Floats(Array { data: device.tensor_from_vec(data, count), shape })
            }
            Data::Indices(data) => {
                Value::Indices(Array { data: device.tensor_from_vec(data, count), shape })
            }
        }
    }

    fn params(&self) -> Vec<Array<E, D>> {
        self.model.tensors().into_iter().map(|t| t.array().unwrap()).collect()
    }

    /// The output and nothing else.
    pub fn infer(&self) -> Result<Outcome<E, D>> {
        let device = D::default();
        let (params, inputs) = (self.params(), vec![self.value(&device)]);
        let (graph, training) = (self.model.graph(), self.training);
        D::run(Task {
            graph,
            params: &params,
            own: &[],
            inputs,
            tape: None,
            training,
            input_gradients: true,
        })
    }

    /// The output, and the gradients of Σ output · cotangent.
    pub fn run(&self, cotangent: &dyn Fn(usize) -> Vec<E>) -> Run<E> {
        let device = D::default();
        let (params, input) = (self.params(), self.value(&device));
        let (graph, training) = (self.model.graph(), self.training);
        let tape = Some(OwnedTape::default());
        let inputs = vec![input.clone()];
        let task = Task {
            graph,
            params: &params,
            own: &[],
            inputs,
            tape,
            training,
            input_gradients: true,
        };
        let mut outcome = D::run(task).unwrap();
        let Array { data, shape } = outcome.outputs.remove(0);
        let output = data.as_vec();
        let cotangent: Tensor<(usize,), E, D> =
            device.tensor_from_vec(cotangent(output.len()), (output.len(),));
        let loss = data.put_tape(outcome.tape.unwrap()).try_mul(cotangent).unwrap();
        let mut grads = loss.sum::<(), _>().backward();
        let mut grad = |array: &Array<E, D>| {
            grads.get_or_alloc_mut(&array.data).unwrap();
            grads.get(&array.data).as_vec()
        };
        Run {
            output,
            shape,
            grad_input: match &input {
                Value::Floats(array) => grad(array),
                Value::Indices(_) => Vec::new(),
            },
            grads: params.iter().map(&mut grad).collect(),
            updates: outcome
                .updates
                .into_iter()
                .map(|u| (u.param, u.share, u.value.data.as_vec()))
                .collect(),
        }
    }
}

/// SplitMix64, for data.
pub struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.word() % n as u64) as usize
    }

    /// In ±1.
    pub fn number(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Numbers in ±2 in a random order, all of them apart from each other and from simple
    /// fractions, where functions have their kinks.
    pub fn apart(&mut self, count: usize) -> Vec<f64> {
        let step = 4.0 / count as f64;
        let mut numbers: Vec<f64> =
            (0..count).map(|i| (i as f64 + 0.5) * step - 2.0 + 0.1377 * step).collect();
        for last in (1..count).rev() {
            numbers.swap(last, self.below(last + 1));
        }
        numbers
    }
}
