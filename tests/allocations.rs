//! After the first step of a training no step allocates, and no prediction after the first.

#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used)]

use netwright::data::{Batch, Column};
use netwright::prelude::*;
use netwright::train::Optimizer;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

#[path = "../benches/networks/mod.rs"]
mod networks;

/// The system's allocator, counting.
struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations while `f` runs.
fn count(f: impl FnOnce()) -> usize {
    let before = COUNT.load(Ordering::Relaxed);
    f();
    COUNT.load(Ordering::Relaxed) - before
}

fn steps(
    net: &mut impl Train<f32, Cpu>,
    batches: [&Batch; 2],
    optimizer: &mut impl Optimizer<f32, Cpu>,
) {
    steps_of(&CrossEntropy, net, batches, optimizer);
}

fn steps_of(
    loss: &impl Loss<f32, Cpu>,
    net: &mut impl Train<f32, Cpu>,
    [large, small]: [&Batch; 2],
    optimizer: &mut impl Optimizer<f32, Cpu>,
) {
    let mut step = |batch| {
        count(|| {
            assert!(net.step(batch, loss, &mut *optimizer).is_ok());
        })
    };
    assert!(step(large) > 0, "the counter does not count");
    for i in 2..4 {
        assert_eq!(step(large), 0, "step {i}");
        assert_eq!(step(small), 0, "a smaller batch behind step {i}");
    }
}

/// Predictions of many samples, in the middle of which the memory of few is used again.
fn predictions(net: &impl Train<f32, Cpu>, [large, small]: [&Batch; 2]) {
    let mut outputs = Vec::new();
    let mut predict = |batch: &Batch| {
        let count = count(|| assert!(net.predict_into(&batch.inputs, &mut outputs).is_ok()));
        assert_eq!(outputs[0].len(), batch.len());
        count
    };
    assert!(predict(large) > 0, "the counter does not count");
    for i in 2..4 {
        assert_eq!(predict(large), 0, "prediction {i}");
        assert_eq!(predict(small), 0, "fewer samples behind prediction {i}");
    }
}

fn dense() {
    let batches = [33, 7].map(|samples| networks::batch(samples, &[784]));
    let net = &mut networks::Mlp::seeded(&Cpu::default(), 0);
    steps(net, batches.each_ref(), &mut Sgd::default().momentum(0.9));
    // More than are predicted at once.
    predictions(net, [&networks::batch(300, &[784]), &batches[1]]);
}

fn convolutional() {
    let batches = [7, 3].map(|samples| networks::batch(samples, &[3, 32, 32]));
    let net = &mut networks::Cnn::seeded(&Cpu::default(), 0);
    steps(net, batches.each_ref(), &mut Adam::default());
    predictions(net, batches.each_ref());
}

fn residual() {
    let batches = [3, 2].map(|samples| networks::batch(samples, &[3, 32, 32]));
    let net = &mut networks::ResNet::seeded(&Cpu::default(), 0);
    steps(net, batches.each_ref(), &mut RmsProp::default());
    predictions(net, batches.each_ref());
}

/// Only some rows of two tables move, or, with momentum, all.
fn tables() {
    let batches = [40, 9].map(networks::pairs);
    let step = |net: &mut networks::SkipGram, batch: &Batch, sgd: &mut Sgd| {
        count(|| assert!(net.step(batch, BinaryCrossEntropy, &mut *sgd).is_ok()))
    };
    for momentum in [0.0, 0.9] {
        let net = &mut networks::SkipGram::seeded(&Cpu::default(), 0);
        let sgd = &mut Sgd::default().momentum(momentum);
        assert!(step(net, &batches[0], sgd) > 0, "the counter does not count");
        for i in 2..4 {
            assert_eq!(step(net, &batches[0], sgd), 0, "step {i}");
            assert_eq!(step(net, &batches[1], sgd), 0, "a smaller batch behind step {i}");
        }
    }
}

network! {
    struct Vocabulary([usize; 4]) -> [4, 8] { words: Embedding<100_000, 8> }
}

