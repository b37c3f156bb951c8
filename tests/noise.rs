//! The statistics of layers that draw numbers in training, and when they draw the same ones.
//!
//! Bounds are three and a half standard errors: of two thousand right programs one would miss one. The
//! seeds are fixed.

#![allow(clippy::unwrap_used)]

mod support;

use netwright::prelude::*;
use rayon::ThreadPoolBuilder;
use support::Random;

const SAMPLES: usize = 200;
/// Values of a batch.
const COUNT: usize = SAMPLES * 1000;
/// What `Selu` gives far below zero.
const LIMIT: f64 = -1.7580993408473766;

network! {
    struct Alpha([1000]) { AlphaDropout(0.3) }
    struct AlphaOfHalf([1000]) { AlphaDropout }
    struct AlphaRare([1000]) { AlphaDropout(0.02) }
    struct Noise([1000]) { GaussianNoise(0.2) }
    struct Loud([1000]) { GaussianNoise(stddev = 3.0) }
    struct Twice([1000]) { GaussianNoise(3.0), GaussianNoise(4.0) }
    struct Silent([1000]) { GaussianNoise(0.0), AlphaDropout(0.0) }
    struct All([1000]) { GaussianNoise(0.2), Selu, AlphaDropout(0.3), Reshape<[10, 20, 5]>, GaussianNoise(0.1), AlphaDropout, Flatten }
}

type Rows<E> = Tensor<(usize, Const<1000>), E, Cpu>;

fn rows<E: Float>(numbers: &[f64]) -> Rows<E>
where
    Cpu: Backend<E>,
{
    let numbers: Vec<E> = numbers.iter().map(|x| E::of(*x)).collect();
    Cpu::default().tensor_from_vec(numbers, (SAMPLES, Const))
}

/// What the training form gives.
fn drawn<E: Float, M>(mut net: M, numbers: &[f64]) -> Vec<f64>
where
    Cpu: Backend<E>,
    M: Forward<Rows<E>, Output = Rows<E>>,
{
    net.train(rows(numbers)).unwrap().as_vec().iter().map(|x| x.f64()).collect()
}

/// Numbers of a normal distribution with mean 0 and standard deviation 1 (Box and Muller), in f32.
fn normal() -> Vec<f64> {
    let mut random = Random(1);
    let mut number = || {
        let [radius, angle] = [0.5 - 0.5 * random.number(), random.number()];
        f64::from(((-2.0 * radius.ln()).sqrt() * (angle * std::f64::consts::PI).cos()) as f32)
    };
    (0..COUNT).map(|_| number()).collect()
}

/// The mean of a function of the numbers is this one.
fn mean(what: &str, numbers: &[f64], of: impl Fn(f64) -> f64, expected: f64) {
    let count = numbers.len() as f64;
    let found = numbers.iter().map(|x| of(*x)).sum::<f64>() / count;
    let square = numbers.iter().map(|x| (of(*x) - found).powi(2)).sum::<f64>() / count;
    let error = (square / count).sqrt();
    assert!(
        (found - expected).abs() < 3.5 * error,
        "{what}: {found}, not {expected}, of which the standard error is {error}"
    );
}

/// Every value is one of the two that the formula has for it, as many of each as there should be, and
/// mean and variance stay.
fn alpha(what: &str, p: f64, x: &[f64], y: &[f64]) {
    let a = 1.0 / ((1.0 - p) * (1.0 + p * LIMIT * LIMIT)).sqrt();
    let b = -a * p * LIMIT;
    let near =
        |found: f64, expected: f64| (found - expected).abs() < 1e-6 * expected.abs().max(1.0);
    let dropped: Vec<f64> =
        y.iter().map(|y| f64::from(u8::from(near(*y, a * LIMIT + b)))).collect();
    for ((x, y), dropped) in x.iter().zip(y).zip(&dropped) {
        assert!(*dropped == 1.0 || near(*y, a * x + b), "{what}: {x} became {y}");
    }
    mean(&format!("{what}: dropped"), &dropped, |x| x, p);
    mean(&format!("{what}: mean"), y, |y| y, 0.0);
    mean(&format!("{what}: variance"), y, |y| y * y, 1.0);
}

