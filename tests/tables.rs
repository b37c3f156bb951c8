//! Gradients of tables by the rows that a step used: the same as those of the whole table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // in helpers of tests

#[path = "support/fixture.rs"]
mod fixture;

use fixture::{assert_close, numbers};
use netwright::data::{Batch, Column};
use netwright::dfdx::prelude::*;
use netwright::prelude::{Train as _, network};
use netwright::train::{
    Adagrad, Adam, BinaryCrossEntropy, Loss, MeanSquared, Optimizer, Output, Sgd, custom_loss,
};
use netwright::value::Value;
use netwright::{Error, Model, with_threads};
use netwright_core::{Backend, Float};

network! {
    /// One row is used by both layers, wider than what is summed up at once, one stands for nothing.
    struct Shared(left: [usize; 3], right: [usize]) -> [3] {
        layer words: Embedding<11, 300, padding = 2>;
        let column = right => words, Unsqueeze<1>;
        matmul((left => words), column) => Flatten
    }
}

network! {
    struct Plain([usize; 3]) -> [2] {
        words: Embedding<11, 5>, Flatten, Linear<2>,
    }
}

network! {
    struct Bags([usize; 3]) -> [2] {
        let sum = input => words: EmbeddingBag<11, 5, mode = sum>;
        let mean = input => others: EmbeddingBag<11, 5, padding = 7>;
        concat(sum, mean, (input => more: EmbeddingBag<11, 5, mode = max>)) => Linear<2>
    }
}

network! {
    struct Steep(left: [usize], right: [usize]) -> [1] {
        let row = left => near: Embedding<3, 4>, Unsqueeze<0>;
        matmul(row, (right => far: Embedding<3, 4>, Unsqueeze<1>)) * 100.0 => Flatten
    }
}

network! {
    struct Table([usize; 3]) -> [3, 3] { words: Embedding<6, 3> }
}

/// The same loss, which the engine does not know by its name.
fn unknown(loss: impl Loss<f32, Cpu>) -> impl Loss<f32, Cpu> {
    custom_loss(move |outputs: Vec<Output<f32, Cpu>>, targets: &[Value<f32, Cpu>]| {
        loss.compute(outputs, targets)
    })
}

/// Indices of a step below `most`; 7 is very frequent, 9 never there.
fn indices(count: usize, step: usize, most: usize) -> Vec<usize> {
    let index = |i: usize| match (i * 7 + step * 5) % (most + 4) {
        9 => 8,
        index if index < most => index,
        _ => 7,
    };
    (0..count).map(index).collect()
}

fn floats(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37 % 19) as f32 - 9.0) / 9.0).collect()
}

fn shared(step: usize) -> Batch {
    let (left, right) = (indices(3 * 150, step, 11), indices(150, step + 1, 11));
    Batch {
        inputs: vec![Column::indices(left, &[3]).unwrap(), Column::labels(right)],
        targets: vec![Column::floats(floats(3 * 150), &[3]).unwrap()],
    }
}

fn plain(step: usize) -> Batch {
    Batch {
        inputs: vec![Column::indices(indices(3 * 40, step, 11), &[3]).unwrap()],
        targets: vec![Column::floats(floats(2 * 40), &[2]).unwrap()],
    }
}

fn weights(net: &dyn Model<f32, Cpu>) -> Vec<f32> {
    net.tensors().into_iter().flat_map(|tensor| tensor.array().unwrap().data.as_vec()).collect()
}

/// By rows, and over dfdx's tape.
fn compare<N: Model<f32, Cpu>>(
    [mut direct, mut taped]: [N; 2],
    batch: impl Fn(usize) -> Batch,
    optimizer: impl Fn() -> Box<dyn Optimizer<f32, Cpu>>,
) {
    let (mut fast, mut slow) = (optimizer(), optimizer());
    for step in 0..5 {
        let before = weights(&direct);
        direct.step(&batch(step), MeanSquared, &mut *fast).unwrap();
        taped.step(&batch(step), unknown(MeanSquared), &mut *slow).unwrap();
        let (found, wanted) = (weights(&direct), weights(&taped));
        assert_ne!(found, before);
        for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
            assert!((found - wanted).abs() <= 2e-5, "step {step}, {i}: {found} for {wanted}");
        }
    }
}

#[test]
fn rows_move_as_in_the_whole_table() {
    let optimizers: [fn() -> Box<dyn Optimizer<f32, Cpu>>; 6] = [
        || Box::new(Sgd::default().lr(0.01)),
        || Box::new(Adagrad::default().lr(0.1)),
        || Box::new(Adam::default().lr(0.01).lazy()),
        // These move all rows.
        || Box::new(Sgd::default().lr(0.01).momentum(0.9)),
        || Box::new(Sgd::default().lr(0.01).weight_decay(0.1)),
        || Box::new(Adam::default().lr(0.01)),
    ];
    for optimizer in optimizers {
        compare([1, 1].map(|seed| Plain::seeded(&Cpu::default(), seed)), plain, optimizer);
        compare([1, 1].map(|seed| Bags::seeded(&Cpu::default(), seed)), plain, optimizer);
        compare([1, 1].map(|seed| Shared::seeded(&Cpu::default(), seed)), shared, optimizer);
    }
}

