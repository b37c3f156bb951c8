//! How long a training step and a prediction take: the workloads that CONTRIBUTING.md compares
//! with other frameworks, `W1/train/64` and so on.
//!
//! `cargo bench --bench workloads -- ^W1/`
//!
//! A training step is forward, backward and Adam's update (of W5, that of SGD), and ends with the loss on the host; a
//! prediction ends by reading its first output. Data are random with a fixed seed.

mod networks;

use criterion::{Criterion, criterion_group, criterion_main};
use networks::{Cnn, Encoder, Mlp, ResNet, SkipGram, Words, batch, pairs, sentences};
use netwright::data::Batch;
use netwright::prelude::*;
use std::hint::black_box;

type Images<const N: usize> = Rank4<N, 3, 32, 32>;

/// `W1/train/64`: steps with Adam at its default rate of 1e-3.
fn train(c: &mut Criterion, id: &str, net: &mut impl Train<f32, Cpu>, batch: &Batch) {
    let mut adam = Adam::default();
    assert!(net.step(batch, CrossEntropy, &mut adam).is_ok());
    c.bench_function(&format!("{id}/train/{}", batch.len()), |b| {
        b.iter(|| net.step(batch, CrossEntropy, &mut adam).map(|step| step.loss));
    });
}

/// `W1/infer/64`: typed predictions.
fn infer<const N: usize, S, M>(c: &mut Criterion, id: &str, net: &M)
where
    S: ConstShape,
    M: Forward<Tensor<S, f32, Cpu>, Output = Tensor<Rank2<N, 10>, f32, Cpu>>,
{
    let input: Tensor<S, f32, _> = Cpu::seed_from_u64(0).sample_normal();
    c.bench_function(&format!("{id}/infer/{N}"), |b| {
        b.iter(|| net.infer(black_box(&input).clone()).map(|scores| scores[[0, 0]]));
    });
}

fn w1(c: &mut Criterion) {
    let mut net = Cnn::seeded(&Cpu::default(), 0);
    train(c, "W1", &mut net, &batch(64, &[3, 32, 32]));
    train(c, "W1", &mut net, &batch(128, &[3, 32, 32]));
    infer::<1, Images<1>, _>(c, "W1", &net);
    infer::<64, Images<64>, _>(c, "W1", &net);
}

fn w2(c: &mut Criterion) {
    let mut net = Mlp::seeded(&Cpu::default(), 0);
    train(c, "W2", &mut net, &batch(32, &[784]));
    train(c, "W2", &mut net, &batch(128, &[784]));
    infer::<1, Rank2<1, 784>, _>(c, "W2", &net);
    infer::<128, Rank2<128, 784>, _>(c, "W2", &net);
}

/// `W3/infer/32`: typed predictions from indices.
fn infer_words<const N: usize>(c: &mut Criterion, net: &Words) {
    let words = (0..N * 100).map(|i| i * 7919 % 10_000).collect();
    let input: Tensor<Rank2<N, 100>, usize, _> =
        Cpu::default().tensor_from_vec(words, (Const, Const));
    c.bench_function(&format!("W3/infer/{N}"), |b| {
        b.iter(|| net.infer(black_box(&input).clone()).map(|scores| scores[[0, 0]]));
    });
}

fn w3(c: &mut Criterion) {
    let mut net = Words::seeded(&Cpu::default(), 0);
    train(c, "W3", &mut net, &sentences(32));
    infer_words::<1>(c, &net);
    infer_words::<32>(c, &net);
}

fn w4(c: &mut Criterion) {
    let mut net = Encoder::seeded(&Cpu::default(), 0);
    train(c, "W4", &mut net, &batch(16, &[64, 128]));
    infer::<16, Rank3<16, 64, 128>, _>(c, "W4", &net);
}

/// The loss is the mean of six, not their sum: a rate of 6 · 0.025 is as long a step.
fn w5(c: &mut Criterion) {
    let (mut net, batch) = (SkipGram::seeded(&Cpu::default(), 0), pairs(1024));
    let mut sgd = Sgd::default().lr(6.0 * 0.025);
    c.bench_function("W5/train/1024", |b| {
        b.iter(|| net.step(&batch, BinaryCrossEntropy, &mut sgd).map(|step| step.loss));
    });
}

fn w6(c: &mut Criterion) {
    let mut net = ResNet::seeded(&Cpu::default(), 0);
    train(c, "W6", &mut net, &batch(32, &[3, 32, 32]));
    infer::<1, Images<1>, _>(c, "W6", &net);
    infer::<32, Images<32>, _>(c, "W6", &net);
}

criterion_group! {
    name = workloads;
    config = Criterion::default().sample_size(20);
    targets = w1, w2, w3, w4, w5, w6
}
criterion_main!(workloads);
