//! The same seed gives the same bits: in a second run, and on 1, 2 and 3 threads.
//!
//! The networks are those of `benches/workloads.rs`. Without optimization, as `cargo test` builds,
//! they take a few samples and steps; `cargo test --release --test determinism` takes 50 steps.

#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used)]

#[path = "../benches/networks/mod.rs"]
mod networks;
mod support;

use networks::{Cnn, Mlp, ResNet, Words};
use netwright::data::{Batch, Column};
use netwright::prelude::*;
use netwright::train::Optimizer;
use netwright::with_threads;
use rayon::ThreadPoolBuilder;
use support::Random;

network! {
    /// The layers that the workloads lack, on images.
    struct Rest([3, 12, 12]) -> [10] {
        Conv2d<8, 3, padding = 1>, Gelu, Dropout(0.1),
        Conv2d<8, 3, groups = 8, stride = 2>, LeakyRelu, GaussianNoise(0.1),
        Parallel { { Conv2d<4, 1>, Silu }, { AvgPool2d<3, stride = 1, padding = 1> } },
        BatchNorm2d<affine = false>, MaxPool2d<3, stride = 2, padding = 1>, Elu, Selu, AlphaDropout(0.1),
        Flatten, Linear<96, bias = false>, BatchNorm1d, Softplus, LayerNorm, Dropout,
        Reshape<[8, 12]>, Linear<12>, Tanh, Softmax, Flatten, Linear<10>, LogSoftmax,
    }
}

network! {
    /// What only graphs have, and what belongs to them.
    struct Joined([3, 12, 12]) -> [10] {
        let fine = input => Conv2d<6, 3, padding = 1>, Tanh;
        let coarse = fine => MaxPool2d<2>, Conv2d<6, 3, padding = 1>, Relu;
        let larger = coarse => ConvTranspose2d<6, 3, stride = 2, padding = 1, output_padding = 1>;
        let both = larger - (coarse => Upsample2d<2>) => Relu;
        let gate = both * fine * 0.5 => Relu;
        let rows = concat(gate, fine) => Mean<axis = 0>;
        let mixed = matmul(rows, (gate => Sum<axis = 0>)) + rows;
        mixed => Sum, Linear<10>
    }
}

network! {
    /// Sequences: states along time, attention with dropout, norms of each sample.
    struct Sequences([12, 24]) -> [10] {
        Conv1d<12, 3, padding = causal>, GroupNorm<4>, Relu,
        Lstm<10, bidirectional = true>, Residual { MultiHeadAttention<4>(dropout = 0.2) }, RmsNorm,
        Gru<14>, Dropout(0.1), Rnn<16, output = last>, Linear<10>,
    }
}

network! {
    /// Volumes: convolutions and pooling of slices.
    struct Volumes([2, 6, 9, 8]) -> [10] {
        Conv3d<16, 3, padding = 1>, Relu, MaxPool3d<2>, Conv3d<17, 3, padding = same>, Tanh,
        AvgPool3d<(1, 2, 2)>, Conv3d<6, 2, stride = (1, 2, 1)>, Relu, Flatten, Linear<10>,
    }
}

network! {
    /// A first layer that reads the image where the user has it, a lone one in bands.
    struct Strided([5, 40, 40]) -> [10] {
        Conv2d<32, 3, stride = 2, padding = 1>, Relu, AvgPool2d<5>, Flatten, Linear<10>,
    }
}

network! {
    /// The same with its pooling in the same step.
    struct Pooled([5, 40, 40]) -> [10] {
        Conv2d<32, 3, padding = 1>, Relu, MaxPool2d<2>, Flatten, Linear<10>,
    }
}

network! {
    /// The same of volumes, and windows of one channel.
    struct Slices([3, 7, 9, 18]) -> [10] {
        Conv3d<1, 3, stride = (2, 1, 1), padding = 1>, MaxPool3d<(1, 3, 2)>, AvgPool3d<2>, Flatten,
        Linear<10>,
    }
}

/// A number of samples or steps: all, or those for a build without optimization.
fn many(all: usize, few: usize) -> usize {
    if cfg!(debug_assertions) { few } else { all }
}

fn column(samples: usize, shape: &[usize], seed: u64) -> Column {
    let mut random = Random(seed);
    let count = samples * shape.iter().product::<usize>();
    Column::floats((0..count).map(|_| random.number() as f32).collect(), shape).unwrap()
}

/// Random samples; a network cannot learn their labels, but its parameters move all the time.
fn batch(samples: usize, shape: &[usize], seed: u64) -> Batch {
    let labels = (0..samples).map(|i| (i * 7 + seed as usize) % 10).collect();
    Batch { inputs: vec![column(samples, shape, seed)], targets: vec![Column::labels(labels)] }
}

/// What a training leaves: losses, parameters, running statistics, predictions of one sample and
/// of many; bit by bit.
#[derive(PartialEq)]
struct Left {
    losses: Vec<u64>,
    tensors: Vec<Vec<u32>>,
    predictions: Vec<Vec<u32>>,
}

/// A training of some steps, the last of them with one sample less.
struct Training {
    samples: usize,
    steps: usize,
    adam: bool,
}