#[test]
fn rows_that_were_not_used_keep_their_bits() {
    let lazy = || Box::new(Adam::default().weight_decay(0.1).lazy()) as Box<dyn Optimizer<_, _>>;
    let sgd = || Box::new(Sgd::default().lr(0.01)) as Box<dyn Optimizer<_, _>>;
    for mut optimizer in [lazy(), sgd()] {
        let mut net = Shared::seeded(&Cpu::default(), 1);
        let before = net.words.weight.array();
        for step in 0..3 {
            net.step(&shared(step), MeanSquared, &mut *optimizer).unwrap();
        }
        let after = net.words.weight.array();
        // The padding's row, and one that is no index of any step.
        for row in [2, 9] {
            assert_eq!(before[row], after[row]);
        }
        assert_eq!(before[2], [0.0; 300]);
        assert!([0, 1, 3, 7].iter().all(|&row| before[row] != after[row]));
    }
}

#[test]
fn threads_change_no_bit() {
    let train = |threads| {
        with_threads(threads, || {
            let mut net = Shared::seeded(&Cpu::default(), 3);
            let mut adagrad = Adagrad::default().lr(0.1);
            for step in 0..10 {
                net.step(&shared(step), MeanSquared, &mut adagrad).unwrap();
            }
            weights(&net)
        })
    };
    let one = train(1);
    assert_eq!(one, train(2));
    assert_eq!(one, train(5));
}

/// Five steps of a fixture.
fn lazy<E: Float>() -> Vec<f64>
where
    Cpu: Backend<E>,
{
    let mut net = Table::<E, Cpu>::init(&Cpu::default(), 0).unwrap();
    let begin: Vec<E> = numbers::<f64>("lazy.begin").into_iter().map(E::of).collect();
    net.words.weight.copy_from(&begin);
    let (words, targets) = (numbers("lazy.words"), numbers::<f32>("lazy.targets"));
    let mut adam = Adam::default().lr(0.1).betas(0.8, 0.9).lazy();
    for (words, targets) in words.chunks(3).zip(targets.chunks(9)) {
        let batch = Batch {
            inputs: vec![Column::indices(words.to_vec(), &[3]).unwrap()],
            targets: vec![Column::floats(targets.to_vec(), &[3, 3]).unwrap()],
        };
        net.step(&batch, MeanSquared, &mut adam).unwrap();
    }
    net.words.weight.as_vec().into_iter().map(Float::f64).collect()
}

/// Batches hold `f32`, whatever the network computes with.
#[test]
fn lazy_adam_is_pytorchs_sparse_adam() {
    let end = numbers::<f64>("lazy.end");
    assert_close(&lazy::<f32>(), &end, 1e-5, "on the engine");
    assert_close(&lazy::<f64>(), &end, 1e-7, "on dfdx's tape");
}

#[test]
fn what_is_not_finite_moves_nothing() {
    let mut net = Shared::seeded(&Cpu::default(), 1);
    net.words.weight.copy_from(&vec![1e30; 11 * 300]);
    let before = weights(&net);
    let error = net.step(&shared(0), MeanSquared, &mut Sgd::default()).unwrap_err();
    assert!(matches!(error, Error::NotFinite(_)), "{error}");
    assert_eq!(before, weights(&net));
}

/// Gradients that are finite one by one, but not their sum.
#[test]
fn sums_that_are_not_finite_are_found() {
    let mut net = Steep::seeded(&Cpu::default(), 1);
    net.far.weight.copy_from(&[1e37; 12]);
    net.near.weight.copy_from(&[0.0; 12]);
    let before = weights(&net);
    let step = |net: &mut Steep<f32, Cpu>, row: &dyn Fn(usize) -> usize| {
        let near = Column::labels((0..100).map(row).collect());
        let batch = Batch {
            inputs: vec![near, Column::labels(vec![0; 100])],
            targets: vec![Column::floats(vec![0.0; 100], &[1]).unwrap()],
        };
        net.step(&batch, BinaryCrossEntropy, &mut Sgd::default().lr(1e-30))
    };
    let error = step(&mut net, &|_| 1).unwrap_err();
    assert!(error.to_string().contains("`near.weight`"), "{error}");
    assert_eq!(before, weights(&net));
    // A third of them are not too many.
    step(&mut net, &|i| i % 3).unwrap();
}