#[test]
fn alpha_dropout_keeps_mean_and_variance() {
    let (dev, x) = (Cpu::default(), normal());
    alpha("0.3", 0.3, &x, &drawn(Alpha::seeded(&dev, 1), &x));
    alpha("0.5", 0.5, &x, &drawn(AlphaOfHalf::seeded(&dev, 2), &x));
    alpha("0.02", 0.02, &x, &drawn(AlphaRare::seeded(&dev, 3), &x));
    let wide = Alpha::<f64, Cpu>::init(&dev, 4).unwrap();
    alpha("0.3 in f64", 0.3, &x, &drawn(wide, &x));
}

fn noise(what: &str, stddev: f64, noise: &[f64]) {
    mean(&format!("{what}: mean"), noise, |x| x, 0.0);
    mean(&format!("{what}: variance"), noise, |x| x * x, stddev.powi(2));
    mean(&format!("{what}: skew"), noise, |x| x.powi(3), 0.0);
    mean(&format!("{what}: fourth moment"), noise, |x| x.powi(4), 3.0 * stddev.powi(4));
    for (apart, name) in [(1, "values"), (1000, "samples")] {
        let products: Vec<f64> = noise.iter().zip(&noise[apart..]).map(|(a, b)| a * b).collect();
        mean(&format!("{what}: neighbouring {name}"), &products, |x| x, 0.0);
    }
}

#[test]
fn noise_is_normal_with_the_deviation_of_the_layer() {
    let (dev, zeros) = (Cpu::default(), vec![0.0; COUNT]);
    noise("0.2", 0.2, &drawn(Noise::seeded(&dev, 1), &zeros));
    noise("3", 3.0, &drawn(Loud::seeded(&dev, 2), &zeros));
    noise("twice", 5.0, &drawn(Twice::seeded(&dev, 3), &zeros));
    noise("in f64", 0.2, &drawn(Noise::<f64, Cpu>::init(&dev, 4).unwrap(), &zeros));
}

#[test]
fn noise_is_added_and_does_not_depend_on_what_to() {
    let (dev, x) = (Cpu::default(), normal());
    let added = drawn(Noise::seeded(&dev, 1), &vec![0.0; COUNT]);
    let noisy = drawn(Noise::seeded(&dev, 1), &x);
    for ((x, noise), y) in x.iter().zip(&added).zip(&noisy) {
        assert_eq!(*y, f64::from((x + noise) as f32));
    }
    // The same numbers in f64, before they are rounded.
    let wide = drawn(Noise::<f64, Cpu>::init(&dev, 1).unwrap(), &vec![0.0; COUNT]);
    assert!(wide.iter().zip(&added).all(|(wide, added)| f64::from(*wide as f32) == *added));
}

#[test]
fn inference_draws_nothing_and_neither_do_zeros() {
    let (dev, x) = (Cpu::default(), normal());
    let same = |y: Rows<f32>| assert_eq!(y.as_vec(), rows::<f32>(&x).as_vec());
    same(Alpha::seeded(&dev, 1).forward(rows(&x)));
    same(Loud::seeded(&dev, 1).forward(rows(&x)));
    same(Twice::seeded(&dev, 1).forward(rows(&x)));
    same(Silent::seeded(&dev, 1).forward_mut(rows(&x)));
    let y = Loud::<f64, Cpu>::init(&dev, 1).unwrap().forward(rows::<f64>(&x));
    assert_eq!(y.as_vec(), x);
}

#[test]
fn other_numbers_in_every_step_and_the_same_from_the_same_seed() {
    let (dev, x) = (Cpu::default(), normal());
    let (mut net, mut twin) = (All::seeded(&dev, 5), All::seeded(&dev, 5));
    let step = |net: &mut All| net.forward_mut(rows(&x)).as_vec();
    let (first, second) = (step(&mut net), step(&mut net));
    let alike = |a: &[f32], b: &[f32]| a.iter().zip(b).filter(|(a, b)| a == b).count();
    // Half of the values are dropped, and a quarter in both.
    assert!((COUNT / 5..COUNT / 3).contains(&alike(&first, &second)));
    assert_eq!((first.clone(), second), (step(&mut twin), step(&mut twin)));
    assert!(alike(&first, &step(&mut All::seeded(&dev, 6))) < COUNT / 3);
}

#[test]
fn threads_change_no_bit() {
    let x = normal();
    let run = |threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let x = rows::<f32>(&x);
            let y = All::seeded(&Cpu::default(), 5).forward_mut(x.leaky_trace());
            let values: Vec<u32> = y.as_vec().iter().map(|y| y.to_bits()).collect();
            let gradient = y.square().sum().backward().get(&x).as_vec();
            (values, gradient.iter().map(|d| d.to_bits()).collect::<Vec<_>>())
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(3));
}
