//! Every layer: outputs, running statistics, gradients of inputs and of parameters.

use crate::every_layer::every_layer;
use crate::graphs::{self, data, run_on};
use crate::support::{Data, Random};
use crate::{Differences, Gpu, check};
use netwright::prelude::*;
use netwright_core::run::portable;
use netwright_core::spec::graph::Graph;

/// In both forms, and with sums over more numbers than a block of threads has.
fn compare(graph: &'static Graph, device: &Gpu, found: &mut Differences) {
    for (batch, training) in [(1, None), (3, Some(5)), (65, Some(6))] {
        let (params, mut inputs) = data(graph, batch);
        for (input, port) in inputs.iter_mut().zip(graph.inputs) {
            if let (Data::Indices(lengths), "lengths") = (input, port.name) {
                lengths.iter_mut().for_each(|length| *length = 1 + *length % 4);
            }
        }
        let (wide, floats) = graphs::wide(&params, &inputs);
        let case = (graph, batch, training);
        let expected = run(&Cpu::default(), case, &wide, &floats);
        same(found, case, &run(device, case, &wide, &floats), &expected);
        same(found, case, &run(device, case, &params, &inputs), &expected);
    }
}

type Form = (&'static Graph, usize, Option<u64>);
type Numbers<E> = [Vec<Vec<E>>; 4];

fn run<E: Float, D: Backend<E>>(
    device: &D,
    (graph, batch, training): Form,
    params: &[Vec<E>],
    inputs: &[Data<E>],
) -> Numbers<E> {
    let mut random = Random(3);
    let mut cotangent = |_, count| (0..count).map(|_| E::of(random.number())).collect();
    let cotangent = &mut cotangent;
    let ([outputs, of_inputs, of_params], updates) =
        run_on(device, graph, params, inputs, batch, training, portable, cotangent);
    [outputs, of_inputs, of_params, updates]
}

fn same<E: Float>(
    found: &mut Differences,
    (_, batch, training): Form,
    numbers: &Numbers<E>,
    expected: &Numbers<f64>,
) {
    let kinds = ["output", "gradient of input", "gradient of parameter", "statistic"];
    let form = if training.is_some() { "training" } else { "inference" };
    for ((numbers, expected), kind) in numbers.iter().zip(expected).zip(kinds) {
        found.lists(&format!("{form} of {batch}: {kind}"), numbers, expected);
    }
}

macro_rules! layer {
    ($name:ident: $($net:tt)*) => {
        #[test]
        fn $name() {
            network! { struct Net $($net)* }
            check(stringify!($name), |device, found| compare(Net::<f32>::GRAPH, device, found));
        }
    };
}

macro_rules! layers {
    ($($name:ident: $shape:tt => $body:tt)*) => { $(layer! { $name: ($shape) $body })* };
}

every_layer!(layers);

layer! {
    lengths_of_rnn: (x: [4, 2], lengths: [usize]) -> [4, 3] {
        (x, lengths) => Rnn<3, nonlinearity = relu>
    }
}

layer! {
    lengths_of_lstm: (x: [4, 2], h0: [4], c0: [4], lengths: [usize]) -> (y: [4, 4], h: [4], c: [4]) {
        let (y, h, c) = (x, h0, c0, lengths) => Lstm<2, bidirectional = true>;
        (y, h, c)
    }
}

layer! {
    lengths_of_gru: (x: [4, 2], lengths: [usize]) -> [6] {
        (x, lengths) => Gru<3, layers = 2, bidirectional = true, output = last>
    }
}

layer! {
    lengths_of_attention: (x: [4, 4], lengths: [usize]) -> [4, 4] {
        (x, lengths) => MultiHeadAttention<2, causal = true>
    }
}

layer! {
    lengths_of_memory: (x: [3, 4], memory: [4, 4], lengths: [usize]) -> [3, 4] {
        (x, memory, lengths) => TransformerDecoder<1, 2, 3, norm_first = true>
    }
}

layer! {
    several_outputs: (image: [2, 5, 5], words: [usize; 3]) -> (a: [4], b: [3, 2], c: [2, 2, 2]) {
        let small = image => Conv2d<2, 3, padding = 1>, Relu, MaxPool2d<2>;
        let b = words => Embedding<7, 2>;
        ((small => Flatten, Linear<4>), b, small)
    }
}
