//! MNIST: 60,000 handwritten digits of 28×28 pixels.
//!
//! `cargo run --release --example mnist -- [--data DIR] [--model mlp|cnn] [--epochs N]`

use netwright::data::{Dataset, mnist};
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
        Conv2d<16, 5>, BatchNorm2d, Relu, MaxPool2d<2>,
        Conv2d<32, 5>, BatchNorm2d, Relu, MaxPool2d<2>,
        Flatten, Linear<128>, Relu, Linear<10>,
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

/// Some epochs at one learning rate. The test images are not looked at.
fn epochs<N: Train<f32, AutoDevice>>(
    net: &mut N,
    data: &Dataset,
    adam: &mut Adam,
    epochs: usize,
    seed: u64,
) -> netwright::Result<()> {
    let fit = Fit::new(CrossEntropy, adam).epochs(epochs).batch(64).seed(seed);
    println!("{}", net.fit(data, fit)?);
    Ok(())
}

/// The last epoch takes small steps, which settle what the large ones before left to chance.
fn train<N: Train<f32, AutoDevice>>(mut net: N, options: &Options) -> netwright::Result<()> {
    let (train, test) = mnist(&options.data)?;
    println!("{}\n", net.summary());
    let mut adam = Adam::default().lr(2e-3);
    let last = usize::from(options.epochs > 1);
    epochs(&mut net, &train, &mut adam, options.epochs - last, 42)?;
    if last > 0 {
        epochs(&mut net, &train, &mut adam.lr(2e-4), last, 43)?;
    }
    let report = net.evaluate(&test, CrossEntropy)?;
    println!("test accuracy: {:.4}", report.accuracy.unwrap_or(0.0));
    Ok(())
}

fn main() -> ExitCode {
    let device = AutoDevice::default();
    let run = options(std::env::args().skip(1)).and_then(|options| {
        let done = match options.model.as_str() {
            "cnn" => train(Cnn::seeded(&device, 42), &options),
            _ => train(Mlp::seeded(&device, 42), &options),
        };
        done.map_err(|error| error.to_string())
    });
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
