//! What lies behind a length, or in the future, changes nothing of what does not see it, whatever it is: on
//! the engine, in dfdx's operations, and step by step.

#![allow(clippy::unwrap_used)] // in helpers of tests

use netwright::data::Column;
use netwright::prelude::*;
use support::numbers;

#[path = "support/steps.rs"]
#[allow(dead_code, unused_macros, unused_imports)] // each test program uses a part of it
mod support;

/// Features of a step.
const WIDTH: usize = 4;

/// Networks along so many steps: on the engine more than a tile has keys.
macro_rules! networks {
    ($module:ident $steps:literal) => {
        mod $module {
            use netwright::prelude::*;
            pub const STEPS: usize = $steps;
            network! {
                pub struct Causal(x: [$steps, 4]) -> [$steps, 4] {
                    x => MultiHeadAttention<2, causal = true>
                }
            }
            network! {
                pub struct Turned(x: [$steps, 4]) -> [$steps, 4] {
                    x => MultiHeadAttention<1, causal = true, rotary = true>
                }
            }
            network! {
                /// Numbers that are too large for a norm are none behind it.
                pub struct Layers(x: [$steps, 4]) -> [$steps, 4] {
                    x => TransformerEncoder<2, 2, 6, causal = true, norm_first = true>
                }
            }
            network! {
                pub struct Padded(x: [$steps, 4], lengths: [usize]) -> [$steps, 4] {
                    (x, lengths) => MultiHeadAttention<2>
                }
            }
            network! {
                pub struct CausalPadded(x: [$steps, 4], lengths: [usize]) -> [$steps, 4] {
                    (x, lengths) => MultiHeadAttention<2, causal = true>
                }
            }
            network! {
                pub struct Across(x: [3, 4], memory: [$steps, 4], lengths: [usize]) -> [3, 4] {
                    (x, memory, lengths) => MultiHeadAttention<2>
                }
            }
            network! {
                pub struct Recurrent(x: [$steps, 4], lengths: [usize]) -> (y: [$steps, 4], end: [3]) {
                    let y = (x, lengths) => Lstm<4>;
                    let end = (y, lengths) => Gru<3, output = last>;
                    (y, end)
                }
            }
        }
    };
}
networks! { long 140 }
networks! { short 11 }

/// What is not finite, or so large that scores or norms are not.
const BAD: [f32; 6] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 3e38];

/// Two sequences of which the second has, from this step on, such numbers in most features.
fn spoiled(steps: usize, from: usize, bad: f32) -> Column {
    let mut data = numbers(2 * steps * WIDTH);
    for row in data[(steps + from) * WIDTH..].chunks_exact_mut(WIDTH) {
        row[1..].fill(bad);
    }
    Column::floats(data, &[steps, WIDTH]).unwrap()
}

/// What a network gives of the first sequence, and of the second for the steps before this one, of
/// outputs that have steps.
fn visible(outputs: &[Column], steps: usize, from: usize) -> Vec<f32> {
    let of = |output: &Column| {
        let data = output.as_floats().unwrap();
        let second = if output.shape()[0] == steps { from * WIDTH } else { data.len() / 2 };
        data[..data.len() / 2 + second].to_vec()
    };
    outputs.iter().flat_map(of).collect()
}

fn close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 1e-5, "{what} [{at}]: {found}, not {expected}");
    }
}

/// Lengths, or the future, hide the steps from `from` on.
fn check<E: Float>(net: &impl Model<E, Cpu>, from: usize)
where
    Cpu: Backend<E>,
{
    let graph = net.graph();
    let steps =
        graph.inputs.iter().map(|port| port.shape.first().copied().unwrap_or(0)).max().unwrap();
    let run = |bad: f32| {
        let columns = graph.inputs.iter().map(|port| match (port.index, port.shape) {
            (true, _) => Column::indices(vec![steps, from], &[]).unwrap(),
            (false, &[found, _]) if found == steps => spoiled(steps, from, bad),
            (false, shape) => Column::floats(numbers(2 * 3 * WIDTH), shape).unwrap(),
        });
        let columns: Vec<Column> = columns.collect();
        visible(&net.predict_all(&columns).unwrap(), steps, from)
    };
    let expected = run(0.0);
    assert!(expected.iter().all(|x| x.is_finite()));
    for bad in BAD {
        close(&format!("{} {from} {bad}", graph.name), &run(bad), &expected);
    }
}

