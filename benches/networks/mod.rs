//! The networks of the workloads, for benches and tests.

#![allow(dead_code)] // each program uses a part of it

use netwright::data::{Batch, Column};
use netwright::prelude::*;

/// Random samples of this shape, with one of ten labels each.
pub fn batch(samples: usize, shape: &[usize]) -> Batch {
    let device = Cpu::seed_from_u64(0);
    let count = samples * shape.iter().product::<usize>();
    let floats: Tensor<(usize,), f32, _> = device.sample_normal_like(&(count,));
    let labels = (0..samples).map(|i| i * 7 % 10).collect();
    Batch {
        inputs: Column::floats(floats.as_vec(), shape).into_iter().collect(),
        targets: vec![Column::labels(labels)],
    }
}

network! {
    /// W1: the small convolutional network of the README.
    pub struct Cnn([3, 32, 32]) -> [10] {
        Conv2d<32, 3>, Relu, MaxPool2d<2>,
        Conv2d<16, 3>, Relu, MaxPool2d<2>,
        Flatten, Linear<10>,
    }
}

network! {
    /// W2: a dense network.
    pub struct Mlp([784]) -> [10] {
        Linear<512>, Relu, Linear<256>, Relu, Linear<10>,
    }
}

network! {
    /// W3: words, and what follows from all of them.
    pub struct Words([usize; 100]) -> [2] {
        Embedding<10_000, 64>, Lstm<128, output = last>, Linear<2>,
    }
}

/// Random sentences of 100 words, with one of two labels each.
pub fn sentences(samples: usize) -> Batch {
    let words = (0..samples * 100).map(|i| (i * 7919 + i / 100 * 31) % 10_000).collect();
    Batch {
        inputs: Column::indices(words, &[100]).into_iter().collect(),
        targets: vec![Column::labels((0..samples).map(|i| i % 2).collect())],
    }
}

network! {
    /// W4: two layers of a transformer, and what all steps say together.
    pub struct Encoder([64, 128]) -> [10] {
        TransformerEncoder<2, 4, 512>, Mean<axis = 0>, Linear<10>,
    }
}

network! {
    /// W6: six residual blocks in three stages.
    pub struct ResNet([3, 32, 32]) -> [10] {
        Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
        Residual {
            Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d,
        }, Relu,
        Residual {
            Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d,
        }, Relu,
        Residual {
            Conv2d<32, 3, stride = 2, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<32, 3, padding = 1, bias = false>, BatchNorm2d,
        } skip { Conv2d<32, 1, stride = 2, bias = false>, BatchNorm2d }, Relu,
        Residual {
            Conv2d<32, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<32, 3, padding = 1, bias = false>, BatchNorm2d,
        }, Relu,
        Residual {
            Conv2d<64, 3, stride = 2, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<64, 3, padding = 1, bias = false>, BatchNorm2d,
        } skip { Conv2d<64, 1, stride = 2, bias = false>, BatchNorm2d }, Relu,
        Residual {
            Conv2d<64, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<64, 3, padding = 1, bias = false>, BatchNorm2d,
        }, Relu,
        GlobalAvgPool2d, Linear<10>,
    }
}

network! {
    /// W5: skip-gram with negative sampling. The context is the word that was seen near the center
    /// and 5 that were drawn; the scores are logits of having been seen.
    pub struct SkipGram(center: [usize], context: [usize; 6]) -> [6] {
        let near = context => contexts: Embedding<10_000, 100>;
        let word = center => centers: Embedding<10_000, 100>, Unsqueeze<1>;
        matmul(near, word) => Flatten
    }
}

/// Random pairs of words, each with 5 negatives.
pub fn pairs(samples: usize) -> Batch {
    let mut state = 1_u64;
    let mut word = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % 10_000
    };
    let mut words = |count| (0..count).map(|_| word()).collect::<Vec<usize>>();
    let seen = (0..samples).flat_map(|_| [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]).collect();
    let center = Column::indices(words(samples), &[]);
    let context = Column::indices(words(6 * samples), &[6]);
    Batch {
        inputs: [center, context].into_iter().flatten().collect(),
        targets: Column::floats(seen, &[6]).into_iter().collect(),
    }
}
