//! The training of the example `digits` without `fit`: a plain loop over public pieces.
//!
//! `cargo run --release --example plain_loop`

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

type Images<T = NoneTape> = Tensor<(usize, Const<1>, Const<8>, Const<8>), f32, AutoDevice, T>;

fn main() -> netwright::Result<()> {
    let (train, test) = digits()?.shuffled(42).split(0.8)?;
    let device = AutoDevice::default();
    let mut net = Digits::seeded(&device, 42);

    let mut adam = Adam::default().lr(2e-3);
    for epoch in 1..=15 {
        let mut sum = 0.0;
        for batch in train.batches(32)?.shuffled(42, epoch) {
            let batch = batch?;
            let images: Images = batch.inputs[0].tensor(&device)?;
            let scores = net.try_forward_mut(images.leaky_traced())?;
            let loss = CrossEntropy.loss(scores, &batch.targets[0])?;
            sum += loss.array() * batch.len() as f32;
            adam.step(&mut net, &mut loss.backward())?;
        }
        println!("epoch {epoch}: loss {:.4}", sum / train.len() as f32);
    }

    let images: Images = test.inputs()[0].tensor(&device)?;
    let scores = net.forward(images).as_vec();
    let labels = test.targets()[0].as_indices().unwrap_or(&[]);
    let class = |row: &[f32]| (0..10).max_by(|&a, &b| row[a].total_cmp(&row[b]));
    let hits = scores.chunks(10).zip(labels).filter(|(row, label)| class(row) == Some(**label));
    println!("test accuracy: {:.4}", hits.count() as f64 / test.len() as f64);
    Ok(())
}
