//! Recurrent layers over samples of different length, against PyTorch's packed sequences
//! (tests/fixtures/packed.py): outputs, and the gradients of input, first states and parameters.

#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests

#[path = "support/fixture.rs"]
mod fixture;
#[path = "support/graphs.rs"]
mod graphs;
mod support;

use fixture::{assert_close, numbers};
use graphs::{Runner, run_from};
use netwright::prelude::*;
use netwright_core::Float;
use netwright_core::run::portable;
use netwright_core::spec::graph::Graph;
use support::Data;

/// The samples of a case.
const SAMPLES: usize = 3;

/// A case with all samples so many times, in several chunks of the engine.
struct Case {
    name: String,
    copies: usize,
}

impl Case {
    fn numbers(&self, name: &str) -> Vec<f64> {
        numbers(&format!("packed.{}.{name}", self.name))
    }

    /// What each sample has, for all of them.
    fn batch<E: Float>(&self, name: &str) -> Vec<E> {
        floats(&self.numbers(name).repeat(self.copies))
    }

    /// The inputs in the graph's order, which have PyTorch's names.
    fn inputs<E: Float>(&self, graph: &Graph) -> Vec<Data<E>> {
        let inputs = graph.inputs.iter().map(|port| match port.index {
            false => Data::Floats(self.batch(port.name)),
            true => {
                let lengths: Vec<usize> = numbers(&format!("packed.{}.lengths", self.name));
                Data::Indices(lengths.repeat(self.copies))
            }
        });
        inputs.collect()
    }

    fn check<E: Float>(&self, graph: &'static Graph, runner: Runner<E>, tolerance: f64)
    where
        Cpu: Backend<E>,
    {
        let params = split(&floats(&self.numbers("params")), graph);
        let batch = SAMPLES * self.copies;
        let (inputs, mut cotangent) = (self.inputs(graph), |_, _| self.batch("cotangent"));
        let [outputs, of_inputs, of_params] =
            run_from(graph, &params, &inputs, batch, None, runner, &mut cotangent);
        let close = |found: &[E], expected: &[f64], what: &str| {
            let found: Vec<f64> = found.iter().map(|x| x.f64()).collect();
            assert_close(&found, expected, tolerance, &format!("{} {what}", self.name));
        };
        close(&outputs[0], &self.batch("output"), "output");
        for (port, found) in graph.inputs.iter().zip(&of_inputs).filter(|(port, _)| !port.index) {
            let name = format!("grad.{}", port.name);
            close(found, &self.batch(&name), &name);
        }
        // A sum over all copies, which are the same.
        let copies = E::of(self.copies as f64);
        let of_one: Vec<E> = of_params.concat().into_iter().map(|x| x / copies).collect();
        close(&of_one, &self.numbers("grad.params"), "gradient of the parameters");
    }
}

fn floats<E: Float>(numbers: &[f64]) -> Vec<E> {
    numbers.iter().map(|&x| E::of(x)).collect()
}

/// Each parameter's share, in the graph's order, which is PyTorch's.
fn split<E: Float>(mut numbers: &[E], graph: &Graph) -> Vec<Vec<E>> {
    let mut params = Vec::new();
    for param in graph.params {
        let (own, rest) = numbers.split_at(param.shape.iter().product());
        params.push(own.to_vec());
        numbers = rest;
    }
    assert!(numbers.is_empty());
    params
}

macro_rules! packed {
    ($($kind:ident { $($case:ident: ($($input:ident: $shape:tt),*) { $($body:tt)* })* })*) => {
        $(mod $kind {
            use super::*;

            $(#[test]
            fn $case() {
                network! { struct Net($($input: $shape,)* lengths: [usize]) { $($body)* } }
                let name = concat!(stringify!($kind), ".", stringify!($case));
                let case = |copies| Case { name: name.into(), copies };
                case(1).check::<f64>(Net::<f32>::GRAPH, portable, 1e-8);
                for copies in [1, 20] {
                    case(copies).check::<f32>(Net::<f32>::GRAPH, <Cpu as Backend<f32>>::run, 2e-6);
                }
            })*
        })*
    };
}

packed! {
    rnn {
        plain: (x: [4, 2]) { (x, lengths) => Rnn<2> }
        short: (x: [4, 2]) { (x, lengths) => Rnn<2> }
        relu: (x: [4, 2]) { (x, lengths) => Rnn<2, nonlinearity = relu, bias = false> }
        last: (x: [4, 2]) { (x, lengths) => Rnn<2, output = last> }
        both: (x: [4, 2]) { (x, lengths) => Rnn<2, bidirectional = true> }
        both_last: (x: [4, 2]) { (x, lengths) => Rnn<2, bidirectional = true, output = last> }
        layers: (x: [4, 2]) {
            (x, lengths) => Rnn<2, layers = 2, bidirectional = true, output = last>
        }
        states: (x: [4, 2], h: [4]) {
            let (y, end) = (x, h, lengths) => Rnn<2, bidirectional = true>;
            concat((y => Flatten), end)
        }
    }
    lstm {
        plain: (x: [4, 2]) { (x, lengths) => Lstm<2> }
        short: (x: [4, 2]) { (x, lengths) => Lstm<2> }
        last: (x: [4, 2]) { (x, lengths) => Lstm<2, output = last> }
        both: (x: [4, 2]) { (x, lengths) => Lstm<2, bidirectional = true> }
        both_last: (x: [4, 2]) { (x, lengths) => Lstm<2, bidirectional = true, output = last> }
        layers: (x: [4, 2]) {
            (x, lengths) => Lstm<2, layers = 2, bidirectional = true, output = last>
        }
        states: (x: [4, 2], h: [4], c: [4]) {
            let (y, h_end, c_end) = (x, h, c, lengths) => Lstm<2, bidirectional = true>;
            concat((y => Flatten), h_end, c_end)
        }
    }
    gru {
        plain: (x: [4, 2]) { (x, lengths) => Gru<2> }
        short: (x: [4, 2]) { (x, lengths) => Gru<2> }
        last: (x: [4, 2]) { (x, lengths) => Gru<2, output = last> }
        both: (x: [4, 2]) { (x, lengths) => Gru<2, bidirectional = true> }
        both_last: (x: [4, 2]) { (x, lengths) => Gru<2, bidirectional = true, output = last> }
        layers: (x: [4, 2]) {
            (x, lengths) => Gru<2, layers = 2, bidirectional = true, output = last>
        }
        states: (x: [4, 2], h: [4]) {
            let (y, end) = (x, h, lengths) => Gru<2, bidirectional = true>;
            concat((y => Flatten), end)
        }
    }
}
