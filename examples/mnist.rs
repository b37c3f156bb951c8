//! MNIST: 60,000 handwritten digits of 28×28 pixels.
//!
//! `cargo run --release --example mnist -- [--data DIR] [--model mlp|cnn] [--epochs N]`

use netwright::data::mnist;
use netwright::prelude::*;
use std::process::ExitCode;

network! {
    /// Two dense layers.
    struct Mlp([1, 28, 28]) -> [10] {
        Flatten, Linear<256>, Relu, Linear<10>,
    }
}

network! {
    /// Two convolutions.
    struct Cnn([1, 28, 28]) -> [10] {
        Conv2d<16, 3>, Relu, MaxPool2d<2>,
        Conv2d<32, 3>, Relu, MaxPool2d<2>,
        Flatten, Linear<10>,
    }
}

const USAGE: &str = "usage: mnist [--data DIR] [--model mlp|cnn] [--epochs N]";

struct Options {
    data: String,
    model: String,
    epochs: usize,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { data: "data/mnist".into(), model: "mlp".into(), epochs: 6 };
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{name} needs a value\n{USAGE}"));
        match name.as_str() {
            "--data" => options.data = value()?,
            "--model" => options.model = value()?,
            "--epochs" => {
                let text = value()?;
                options.epochs =
                    text.parse().map_err(|_| format!("--epochs {text}: not a number\n{USAGE}"))?;
            }
            _ => return Err(format!("unknown argument {name}\n{USAGE}")),
        }
    }
    match options.model.as_str() {
        "mlp" | "cnn" => Ok(options),
        other => Err(format!("--model {other}: neither mlp nor cnn\n{USAGE}")),
    }
}

fn train<N: Train<f32, AutoDevice>>(mut net: N, options: &Options) -> Result<(), String> {
    let (train, test) = mnist(&options.data).map_err(|error| error.to_string())?;
    println!("{}\n", net.summary());
    let fit = Fit::new(CrossEntropy, Adam::default())
        .epochs(options.epochs)
        .batch(128)
        .seed(42)
        .validate(&test);
    let history = net.fit(&train, fit).map_err(|error| error.to_string())?;
    println!("{history}");
    let report = net.evaluate(&test, CrossEntropy).map_err(|error| error.to_string())?;
    println!("test accuracy: {:.4}", report.accuracy.unwrap_or(0.0));
    Ok(())
}

fn main() -> ExitCode {
    let device = AutoDevice::default();
    let run = options(std::env::args().skip(1)).and_then(|options| match options.model.as_str() {
        "cnn" => train(Cnn::seeded(&device, 42), &options),
        _ => train(Mlp::seeded(&device, 42), &options),
    });
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
