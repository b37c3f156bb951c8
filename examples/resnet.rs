//! A residual network that is generic over its depth and its number of classes.
//! He et al.: Deep Residual Learning for Image Recognition, 2016.
//!
//! `cargo run --release --example resnet`

use netwright::data::digits;
use netwright::prelude::*;

network! {
    /// The block that a stage repeats: what comes out has the shape of what goes in.
    struct Block<const WIDTH: usize, const SIDE: usize>([WIDTH, SIDE, SIDE]) -> [WIDTH, SIDE, SIDE] {
        Residual {
            Conv2d<WIDTH, 3, padding = same, bias = false>, BatchNorm2d, Relu,
            Conv2d<WIDTH, 3, padding = same, bias = false>, BatchNorm2d,
        },
        Relu,
    }
}

network! {
    /// Two stages of `DEPTH` blocks more than the first one each: 4·DEPTH + 6 layers.
    struct ResNet<const DEPTH: usize, const CLASSES: usize>([1, 8, 8]) -> [CLASSES] {
        stem: Conv2d<16, 3, padding = same, bias = false>, BatchNorm2d, Relu,
        Repeat<DEPTH> { wide: Block<16, 8> -> [16, 8, 8] },
        Residual {
            Conv2d<32, 3, stride = 2, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<32, 3, padding = same, bias = false>, BatchNorm2d,
        } skip {
            Conv2d<32, 1, stride = 2, bias = false>, BatchNorm2d,
        },
        Relu,
        Repeat<DEPTH> { deep: Block<32, 4> -> [32, 4, 4] },
        GlobalAvgPool2d,
        Linear<CLASSES>,
    }
}

fn main() -> netwright::Result<()> {
    println!("parameters of 6 layers:  {}", ResNet::<0, 10>::PARAMS);
    println!("parameters of 14 layers: {}", ResNet::<2, 10>::PARAMS);
    println!("parameters of 30 layers: {}\n", ResNet::<6, 10>::PARAMS);

    let (train, test) = digits()?.shuffled(42).split(0.8)?;
    let device = AutoDevice::default();
    let mut net = ResNet::<2, 10>::seeded(&device, 42);
    let fit = Fit::new(CrossEntropy, Adam::default().lr(1e-3)).epochs(12).batch(32).seed(42);
    println!("{}", net.fit(&train, fit.validate(&test))?);

    let report = net.evaluate(&test, CrossEntropy)?;
    println!("test accuracy: {:.4}", report.accuracy.unwrap_or(0.0));
    Ok(())
}
