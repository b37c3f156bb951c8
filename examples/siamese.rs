//! Do two images show the same digit? One encoder reads both; a small head compares what it says.
//!
//! `cargo run --release --example siamese`

use netwright::data::{Column, Dataset, digits};
use netwright::prelude::*;

network! {
    /// What an image shows, in 32 numbers.
    struct Encoder([1, 8, 8]) -> [32] {
        Conv2d<16, 3, padding = same>, Relu, MaxPool2d<2>,
        Conv2d<32, 3, padding = same>, Relu, Flatten,
        Linear<32>,
    }
}

network! {
    /// The logit of "the same digit". Both images go through one set of parameters.
    struct Siamese(left: [1, 8, 8], right: [1, 8, 8]) -> [1] {
        layer encoder: Encoder -> [32];
        let difference = (left => encoder) - (right => encoder);
        difference * difference => Linear<16>, Relu, Linear<1>
    }
}

const PIXELS: usize = 64;

/// For each image a partner: every other time one of the same digit.
fn pairs(images: &Dataset, times: usize) -> netwright::Result<Dataset> {
    let (pixels, labels) = (images.inputs()[0].as_floats(), images.targets()[0].as_indices());
    let (pixels, labels) = (pixels.unwrap_or(&[]), labels.unwrap_or(&[]));
    let image = |i: usize| &pixels[i * PIXELS..(i + 1) * PIXELS];
    let (mut left, mut right, mut same) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..times {
        for i in 0..labels.len() {
            let wanted = (i + turn) % 2 == 0;
            // Another stride in every turn, so that partners change.
            let others = (1..labels.len()).map(|step| (i + step * (7 + 2 * turn)) % labels.len());
            let partner =
                others.into_iter().find(|&j| j != i && (labels[i] == labels[j]) == wanted);
            let Some(partner) = partner else { continue };
            left.extend_from_slice(image(i));
            right.extend_from_slice(image(partner));
            same.push(if wanted { 1.0 } else { 0.0 });
        }
    }
    let target = Column::floats(same, &[1])?;
    Dataset::new(Column::floats(left, &[1, 8, 8])?, target)?
        .with_input(Column::floats(right, &[1, 8, 8])?)
}

fn main() -> netwright::Result<()> {
    let (train, test) = digits()?.shuffled(42).split(0.8)?;
    let (train, test) = (pairs(&train, 4)?, pairs(&test, 4)?);
    let device = AutoDevice::default();
    let mut net = Siamese::seeded(&device, 42);
    println!("{}\n", net.summary());

    let fit = Fit::new(BinaryCrossEntropy, Adam::default().lr(1e-3)).epochs(12).batch(64).seed(42);
    println!("{}", net.fit(&train, fit)?);

    let report = net.evaluate(&test, BinaryCrossEntropy)?;
    println!("pairs told apart: {:.4}", report.accuracy.unwrap_or(0.0));
    Ok(())
}
