//! Recurrent layers over sequences of different length in one batch: each sample is what it is alone,
//! without the steps that it lacks.

#![allow(clippy::unwrap_used)]

#[path = "support/graphs.rs"]
mod graphs;
mod support;

use graphs::{Runner, data, run, run_from};
use netwright::data::Column;
use netwright::prelude::*;
use netwright::with_threads;
use netwright_core::run::portable;
use netwright_core::spec::graph::Graph;
use support::{Data, Random};

/// The steps of the whole, and their features.
const STEPS: usize = 6;
const FEATURES: usize = 3;
/// The steps that the samples have.
const LENGTHS: [usize; 3] = [2, 6, 3];

/// In all the output is one row: states by time, `width` of each step, then those behind the last one.
struct Case {
    padded: &'static Graph,
    /// Of so many steps as each sample has.
    alone: [&'static Graph; 3],
    width: usize,
}

/// Each to 1e-5 of itself, or of one.
fn close<E: Float>(found: &[E], expected: &[E], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let (found, expected) = (found.f64(), expected.f64());
        let error = (found - expected).abs();
        assert!(error <= 1e-5 * expected.abs().max(1.0), "{what} [{i}]: {found}, not {expected}");
    }
}

/// With zeros for the steps that are missing, in front of the last `behind`.
fn filled<E: Float>(row: &[E], missing: usize, behind: usize) -> Vec<E> {
    let (steps, ends) = row.split_at(row.len() - behind);
    [steps, &vec![E::default(); missing], ends].concat()
}

fn check<E: Float>(case: &Case, copies: usize, runner: Runner<E>)
where
    Cpu: Backend<E>,
{
    let &Case { padded, alone, width } = case;
    let params: Vec<Vec<E>> = data(padded, 1).0.into_iter().map(|param| floats(&param)).collect();
    let mut random = Random(5);
    let mut numbers = |n: usize| (0..n).map(|_| E::of(random.number())).collect::<Vec<E>>();
    let len = padded.shape_of(padded.outputs[0].value)[0];
    let batch = 3 * copies;
    let (x, cotangent) = (numbers(batch * STEPS * FEATURES), numbers(batch * len));
    let inputs = [Data::Floats(x.clone()), Data::Indices(LENGTHS.repeat(copies))];
    let mut of_all = |_: usize, _: usize| cotangent.clone();
    let [rows, of_inputs, of_params] =
        run_from(padded, &params, &inputs, batch, None, runner, &mut of_all);
    let mut sums: Vec<Vec<E>> = params.iter().map(|p| vec![E::default(); p.len()]).collect();
    for sample in 0..batch {
        let (graph, length) = (alone[sample % 3], LENGTHS[sample % 3]);
        let (own, behind) = (length * FEATURES, len - STEPS * width);
        let missing = STEPS - length;
        let x = &x[sample * STEPS * FEATURES..][..own];
        let row = &cotangent[sample * len..][..len];
        let row = [&row[..length * width], &row[STEPS * width..]].concat();
        let inputs = [Data::Floats(x.to_vec())];
        let [found, of_x, of_own] =
            run_from(graph, &params, &inputs, 1, None, runner, &mut |_, _| row.clone());
        let expected = filled(&found[0], missing * width, behind);
        close(&rows[0][sample * len..][..len], &expected, "output");
        let expected = filled(&of_x[0], missing * FEATURES, 0);
        let of_sample = &of_inputs[0][sample * STEPS * FEATURES..][..STEPS * FEATURES];
        close(of_sample, &expected, "gradient of the input");
        for (sum, own) in sums.iter_mut().flatten().zip(of_own.into_iter().flatten()) {
            *sum += own;
        }
    }
    for (found, expected) in of_params.iter().zip(&sums) {
        close(found, expected, "gradient of a parameter");
    }
}

fn floats<E: Float>(values: &[f32]) -> Vec<E> {
    values.iter().map(|&x| E::of(f64::from(x))).collect()
}

macro_rules! lengths {
    ($($name:ident: $width:literal $names:tt [$($ends:tt)*] { $($layer:tt)* })*) => {
        $(mod $name {
            use super::*;

            network! {
                struct Padded(x: [6, 3], lengths: [usize]) {
                    let $names = (x, lengths) => layer: $($layer)*;
                    concat((y => Flatten), $($ends)*)
                }
            }
            network! {
                struct Two(x: [2, 3]) {
                    let $names = x => layer: $($layer)*;
                    concat((y => Flatten), $($ends)*)
                }
            }
            network! {
                struct Six(x: [6, 3]) {
                    let $names = x => layer: $($layer)*;
                    concat((y => Flatten), $($ends)*)
                }
            }
            network! {
                struct Three(x: [3, 3]) {
                    let $names = x => layer: $($layer)*;
                    concat((y => Flatten), $($ends)*)
                }
            }

            fn case() -> Case {
                let alone = [Two::<f32>::GRAPH, Six::<f32>::GRAPH, Three::<f32>::GRAPH];
                Case { padded: Padded::<f32>::GRAPH, alone, width: $width }
            }

            #[test]
            fn samples_are_what_they_are_alone() {
                check::<f64>(&case(), 1, portable);
            }

            #[test]
            fn on_the_engine() {
                // In several chunks.
                check::<f32>(&case(), 20, <Cpu as Backend<f32>>::run);
            }
        })*
    };
}

