//! A GAN's two networks, trained in turn with public pieces alone: the critic by `Train::step`, the
//! maker by a loop by hand, whose loss goes back through the critic.

use netwright::data::{Batch, Column};
use netwright::prelude::*;

network! {
    /// Makes points of noise.
    struct Maker(noise: [4]) -> [2] {
        Linear<16>, Relu, Linear<2>,
    }

    /// Tells real points from made ones.
    struct Critic(point: [2]) -> [1] {
        Linear<32>, LeakyRelu(0.2), Linear<16>, LeakyRelu(0.2), Linear<1>,
    }
}

const BATCH: usize = 64;

type Points<T = NoneTape> = Tensor<(usize, Const<2>), f32, Cpu, T>;
type Noise = Tensor<(usize, Const<4>), f32, Cpu>;

fn noise(device: &Cpu, count: usize) -> Noise {
    device.sample_normal_like(&(count, Const::<4>))
}

/// x of mean 2 and deviation 0.5; y of mean -1 and deviation 1, of which 0.8 follow x.
fn real(device: &Cpu) -> Vec<f32> {
    let normal: Points = device.sample_normal_like(&(BATCH, Const::<2>));
    let point = |n: &[f32]| [2.0 + 0.5 * n[0], -1.0 + 0.8 * n[0] + 0.6 * n[1]];
    normal.as_vec().chunks_exact(2).flat_map(point).collect()
}

fn step_of_critic(
    critic: &mut Critic<f32, Cpu>,
    adam: &mut Adam,
    points: [Vec<f32>; 2],
) -> netwright::Result<()> {
    let labels = (0..2 * BATCH).map(|i| usize::from(i < BATCH)).collect();
    let batch = Batch {
        inputs: vec![Column::floats(points.concat(), &[2])?],
        targets: vec![Column::labels(labels)],
    };
    critic.step(&batch, BinaryCrossEntropy, adam).map(|_| ())
}

/// The maker learns what the critic takes for real; the critic does not learn from it.
fn step_of_maker(
    maker: &mut Maker<f32, Cpu>,
    critic: &Critic<f32, Cpu>,
    adam: &mut Adam,
    noise: Noise,
) -> netwright::Result<()> {
    let made: Points<_> = maker.try_forward_mut(noise.leaky_traced())?;
    let scores = critic.try_forward(made)?;
    let loss = BinaryCrossEntropy.loss(scores, &Column::labels(vec![1; BATCH]))?;
    adam.step(maker, &mut loss.backward())
}

/// Mean and deviation of x and of y.
fn statistics(points: &[f32]) -> [f64; 4] {
    let of = |axis: usize| {
        let numbers = points.iter().skip(axis).step_by(2).map(|x| f64::from(*x));
        let count = numbers.clone().count() as f64;
        let mean = numbers.clone().sum::<f64>() / count;
        (mean, (numbers.map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt())
    };
    let ((x, dx), (y, dy)) = (of(0), of(1));
    [x, y, dx, dy]
}

#[test]
fn a_maker_learns_a_distribution_from_its_critic() -> netwright::Result<()> {
    let device = Cpu::seed_from_u64(1);
    let (mut maker, mut critic) = (Maker::seeded(&device, 2), Critic::seeded(&device, 3));
    let [mut of_critic, mut of_maker] =
        [3e-3, 1.5e-3].map(|lr| Adam::default().lr(lr).betas(0.0, 0.99));
    for _ in 0..500 {
        let made = maker.try_forward(noise(&device, BATCH))?.as_vec();
        step_of_critic(&mut critic, &mut of_critic, [real(&device), made])?;
        step_of_maker(&mut maker, &critic, &mut of_maker, noise(&device, BATCH))?;
    }
    let found = statistics(&maker.try_forward(noise(&device, 4096))?.as_vec());
    for (found, expected) in found.iter().zip([2.0, -1.0, 0.5, 1.0]) {
        assert!((found - expected).abs() < 0.25, "{found}, not {expected}");
    }
    // What the critic knows of real points is no more than a guess.
    let batch = [real(&device), maker.try_forward(noise(&device, BATCH))?.as_vec()].concat();
    let points: Points = device.tensor_from_vec(batch, (2 * BATCH, Const::<2>));
    let scores = critic.try_forward(points)?.as_vec();
    let right = |(i, score): (usize, &f32)| (*score > 0.0) == (i < BATCH);
    let right = scores.iter().enumerate().filter(|&pair| right(pair)).count();
    assert!((BATCH / 2..BATCH * 8 / 5).contains(&right), "{right} of {}", 2 * BATCH);
    Ok(())
}
