//! Transfer learning: a network that reads digits lends what it learned to one that shows them on a
//! display of seven segments, and is told of 20 images only which segments light up.
//!
//! `cargo run --release --example transfer`

use netwright::data::{Column, Dataset, digits};
use netwright::prelude::*;

network! {
    /// What an image shows, in 32 numbers.
    struct Features([1, 8, 8]) -> [32] {
        Conv2d<16, 3, padding = same>, Relu, MaxPool2d<2>,
        Conv2d<32, 3, padding = same>, Relu, MaxPool2d<2>,
        Flatten, Dropout(0.5), Linear<32>,
    }
}

network! {
    /// Which digit it is.
    struct Digit([1, 8, 8]) -> [10] { features: Features -> [32], digit: Linear<10> }
}

network! {
    /// Seven yes or no. A network by itself, so that it can be trained by itself.
    struct Segments([32]) -> [7] { Linear<7> }
}

network! {
    /// The same features, with another head.
    struct Display([1, 8, 8]) -> [7] { features: Features -> [32], segments: Segments -> [7] }
}

/// The segments of each digit: top, upper left and right, middle, lower left and right, bottom.
const SEGMENTS: [&[u8; 7]; 10] = [
    b"1110111", b"0010010", b"1011101", b"1011011", b"0111010", b"1101011", b"1101111", b"1010010",
    b"1111111", b"1111011",
];

/// The same images with segments for labels.
fn displayed(digits: &Dataset) -> netwright::Result<Dataset> {
    let labels = digits.targets()[0].as_indices().unwrap_or(&[]);
    let lit = labels.iter().flat_map(|&label| SEGMENTS[label]).map(|&x| f32::from(x == b'1'));
    Dataset::new(digits.inputs()[0].clone(), Column::floats(lit.collect(), &[7])?)
}

fn right(net: &Display<f32, AutoDevice>, test: &Dataset) -> netwright::Result<f64> {
    Ok(net.evaluate(test, BinaryCrossEntropy)?.accuracy.unwrap_or(0.0))
}

fn main() -> netwright::Result<()> {
    let device = AutoDevice::default();
    let (known, new) = digits()?.shuffled(42).split(0.75)?;
    let (few, test) = displayed(&new)?.split_at(20)?;

    // Somebody trains a network on other images, and saves it.
    let file = std::env::temp_dir().join("netwright-digit.safetensors");
    let mut digit = Digit::seeded(&device, 42);
    let fit = Fit::new(CrossEntropy, Adam::default().lr(2e-3)).epochs(25).batch(32).seed(42);
    println!("{}\n", digit.fit(&known, fit)?);
    digit.save(&file)?;

    // All of it is loaded but its head.
    let mut net = Display::seeded(&device, 42);
    println!("{}\n", net.load(StateDict::new(&file).strict(false))?);

    // The features are frozen: they are computed once, and the head is trained on them.
    let features = net.features.predict(&few)?;
    let seen = Dataset::new(features, few.targets()[0].clone())?;
    let fit = || Fit::new(BinaryCrossEntropy, Adam::default().lr(2e-3)).batch(10).quiet();
    net.segments.fit(&seen, fit().epochs(200))?;
    let frozen = right(&net, &test)?;

    // Then all of it is trained a little, at a small rate.
    let fine = Fit::new(BinaryCrossEntropy, Adam::default().lr(2e-4)).batch(10).quiet();
    net.fit(&few, fine.epochs(30))?;
    let tuned = right(&net, &test)?;

    let mut alone = Display::seeded(&device, 42);
    alone.fit(&few, fit().epochs(200))?;

    println!("segments right without what the other one learned: {:.4}", right(&alone, &test)?);
    println!("segments right with frozen features: {frozen:.4}");
    println!("segments right after fine-tuning: {tuned:.4}");
    Ok(())
}
