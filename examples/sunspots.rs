//! How many sunspots will there be next year? A GRU reads the years before.
//!
//! `cargo run --release --example sunspots`

use netwright::data::{Column, Dataset};
use netwright::prelude::*;

static SUNSPOTS: &str = include_str!("data/sunspots.csv");

/// Years that are read for the next one: about three of the sun's cycles.
const YEARS: usize = 32;
/// The first year that is foreseen and not learned from.
const TEST_FROM: usize = 1920;
/// The numbers of sunspots come near 1.
const SCALE: f32 = 100.0;

network! {
    /// Next year's number.
    struct Forecast([YEARS, 1]) -> [1] {
        Gru<32, output = last>, Linear<1>,
    }
}

/// Years and their numbers of sunspots.
fn series() -> Vec<(usize, f32)> {
    let lines = SUNSPOTS.lines().skip(1).filter_map(|line| line.split_once(','));
    lines.filter_map(|(year, spots)| Some((year.parse().ok()?, spots.parse().ok()?))).collect()
}

/// All windows of years whose next year is before `TEST_FROM`, or not.
fn windows(series: &[(usize, f32)], test: bool) -> netwright::Result<Dataset> {
    let all = series.windows(YEARS + 1).filter(|window| (window[YEARS].0 >= TEST_FROM) == test);
    let (mut before, mut next) = (Vec::new(), Vec::new());
    for window in all {
        before.extend(window[..YEARS].iter().map(|(_, spots)| spots / SCALE));
        next.push(window[YEARS].1 / SCALE);
    }
    Dataset::new(Column::floats(before, &[YEARS, 1])?, Column::floats(next, &[1])?)
}

/// The error of a forecast, in sunspots.
fn error(forecast: impl Iterator<Item = f32>, truth: &[f32]) -> f32 {
    let squares = forecast.zip(truth).map(|(a, b)| (a - b) * (a - b));
    SCALE * (squares.sum::<f32>() / truth.len() as f32).sqrt()
}

fn main() -> netwright::Result<()> {
    let series = series();
    let (train, test) = (windows(&series, false)?, windows(&series, true)?);
    let mut net = Forecast::seeded(&AutoDevice::default(), 42);
    println!("{}\n", net.summary());

    for (lr, epochs) in [(3e-3, 150), (3e-4, 30)] {
        let fit = Fit::new(MeanSquared, Adam::default().lr(lr)).epochs(epochs).batch(16).seed(42);
        net.fit(&train, fit.quiet())?;
    }

    let forecast = net.predict(&test)?;
    let forecast = forecast.as_floats().unwrap_or(&[]);
    let truth = test.targets()[0].as_floats().unwrap_or(&[]);
    let before = test.inputs()[0].as_floats().unwrap_or(&[]);
    let naive = error(before.chunks(YEARS).map(|years| years[YEARS - 1]), truth);
    let ours = error(forecast.iter().copied(), truth);
    let (first, last) = (TEST_FROM, TEST_FROM + truth.len() - 1);
    println!("{first} to {last}, root of the mean squared error in sunspots:");
    println!("as last year {naive:.1}, the network {ours:.1}");
    println!("the network's error as a part of the naive one: {:.3}", ours / naive);
    Ok(())
}
