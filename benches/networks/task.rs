//! Running a graph forward, and backward from gradients of 1, with the engine or the portable path.

#![allow(dead_code)] // each program uses a part of it

use netwright::Result;
use netwright::dfdx::prelude::*;
use netwright_core::Backend;
use netwright_core::run::{Outcome, Task, portable};
use netwright_core::spec::graph::Graph;
use netwright_core::value::{Array, Value};
use std::error::Error;

/// What runs a task.
pub type Runner = fn(Task<'_, f32, Cpu>) -> Result<Outcome<f32, Cpu>>;

pub const ENGINE: Runner = <Cpu as Backend<f32>>::run;
pub const PORTABLE: Runner = portable::<f32, Cpu>;

/// A network with parameters and one batch, random numbers from a fixed seed.
pub struct Example {
    graph: &'static Graph,
    params: Vec<Array<f32, Cpu>>,
    inputs: Vec<Value<f32, Cpu>>,
}

impl Example {
    pub fn new(graph: &'static Graph, batch: usize) -> Self {
        let device = Cpu::seed_from_u64(1);
        let random = |shape: &[usize]| -> Tensor<(usize,), f32, Cpu> {
            device.sample_normal_like(&(shape.iter().product(),))
        };
        let params = graph.params.iter().map(|param| {
            let fan = param.shape.iter().skip(1).product::<usize>().max(1) as f32;
            // Variances must be positive.
            let data = random(param.shape).square().sqrt() / fan.sqrt() + 1e-3;
            Array { data, shape: param.shape.to_vec() }
        });
        let params = params.collect();
        let inputs = graph.inputs.iter().map(|port| {
            let shape = [&[batch], port.shape].concat();
            Value::Floats(Array { data: random(&shape), shape })
        });
        let inputs = inputs.collect();
        Example { graph, params, inputs }
    }

    fn task(&self, tape: Option<OwnedTape<f32, Cpu>>, training: bool) -> Task<'_, f32, Cpu> {
        Task {
            graph: self.graph,
            params: &self.params,
            own: &[],
            inputs: self.inputs.clone(),
            tape,
            training: training.then_some(7),
            input_gradients: true,
        }
    }

    /// The inference form.
    pub fn forward(&self, runner: Runner) -> Result<f32> {
        let outcome = runner(self.task(None, false))?;
        Ok(outcome.outputs[0].data[[0]])
    }

    /// The training form, and the gradients of the input and of all parameters.
    pub fn train(&self, runner: Runner) -> std::result::Result<f32, Box<dyn Error>> {
        let outcome = runner(self.task(Some(OwnedTape::default()), true))?;
        let output = outcome.outputs[0].data.clone();
        let mut tape = outcome.tape.ok_or("no tape")?;
        let end = output.clone();
        // What a loss would leave there, without the time that a loss takes.
        tape.add_backward_op(move |gradients| {
            gradients.try_alloc_for(&end)?;
            gradients.get_or_alloc_mut(&end)?.fill(1.0);
            Ok(())
        });
        let loss: Tensor<Rank0, f32, Cpu> = Cpu::default().zeros();
        loss.put_tape(tape).try_backward().map_err(|error| format!("{error:?}"))?;
        Ok(output[[0]])
    }
}
