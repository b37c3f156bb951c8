//! What a prediction prepares of the parameters is kept for the next: it must be made again however
//! they change. Every prediction is compared with that of the same parameters in f64, which keeps
//! nothing.

#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests

use netwright::data::{Batch, Column};
use netwright::dfdx::optim::Sgd as DfdxSgd;
use netwright::prelude::*;

network! {
    /// A layer of each kind that brings parameters into an order of its own.
    struct Kinds([3, 8, 8]) -> [5] {
        stem: Conv2d<4, 3, padding = 1, bias = false>, norm: BatchNorm2d, Relu,
        pooled: Conv2d<8, 3>, Relu, MaxPool2d<2>,
        up: ConvTranspose2d<32, 2, stride = 2>, slope: PRelu,
        Reshape<[36, 32]>, lines: LayerNorm,
        sequence: Linear<32>, memory: Lstm<40>, gates: Gru<32, output = last>,
        wide: Linear<40>, Relu, head: Linear<5>,
    }
}

type Images<E> = Tensor<(usize, Const<3>, Const<8>, Const<8>), E, Cpu>;

fn image(samples: usize) -> Images<f32> {
    let data = (0..samples * 192).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
    Cpu::default().tensor_from_vec(data, (samples, Const, Const, Const))
}

/// Samples that are worth packed weights of every kind.
const MANY: usize = 16;

/// Predictions of one sample, of several and of many, twice, in an order that asks for more and for
/// less than was prepared.
fn check(what: &str, net: &Kinds<f32, Cpu>) -> Vec<f32> {
    let double = net.to_dtype::<f64>();
    let want = double.infer(image(MANY).to_dtype::<f64>()).unwrap().as_vec();
    let mut last = vec![];
    for samples in [1, 3, MANY, 3, 1] {
        // The first of the many.
        let x = image(samples);
        let inputs = [Column::floats(x.as_vec(), &[3, 8, 8]).unwrap()];
        for turn in 0..2 {
            let got = net.infer(x.clone()).unwrap().as_vec();
            let Column::Floats { data, .. } = &net.predict_all(&inputs).unwrap()[0] else {
                panic!("no floats")
            };
            assert_eq!(&got, data, "{what}, {samples} samples");
            for (got, want) in got.iter().zip(&want) {
                let apart = (f64::from(*got) - want).abs();
                assert!(apart < 1e-4, "{what}, {samples} samples, turn {turn}: {got} {want}");
            }
            last = got;
        }
    }
    last
}

fn batch(samples: usize) -> Batch {
    let inputs = vec![Column::floats(image(samples).as_vec(), &[3, 8, 8]).unwrap()];
    Batch { inputs, targets: vec![Column::labels((0..samples).map(|i| i % 5).collect())] }
}

/// What happens to a network between two predictions.
type Change = fn(&mut Kinds<f32, Cpu>);

const CHANGES: [(&str, Change); 8] = [
    ("an element of every weight that is prepared", |net| {
        net.stem.weight[[0, 0, 1, 1]] += 1.0;
        net.norm.weight[[1]] += 1.0;
        net.pooled.weight[[7, 3, 2, 2]] += 1.0;
        net.up.weight[[7, 31, 1, 1]] += 1.0;
        net.slope.weight[[0]] += 0.5;
        net.lines.weight[[31]] += 1.0;
        net.sequence.weight[[31, 31]] += 1.0;
        net.memory.weight_hh_l0[[159, 39]] += 1.0;
        net.gates.weight_ih_l0[[95, 39]] += 1.0;
        net.wide.weight[[39, 31]] += 1.0;
        net.head.bias[[4]] += 1.0;
    }),
    ("numbers that are copied into it", |net| {
        let weight: Vec<f32> = net.wide.weight.as_vec().iter().map(|w| w * -2.0).collect();
        net.wide.weight.copy_from(&weight);
    }),
    ("another tensor", |net| {
        net.memory.weight_ih_l0 = net.memory.weight_ih_l0.clone() * -1.0;
    }),
    ("a step", |net| {
        net.step(&batch(17), CrossEntropy, &mut Adam::default().lr(0.05)).unwrap();
    }),
    ("a step of dfdx's", |net| {
        let x = image(7).traced(net.alloc_grads());
        let gradients = net.forward_mut(x).square().mean().backward();
        DfdxSgd::new(net, Default::default()).update(net, &gradients).unwrap();
    }),
    ("a file", |net| {
        let path = std::env::temp_dir().join(format!("held_{}.safetensors", std::process::id()));
        Kinds::seeded(&Cpu::default(), 77).save(&path).unwrap();
        net.load(&path).unwrap();
        std::fs::remove_file(path).unwrap();
    }),
    ("new random numbers", |net| net.reset_params()),
    ("another network in its place", |net| *net = Kinds::seeded(&Cpu::default(), 5)),
];

#[test]
fn predictions_follow_every_change() {
    let mut net = Kinds::seeded(&Cpu::default(), 0);
    let mut before = check("as it was made", &net);
    for (what, change) in CHANGES {
        change(&mut net);
        let after = check(what, &net);
        assert_ne!(before, after, "{what} changes nothing");
        before = after;
    }
}

#[test]
fn a_change_of_one_is_none_of_its_copy() {
    let net = Kinds::seeded(&Cpu::default(), 0);
    let mut copy = net.clone();
    let before = check("the first", &net);
    assert_eq!(check("its copy", &copy), before);
    for (what, change) in &CHANGES[..4] {
        change(&mut copy);
        check(what, &copy);
        assert_eq!(check("the first", &net), before, "{what}");
    }
}

/// Memory of a network that is gone must not be taken for that of the next.
#[test]
fn networks_that_come_and_go_are_not_confused() {
    for seed in 0..6 {
        check(&format!("number {seed}"), &Kinds::seeded(&Cpu::default(), seed));
    }
}

/// A step behind a prediction moves the parameters where they lie.
#[test]
fn what_is_held_is_let_go_before_a_step() {
    let mut net = Kinds::seeded(&Cpu::default(), 0);
    let place = |net: &Kinds<f32, Cpu>| &raw const net.wide.weight[[0, 0]];
    let before = place(&net);
    for _ in 0..2 {
        net.infer(image(3)).unwrap();
        net.step(&batch(3), CrossEntropy, &mut Adam::default()).unwrap();
        assert_eq!(place(&net), before);
    }
}