/// No step, not even the first, takes memory for a whole table.
fn vocabulary() {
    let mut net = Vocabulary::seeded(&Cpu::default(), 0);
    let batch = Batch {
        inputs: Column::indices(vec![5, 99_999, 5, 0], &[4]).into_iter().collect(),
        targets: Column::floats(vec![0.0; 32], &[4, 8]).into_iter().collect(),
    };
    let rows = |net: &Vocabulary<f32, Cpu>| {
        let all = net.words.weight.as_vec();
        [all[5 * 8..6 * 8].to_vec(), all[6 * 8..7 * 8].to_vec()]
    };
    let [row, other] = rows(&net);
    let before = BYTES.load(Ordering::Relaxed);
    assert!(net.step(&batch, MeanSquared, &mut Sgd::default()).is_ok());
    let bytes = BYTES.load(Ordering::Relaxed) - before;
    assert!(bytes < 100_000, "{bytes} bytes");
    let [moved, still] = rows(&net);
    assert_ne!(moved, row);
    assert_eq!(still, other);
}

network! {
    struct Steps([7, 3]) -> [7, 4] { Linear<4> }

    struct Three([3]) -> (x: [4], y: [4], z: [4]) {
        let x = input => Linear<4>;
        let y = x => Linear<4>;
        (x, y, (y => Linear<4>))
    }
}

network! {
    /// States along time, attention, norms, lines.
    struct Sequence([7, 8]) -> [4] {
        Conv1d<7, 3, padding = causal>, GroupNorm<7>, MaxPool1d<2>,
        PositionalEncoding<learned = true>, TransformerEncoder<1, 2, 6>, RmsNorm,
        Lstm<5, layers = 2, bidirectional = true>, Rnn<3>, Gru<5, output = last>, Linear<4>,
    }
}

fn sequences() {
    let batches = [33, 7].map(|samples| {
        let data = (0..samples * 56).map(|i| (i % 11) as f32 / 5.0 - 1.0).collect();
        let targets = vec![Column::labels((0..samples).map(|i| i % 4).collect())];
        Batch { inputs: vec![Column::floats(data, &[7, 8]).unwrap()], targets }
    });
    let net = &mut Sequence::seeded(&Cpu::default(), 0);
    steps(net, batches.each_ref(), &mut Adam::default());
    predictions(net, batches.each_ref());
}

/// Those that count rows, and those of several outputs or targets.
fn other_losses() {
    let batch = |samples: usize, shape: &[usize], targets| {
        let size = samples * shape.iter().product::<usize>();
        let data = (0..size).map(|i| (i % 7) as f32 - 3.0).collect();
        Batch { inputs: vec![Column::floats(data, shape).unwrap()], targets }
    };
    let labels = |samples: usize| {
        let data = (0..samples * 7).map(|i| if i % 7 < 3 { i % 3 + 1 } else { 0 }).collect();
        Column::indices(data, &[7]).unwrap()
    };
    let with_labels = [9, 4].map(|n| batch(n, &[7, 3], vec![labels(n)]));
    let with_lengths =
        [9, 4].map(|n| batch(n, &[7, 3], vec![labels(n), Column::labels(vec![6; n])]));
    let net = &mut Steps::seeded(&Cpu::default(), 0);
    let padded = CrossEntropy.ignore_index(0).weight([1.0, 2.0, 0.5, 1.0]);
    steps_of(&padded, net, with_labels.each_ref(), &mut Adagrad::default());
    steps_of(&Ctc::default(), net, with_lengths.each_ref(), &mut Lamb::default());
    let net = &mut Three::seeded(&Cpu::default(), 0);
    let without = [9, 4].map(|n| batch(n, &[3], Vec::new()));
    steps_of(&TripletMargin::default(), net, without.each_ref(), &mut Lion::default());
}

/// One test: another one at the same time would allocate.
#[test]
fn nothing_but_the_first_allocates() {
    netwright::with_threads(1, || {
        dense();
        convolutional();
        residual();
        tables();
        vocabulary();
        other_losses();
        sequences();
    });
    // Inside the pool, for rayon's queue from outside into it takes memory now and then. A thread of
    // it takes memory when it begins, and when it first takes work from another, which may be long
    // after the pool was built.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.broadcast(|_| ());
    pool.install(|| {
        dense();
        convolutional();
        tables();
    });
}
