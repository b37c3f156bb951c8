//! Digits through a bottleneck: encoder and decoder are networks of their own in one that trains
//! both, and are used alone afterwards.
//!
//! `cargo run --release --example autoencoder`

use netwright::data::{Column, Dataset, digits};
use netwright::prelude::*;

network! {
    /// An image in 12 numbers.
    struct Encoder([1, 8, 8]) -> [12] {
        Conv2d<16, 3, padding = same>, Relu, MaxPool2d<2>,
        Flatten, Linear<64>, Relu, Linear<12>,
    }
}

network! {
    /// An image from 12 numbers.
    struct Decoder([12]) -> [1, 8, 8] {
        Linear<64>, Relu, Linear<256>, Relu, Reshape<[16, 4, 4]>,
        ConvTranspose2d<16, 4, stride = 2, padding = 1>, Relu,
        Conv2d<1, 3, padding = same>,
    }
}

network! {
    /// There and back.
    struct Autoencoder([1, 8, 8]) -> [1, 8, 8] {
        encoder: Encoder -> [12],
        decoder: Decoder -> [1, 8, 8],
    }
}

/// Images whose target is the image itself.
fn mirrored(images: &Dataset) -> netwright::Result<Dataset> {
    let images = &images.inputs()[0];
    Dataset::new(images.clone(), images.clone())
}

/// The mean squared distance of all pixels from their mean image.
fn variance(images: &Column) -> f64 {
    let pixels = images.as_floats().unwrap_or(&[]);
    let count = (pixels.len() / 64) as f64;
    let mut sum = 0.0;
    for pixel in 0..64 {
        let values = || pixels.iter().skip(pixel).step_by(64).map(|&x| f64::from(x));
        let mean = values().sum::<f64>() / count;
        sum += values().map(|x| (x - mean).powi(2)).sum::<f64>();
    }
    sum / pixels.len() as f64
}

fn main() -> netwright::Result<()> {
    let (train, test) = digits()?.shuffled(42).split(0.8)?;
    let (train, test) = (mirrored(&train)?, mirrored(&test)?);
    let device = AutoDevice::default();
    let mut net = Autoencoder::seeded(&device, 42);
    println!("{}\n", net.summary());

    let fit = Fit::new(MeanSquared, Adam::default().lr(2e-3)).epochs(40).batch(32).seed(42);
    println!("{}", net.fit(&train, fit)?);

    // Each half is a network by itself.
    let codes = net.encoder.predict(&test)?;
    let images = net.decoder.predict(&codes)?;
    let whole = net.predict(&test)?;
    assert_eq!(images.as_floats(), whole.as_floats());

    let error = net.evaluate(&test, MeanSquared)?.loss;
    let left = error / variance(&test.inputs()[0]);
    println!("variance explained by 12 of 64 numbers: {:.4}", 1.0 - left);
    Ok(())
}