impl Training {
    fn run<M: Model<f32, Cpu>>(&self, mut net: M) -> Left {
        let mut optimizer: Box<dyn Optimizer<f32, Cpu>> = match self.adam {
            true => Box::new(Adam::default()),
            false => Box::new(Sgd::default().momentum(0.9)),
        };
        let shape = net.graph().inputs[0].shape;
        let step = |i: usize| {
            let samples = self.samples - usize::from(i + 1 == self.steps);
            let batch = batch(samples, shape, i as u64);
            net.step(&batch, CrossEntropy, &mut *optimizer).unwrap().loss.to_bits()
        };
        let losses = (0..self.steps).map(step).collect();
        let bits = |floats: &[f32]| floats.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
        let tensors = net.tensors().into_iter().map(|t| bits(&t.array().unwrap().data.as_vec()));
        let predict = |samples| {
            let scores = net.predict(&column(samples, shape, 99)).unwrap();
            bits(scores.as_floats().unwrap())
        };
        Left {
            losses,
            tensors: tensors.collect(),
            predictions: [1, 3, self.samples + 2].map(predict).into(),
        }
    }

    fn on<M: Model<f32, Cpu>>(&self, threads: usize, net: impl Fn() -> M + Sync) -> Left {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| self.run(net()))
    }

    /// Twice on one thread, then on more.
    fn check<M: Model<f32, Cpu>>(&self, net: impl Fn() -> M + Sync) {
        let names = net().graph().params;
        let first = self.on(1, &net);
        assert!(first.tensors.iter().flatten().all(|bits| f32::from_bits(*bits).is_finite()));
        let untrained = Training { steps: 0, ..*self }.on(1, &net);
        for (i, (before, after)) in untrained.tensors.iter().zip(&first.tensors).enumerate() {
            assert!(before != after, "the training does not move {}", names[i].name);
        }
        for threads in [1, 2, 3] {
            let again = self.on(threads, &net);
            assert!(again.losses == first.losses, "losses on {threads} threads");
            for (i, (again, first)) in again.tensors.iter().zip(&first.tensors).enumerate() {
                assert!(again == first, "{} on {threads} threads", names[i].name);
            }
            assert!(again.predictions == first.predictions, "predictions on {threads} threads");
        }
    }
}

#[test]
fn w1() {
    let training = Training { samples: many(65, 9), steps: many(50, 2), adam: true };
    training.check(|| Cnn::seeded(&Cpu::default(), 1));
}

#[test]
fn w2() {
    let training = Training { samples: many(129, 33), steps: many(50, 2), adam: true };
    training.check(|| Mlp::seeded(&Cpu::default(), 1));
}

#[test]
fn w6() {
    let training = Training { samples: many(17, 3), steps: many(50, 2), adam: true };
    training.check(|| ResNet::seeded(&Cpu::default(), 1));
}

/// Random numbers belong to the step and the place, not to the thread.
#[test]
fn the_other_layers() {
    for adam in [true, false] {
        let training = Training { samples: many(65, 17), steps: many(50, 3), adam };
        training.check(|| Rest::seeded(&Cpu::default(), 1));
    }
}

/// Outside of a pool callers work themselves, and one of them at a time has others to help: with
/// parts of lone samples, and with chunks.
#[test]
fn callers_outside_of_a_pool() {
    fn check(net: &(impl Model<f32, Cpu> + Sync), inputs: &[Column]) {
        let predict = |input: &Column| {
            let scores = net.predict(input).unwrap();
            scores.as_floats().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<u32>>()
        };
        let alone = || inputs.iter().map(predict).collect::<Vec<_>>();
        let want = with_threads(1, alone);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for round in 0..many(200, 4) {
                        for (input, want) in inputs.iter().zip(&want) {
                            assert!(predict(input) == *want, "round {round}");
                        }
                    }
                });
            }
        });
    }
    let device = Cpu::default();
    let columns = |shape: &[usize]| [1, 1, 9].map(|samples| column(samples, shape, 7));
    check(&Cnn::seeded(&device, 1), &columns(&[3, 32, 32]));
    check(&Mlp::seeded(&device, 1), &columns(&[784]));
    check(&ResNet::seeded(&device, 1), &columns(&[3, 32, 32]));
    check(&Strided::seeded(&device, 1), &columns(&[5, 40, 40]));
    check(&Pooled::seeded(&device, 1), &columns(&[5, 40, 40]));
    let words = |samples: usize| (0..samples * 100).map(|i| i * 7919 % 10_000).collect();
    let sentences = [1, 20].map(|samples| Column::indices(words(samples), &[100]).unwrap());
    check(&Words::seeded(&device, 1), &sentences);
}

#[test]
fn the_graph_form() {
    let training = Training { samples: many(65, 17), steps: many(50, 3), adam: true };
    training.check(|| Joined::seeded(&Cpu::default(), 1));
}

#[test]
fn sequences() {
    let training = Training { samples: many(40, 18), steps: many(50, 3), adam: true };
    training.check(|| Sequences::seeded(&Cpu::default(), 7));
}

#[test]
fn volumes() {
    let training = Training { samples: many(33, 9), steps: many(50, 3), adam: true };
    training.check(|| Volumes::seeded(&Cpu::default(), 1));
    training.check(|| Slices::seeded(&Cpu::default(), 1));
}

#[test]
fn images_where_they_lie() {
    let training = Training { samples: many(17, 5), steps: many(50, 2), adam: true };
    training.check(|| Strided::seeded(&Cpu::default(), 1));
}
