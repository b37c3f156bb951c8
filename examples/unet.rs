//! Segmentation: a U-Net finds the ink of handwritten digits on a canvas full of noise.
//!
//! `cargo run --release --example unet`

use netwright::data::{Column, Dataset, digits};
use netwright::prelude::*;

/// Pixels of a canvas' side; three by three digits have room on it.
const SIDE: usize = 32;
/// Pixels of a digit's side.
const DIGIT: usize = 8;
/// Places for digits in each direction.
const PLACES: usize = 3;

network! {
    /// Two levels down and up again: where each pixel is from the left side of the U, what it
    /// belongs to from its bottom.
    struct UNet(canvas: [1, SIDE, SIDE]) -> [1, SIDE, SIDE] {
        let full = canvas => Conv2d<8, 3, padding = 1>, Relu, Conv2d<8, 3, padding = 1>, Relu;
        let half = full
            => MaxPool2d<2>, Conv2d<16, 3, padding = 1>, Relu, Conv2d<16, 3, padding = 1>, Relu;
        let deepest = half
            => MaxPool2d<2>, Conv2d<32, 3, padding = 1>, Relu, Conv2d<32, 3, padding = 1>, Relu;
        let up_half = concat(half, (deepest => ConvTranspose2d<16, 2, stride = 2>))
            => Conv2d<16, 3, padding = 1>, Relu;
        concat(full, (up_half => ConvTranspose2d<8, 2, stride = 2>))
            => Conv2d<8, 3, padding = 1>, Relu, Conv2d<1, 1>
    }
}

/// Numbers from 0 to 1.
fn random(device: &Cpu, count: usize) -> Vec<f32> {
    let numbers: Tensor<(usize,), f32, Cpu> = device.sample_uniform_like(&(count,));
    numbers.as_vec()
}

/// A canvas and its mask: each place has a digit or none, a little out of line.
fn draw(device: &Cpu, images: &[f32]) -> [Vec<f32>; 2] {
    let (mut ink, size) = (vec![0.0_f32; SIDE * SIDE], DIGIT * DIGIT);
    let room = SIDE / PLACES - DIGIT + 1;
    let chance = random(device, 4 * PLACES * PLACES);
    for (place, chance) in chance.chunks_exact(4).enumerate().filter(|(_, c)| c[0] < 0.6) {
        let below = |at: usize, n: usize| ((chance[at] * n as f32) as usize).min(n - 1);
        let digit = &images[below(1, images.len() / size) * size..][..size];
        let top = place / PLACES * (SIDE / PLACES) + below(2, room);
        let left = place % PLACES * (SIDE / PLACES) + below(3, room);
        for (row, line) in digit.chunks_exact(DIGIT).enumerate() {
            ink[(top + row) * SIDE + left..][..DIGIT].copy_from_slice(line);
        }
    }
    let noise = random(device, SIDE * SIDE);
    let mask = ink.iter().map(|ink| f32::from(u8::from(*ink > 0.5))).collect();
    let canvas = ink.iter().zip(noise).map(|(ink, noise)| ink + 0.6 * (noise - 0.5)).collect();
    [canvas, mask]
}

fn canvases(count: usize, seed: u64, digits: &Dataset) -> netwright::Result<Dataset> {
    let device = Cpu::seed_from_u64(seed);
    let images = digits.inputs()[0].as_floats().unwrap_or(&[]);
    let (mut all, mut masks) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let [canvas, mask] = draw(&device, images);
        all.extend(canvas);
        masks.extend(mask);
    }
    let shape = [1, SIDE, SIDE];
    Dataset::new(Column::floats(all, &shape)?, Column::floats(masks, &shape)?)
}

/// Pixels that both call ink, among those that one of both does.
fn intersection_over_union(scores: &[f32], mask: &[f32]) -> f64 {
    let pairs = || scores.iter().zip(mask).map(|(score, mask)| (*score > 0.0, *mask > 0.5));
    let both = pairs().filter(|&(found, ink)| found && ink).count();
    let any = pairs().filter(|&(found, ink)| found || ink).count();
    both as f64 / any.max(1) as f64
}

fn main() -> netwright::Result<()> {
    // The canvases of the test show digits that the training never saw.
    let (known, others) = digits()?.shuffled(42).split(0.8)?;
    let (train, test) = (canvases(600, 1, &known)?, canvases(200, 2, &others)?);
    let mut net = UNet::seeded(&AutoDevice::default(), 42);
    println!("{}\n", net.summary());

    let fit = Fit::new(BinaryCrossEntropy, Adam::default().lr(3e-3)).epochs(8).batch(16).seed(42);
    println!("{}", net.fit(&train, fit.validate(&test))?);

    let scores = net.predict(&test)?;
    let (scores, mask) = (scores.as_floats().unwrap_or(&[]), test.targets()[0].as_floats());
    let found = intersection_over_union(scores, mask.unwrap_or(&[]));
    println!("intersection over union: {found:.4}");
    Ok(())
}