/// `check` of each network with the steps at the ends and in the middle hidden.
macro_rules! hidden {
    ($($name:ident: $net:ident)*) => {
        $(mod $name {
            use super::*;
            #[test]
            fn on_the_engine() {
                let net = long::$net::seeded(&Cpu::default(), 3);
                [1, 5, 100, 133, long::STEPS - 1].iter().for_each(|from| check(&net, *from));
            }
            #[test]
            fn on_the_portable_path() {
                let net = short::$net::<f64, Cpu>::init(&Cpu::default(), 3).unwrap();
                [1, 5, short::STEPS - 1].iter().for_each(|from| check(&net, *from));
            }
        })*
    };
}

hidden! {
    causal: Causal
    turned: Turned
    layers: Layers
    padded: Padded
    causal_padded: CausalPadded
    across: Across
    recurrent: Recurrent
}

/// A stream of one of these networks gives at each step that is there what the whole gives without the
/// others.
fn check_stream<E: Float>(net: &impl Model<E, Cpu>, given: &[&str], from: usize)
where
    Cpu: Backend<E>,
{
    let graph = net.graph();
    let lengths = |steps: usize| Column::indices(vec![steps, from], &[]).unwrap();
    let columns = |bad: f32| -> Vec<Column> {
        let column = |(name, shape): (&str, &[usize])| match shape {
            [] => lengths(short::STEPS),
            // A memory, or the steps where nothing else has lengths.
            &[steps, _] if name == "memory" || !given.contains(&"memory") => {
                spoiled(steps, from, bad)
            }
            &[steps, _] => Column::floats(numbers(2 * steps * WIDTH), shape).unwrap(),
            _ => unreachable!("no such input"),
        };
        graph.inputs.iter().map(|port| column((port.name, port.shape))).collect()
    };
    let whole = net.predict_all(&columns(0.0)).unwrap();
    let steps = whole[0].shape()[0];
    for bad in BAD {
        let columns = columns(bad);
        let named = graph.inputs.iter().map(|port| port.name).zip(&columns);
        let (given, own): (Vec<_>, Vec<_>) = named.partition(|(name, _)| given.contains(name));
        let mut stream = net.stream_with(&given).unwrap();
        for now in 0..steps {
            let found = stream.push_all(&support::step(own[0].1, now)).unwrap();
            let expected = support::step(&whole[0], now);
            let there = if steps == 3 || now < from { 2 } else { 1 };
            let [found, expected] =
                [&found[0], &expected].map(|x| &x.as_floats().unwrap()[..there * WIDTH]);
            close(&format!("{} {from} {bad} {now}", graph.name), found, expected);
        }
    }
}

macro_rules! streams {
    ($($name:ident: $net:ident($given:expr))*) => {
        $(#[test]
        fn $name() {
            for from in [1, 5, short::STEPS - 1] {
                let device = Cpu::default();
                check_stream(&short::$net::seeded(&device, 3), &$given, from);
                check_stream(&short::$net::<f64, Cpu>::init(&device, 3).unwrap(), &$given, from);
            }
        })*
    };
}

streams! {
    causal_steps: CausalPadded(["lengths"])
    steps_and_a_memory: Across(["memory", "lengths"])
    recurrent_steps: Recurrent(["lengths"])
}

/// What was pushed behind the length spoils its own step alone.
#[test]
fn a_step_behind_a_length_spoils_no_later_one() {
    fn check<E: Float>(net: &impl Model<E, Cpu>)
    where
        Cpu: Backend<E>,
    {
        let (steps, length, bad) = (short::STEPS, 4, 6);
        let lengths = Column::indices(vec![steps, length], &[]).unwrap();
        let mut data = numbers(2 * steps * WIDTH);
        let clean = Column::floats(data.clone(), &[steps, WIDTH]).unwrap();
        let whole = net.predict(&[clean, lengths.clone()]).unwrap();
        data[(steps + bad) * WIDTH..][..WIDTH].fill(f32::NAN);
        let x = Column::floats(data, &[steps, WIDTH]).unwrap();
        let mut stream = net.stream_with(&[("lengths", &lengths)]).unwrap();
        for now in 0..steps {
            let found = stream.push(&support::step(&x, now)).unwrap();
            if now != bad {
                support::same_row(&whole, now, &found);
            }
        }
    }
    let device = Cpu::default();
    check(&short::CausalPadded::seeded(&device, 3));
    check(&short::CausalPadded::<f64, Cpu>::init(&device, 3).unwrap());
}
