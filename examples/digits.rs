//! Handwritten digits: a small convolutional network, trained and tested in seconds.
//!
//! `cargo run --release --example digits`

use netwright::data::digits;
use netwright::prelude::*;

network! {
    /// Reads a digit of 8×8 pixels.
    struct Digits([1, 8, 8]) -> [10] {
        Conv2d<32, 3, padding = 1>, Relu, MaxPool2d<2>,
        Conv2d<64, 3, padding = 1>, Relu, MaxPool2d<2>,
        Flatten, Dropout(0.25),
        Linear<10>,
    }
}

fn main() -> netwright::Result<()> {
    let (train, test) = digits()?.shuffled(42).split(0.8)?;
    let device = AutoDevice::default();
    let mut net = Digits::seeded(&device, 42);
    println!("{}\n", net.summary());

    let adam = Adam::default().lr(2e-3);
    let fit = Fit::new(CrossEntropy, adam).epochs(15).batch(32).seed(42).validate(&test);
    println!("{}", net.fit(&train, fit)?);

    let report = net.evaluate(&test, CrossEntropy)?;
    println!("test accuracy: {:.4}", report.accuracy.unwrap_or(0.0));
    Ok(())
}
