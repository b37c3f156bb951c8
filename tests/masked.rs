//! Attention to as many steps as a sample has, against PyTorch's padding masks
//! (tests/fixtures/masked.py): outputs, and the gradients of inputs and parameters.

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

fn floats<E: Float>(numbers: &[f64]) -> Vec<E> {
    numbers.iter().map(|&x| E::of(x)).collect()
}

/// The case with all samples so many times, in several chunks of the engine.
fn check<E: Float>(
    case: &str,
    graph: &'static Graph,
    (runner, copies, tolerance): (Runner<E>, usize, f64),
) where
    Cpu: Backend<E>,
{
    let of_one = |name: &str| numbers::<f64>(&format!("masked.{case}.{name}"));
    let batch = |name: &str| of_one(name).repeat(copies);
    let names: Vec<_> = graph.params.iter().map(|param| param.name.replace('.', "_")).collect();
    let params: Vec<Vec<E>> = names.iter().map(|name| floats(&of_one(name))).collect();
    let inputs = graph.inputs.iter().map(|port| match port.index {
        false => Data::Floats(floats(&batch(port.name))),
        true => Data::Indices(numbers(&format!("masked.{case}.lengths")).repeat(copies)),
    });
    let inputs: Vec<_> = inputs.collect();
    let mut cotangent = |_, _| floats(&batch("cotangent"));
    let [outputs, of_inputs, of_params] =
        run_from(graph, &params, &inputs, SAMPLES * copies, None, runner, &mut cotangent);
    let close = |found: &[E], expected: &[f64], what: &str| {
        let found: Vec<f64> = found.iter().map(|x| x.f64()).collect();
        assert_close(&found, expected, tolerance, &format!("{case} {what}"));
    };
    close(&outputs[0], &batch("output"), "output");
    for (port, found) in graph.inputs.iter().zip(&of_inputs).filter(|(port, _)| !port.index) {
        let name = format!("grad.{}", port.name);
        close(found, &batch(&name), &name);
    }
    for (name, found) in names.iter().zip(&of_params) {
        // A sum over all copies, which are the same.
        let found: Vec<E> = found.iter().map(|&x| x / E::of(copies as f64)).collect();
        let name = format!("grad.{name}");
        close(&found, &of_one(&name), &name);
    }
}

macro_rules! masked {
    ($($case:ident: ($($input:ident: $shape:tt),*) { $($body:tt)* })*) => {
        $(#[test]
        fn $case() {
            network! { struct Net($($input: $shape,)* lengths: [usize]) { $($body)* } }
            let (case, graph) = (stringify!($case), Net::<f32>::GRAPH);
            check::<f64>(case, graph, (portable, 1, 1e-8));
            for copies in [1, 20] {
                check::<f32>(case, graph, (<Cpu as Backend<f32>>::run, copies, 5e-6));
            }
        })*
    };
}

masked! {
    attention: (x: [4, 4]) { (x, lengths) => layer: MultiHeadAttention<2> }
    causal: (x: [4, 4]) { (x, lengths) => layer: MultiHeadAttention<2, causal = true> }
    memory: (x: [3, 4], memory: [4, 4]) { (x, memory, lengths) => layer: MultiHeadAttention<2> }
    encoder: (x: [4, 4]) { (x, lengths) => layer: TransformerEncoder<2, 2, 3> }
    decoder: (x: [3, 4], memory: [4, 4]) {
        (x, memory, lengths) => layer: TransformerDecoder<1, 2, 3, norm_first = true>
    }
}