lengths! {
    rnn: 4 (y, h) [h] { Rnn<4> }
    lstm: 4 (y, h, c) [h, c] { Lstm<4> }
    gru: 9 (y, h) [h] { Gru<9> }
    rnn_reverse: 4 (y, h) [h] { Rnn<4, reverse = true, nonlinearity = relu> }
    lstm_both_ways: 10 (y, h, c) [h, c] { Lstm<5, bidirectional = true, bias = false> }
    gru_both_ways: 4 (y, h) [h] { Gru<2, bidirectional = true> }
    lstm_layers: 6 (y, h, c) [h, c] { Lstm<3, layers = 2, bidirectional = true> }
    gru_layers: 3 (y, h) [h] { Gru<3, layers = 3> }
}

network! {
    /// The state behind the last step that there is.
    struct Last(x: [6, 3], h: [5], lengths: [usize]) -> [5] {
        (x, h, lengths) => Gru<5, output = last>
    }
}

network! {
    struct LastOfTwo(x: [2, 3], h: [5]) -> [5] {
        (x, h) => Gru<5, output = last>
    }
}

#[test]
fn the_last_step_is_the_last_one_there_is() {
    let device = Cpu::seed_from_u64(3);
    let (padded, two) = (Last::seeded(&device, 1), LastOfTwo::seeded(&device, 1));
    let x: Tensor<Rank3<1, 6, 3>, f32, _> = device.sample_normal();
    let h: Tensor<Rank2<1, 5>, f32, _> = device.sample_normal();
    let start = x.clone().slice((.., ..2, ..)).realize::<Rank3<1, 2, 3>>();
    let found = padded.forward((x.clone(), h.clone(), device.tensor([2])));
    close(&found.as_vec(), &two.forward((start, h.clone())).as_vec(), "last");
    for length in [0, 7] {
        let error = padded.try_forward((x.clone(), h.clone(), device.tensor([length])));
        let text = error.err().unwrap().to_string();
        let said = format!("the length {length} of sample 0 is not in 1 ..= 6");
        assert!(text.contains(&said) && text.contains("Gru"), "{text}");
    }
}

/// Padding may be anything: nothing of it comes near a state or a gradient.
macro_rules! padding_is_nothing {
    ($($name:ident: $float:ty)*) => {
        $(#[test]
        fn $name() {
            let device = Cpu::seed_from_u64(3);
            let net = Last::<$float, Cpu>::init(&device, 1).unwrap();
            let x: Tensor<Rank3<1, 6, 3>, $float, _> = device.sample_normal();
            let h: Tensor<Rank2<1, 5>, $float, _> = device.sample_normal();
            let mut padded = x.as_vec();
            padded[2 * 3..].fill(<$float>::NAN);
            padded[5 * 3] = <$float>::INFINITY;
            let padded = device.tensor_from_vec(padded, (Const, Const, Const));
            let run = |x: Tensor<Rank3<1, 6, 3>, $float, Cpu>| {
                let y = net.forward((x.leaky_trace(), h.clone(), device.tensor([2])));
                let value = y.as_vec();
                let gradients = y.sum::<(), _>().backward();
                let weight = gradients.get(&net.gru_1.weight_ih_l0).as_vec();
                (value, gradients.get(&x).as_vec(), weight)
            };
            assert_eq!(run(padded), run(x));
        })*
    };
}

padding_is_nothing! {
    padding_is_nothing_to_the_engine: f32
    padding_is_nothing: f64
}

network! {
    /// Large enough that a lone sample is worth two threads.
    struct Large([40, 5]) -> [2] {
        Lstm<64, bidirectional = true>, Gru<80>, Rnn<130>, Select<39, axis = 0>, Linear<2>,
    }
}

/// Two threads in step give what dfdx's operations give, and the bits that one gives.
#[test]
fn a_lone_sample_on_two_threads() {
    let graph = &Large::<f32, Cpu>::GRAPH;
    let (params, inputs) = data(graph, 1);
    let params: Vec<Vec<f32>> =
        params.iter().map(|param| param.iter().map(|x| 0.2 * x).collect()).collect();
    let on = |runner: Runner<f32>| run(graph, &params, &inputs, 1, None, runner);
    let [one, two] = [1, 2].map(|threads| with_threads(threads, || on(<Cpu as Backend<f32>>::run)));
    for ((one, two), slow) in one.iter().zip(&two).zip(on(portable::<f32, Cpu>)) {
        assert_eq!(one, two);
        for (fast, slow) in one.iter().zip(&slow) {
            close(fast, slow, "a lone sample");
        }
    }
}

/// Three samples are a chunk of two and one of a lone sample, which needs more room.
#[test]
fn a_lone_sample_behind_others() {
    let net = Large::<f32, Cpu>::seeded(&Cpu::default(), 1);
    let numbers: Vec<f32> = (0..3 * 200).map(|i| (i as f32 * 0.37).sin()).collect();
    let of = |samples: &[f32]| {
        let found = net.predict(&Column::floats(samples.to_vec(), &[40, 5]).unwrap()).unwrap();
        found.as_floats().unwrap().to_vec()
    };
    let alone: Vec<f32> = numbers.chunks(200).flat_map(of).collect();
    close(&of(&numbers), &alone, "a lone sample behind others");
}
