//! Two inputs, two outputs, two losses: where a mark is and what it is, from a picture and the
//! direction of the camera that took it.
//!
//! `cargo run --release --example multi_head`

use netwright::data::{Column, Dataset};
use netwright::prelude::*;

/// Pixels of a picture's side.
const SIDE: usize = 16;
/// Pixels of a mark's side.
const MARK: usize = 5;
/// A square, a cross, a ring and a stair.
const MARKS: [[&str; MARK]; 4] = [
    ["#####", "#####", "#####", "#####", "#####"],
    ["..#..", "..#..", "#####", "..#..", "..#.."],
    ["#####", "#...#", "#...#", "#...#", "#####"],
    ["#....", "##...", "###..", "####.", "#####"],
];

network! {
    /// One set of features, two answers. Where the mark is in the world depends on the camera.
    struct Finder(picture: [1, SIDE, SIDE], camera: [2]) -> (place: [2], kind: [4]) {
        let seen = picture
            => Conv2d<16, 3, padding = 1>, Relu, MaxPool2d<2>,
               Conv2d<32, 3, padding = 1>, Relu, MaxPool2d<2>, Flatten;
        let known = concat(seen, camera) => Linear<64>, Relu;
        ((known => Linear<2>), (known => Linear<4>))
    }
}

/// Numbers from 0 to 1.
fn random(device: &Cpu, count: usize) -> Vec<f32> {
    let numbers: Tensor<(usize,), f32, Cpu> = device.sample_uniform_like(&(count,));
    numbers.as_vec()
}

/// One mark on each noisy picture. Lengths are in pictures: the mark is where it is on the picture,
/// moved by where the camera looks.
fn marks(count: usize, seed: u64) -> netwright::Result<Dataset> {
    let device = Cpu::seed_from_u64(seed);
    let (mut pictures, mut cameras) = (Vec::new(), Vec::new());
    let (mut places, mut kinds) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let chance = random(&device, 5);
        let below = |at: usize, n: usize| ((chance[at] * n as f32) as usize).min(n - 1);
        let (kind, room) = (below(0, MARKS.len()), SIDE - MARK + 1);
        let (top, left) = (below(1, room), below(2, room));
        let mut picture: Vec<f32> = random(&device, SIDE * SIDE);
        for (row, line) in MARKS[kind].iter().enumerate() {
            for (column, _) in line.bytes().enumerate().filter(|(_, dot)| *dot == b'#') {
                picture[(top + row) * SIDE + left + column] += 1.0;
            }
        }
        let camera = [2.0 * chance[3] - 1.0, 2.0 * chance[4] - 1.0];
        places.extend([top, left].iter().zip(camera).map(|(at, c)| *at as f32 / SIDE as f32 + c));
        pictures.extend(picture);
        cameras.extend(camera);
        kinds.push(kind);
    }
    let pictures = Column::floats(pictures, &[1, SIDE, SIDE])?;
    let data = Dataset::new(pictures, Column::floats(places, &[2])?)?;
    data.with_input(Column::floats(cameras, &[2])?)?.with_target(Column::labels(kinds))
}

fn main() -> netwright::Result<()> {
    let (train, test) = (marks(4000, 1)?, marks(500, 2)?);
    let mut net = Finder::seeded(&AutoDevice::default(), 42);
    println!("{}\n", net.summary());

    // One loss for each output; places count more, for their errors are small numbers.
    let loss = (10.0 * MeanSquared, CrossEntropy);
    for (lr, epochs) in [(3e-3, 15), (3e-4, 5)] {
        let fit = Fit::new(loss, Adam::default().lr(lr)).epochs(epochs);
        println!("{}", net.fit(&train, fit.batch(32).seed(42).validate(&test))?);
    }

    let found = net.predict_all(&test)?;
    let (places, scores) = (found[0].as_floats().unwrap_or(&[]), found[1].as_floats());
    let truth = test.targets()[0].as_floats().unwrap_or(&[]);
    let kinds = test.targets()[1].as_indices().unwrap_or(&[]);
    let near = |(found, place): (&[f32], &[f32])| {
        found.iter().zip(place).all(|(found, at)| (found - at).abs() * SIDE as f32 <= 2.0)
    };
    let near = places.chunks_exact(2).zip(truth.chunks_exact(2)).map(near);
    let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
    let named = scores.unwrap_or(&[]).chunks_exact(4).zip(kinds);
    let named = named.map(|(row, kind)| best(row) == Some(*kind));
    let right = near.zip(named).filter(|&(near, named)| near && named).count();
    println!("within two pixels and of the right kind: {:.4}", right as f64 / test.len() as f64);
    Ok(())
}
