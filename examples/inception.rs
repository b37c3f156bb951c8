//! Parallel branches: GoogLeNet's block reads handwritten digits through windows of three sizes.
//!
//! `cargo run --release --example inception`

use netwright::data::digits;
use netwright::prelude::*;

network! {
    /// Two blocks between a first convolution and a classifier.
    struct Inception([1, 8, 8]) -> [10] {
        Conv2d<16, 3, padding = 1>, Relu,
        Parallel {
            { Conv2d<8, 1>, Relu },
            { Conv2d<8, 1>, Relu, Conv2d<16, 3, padding = 1>, Relu },
            { Conv2d<4, 1>, Relu, Conv2d<8, 5, padding = 2>, Relu },
            { MaxPool2d<3, stride = 1, padding = 1>, Conv2d<8, 1>, Relu },
        },
        MaxPool2d<2>,
        Parallel {
            { Conv2d<16, 1>, Relu },
            { Conv2d<16, 1>, Relu, Conv2d<32, 3, padding = 1>, Relu },
            { Conv2d<8, 1>, Relu, Conv2d<16, 5, padding = 2>, Relu },
            { MaxPool2d<3, stride = 1, padding = 1>, Conv2d<16, 1>, Relu },
        },
        MaxPool2d<2>, Flatten, Dropout(0.4), Linear<10>,
    }
}

fn main() -> netwright::Result<()> {
    let (train, test) = digits()?.shuffled(42).split(0.8)?;
    let mut net = Inception::seeded(&AutoDevice::default(), 42);
    println!("{}\n", net.summary());

    let fit = Fit::new(CrossEntropy, Adam::default().lr(3e-3)).epochs(12).batch(32).seed(42);
    println!("{}", net.fit(&train, fit.validate(&test))?);

    let report = net.evaluate(&test, CrossEntropy)?;
    println!("test accuracy: {:.4}", report.accuracy.unwrap_or(0.0));
    Ok(())
}
