//! The built-in losses over the outputs of some samples, with their gradients.

mod ctc;
mod rows;
mod several;

use super::chunk::{Found, Slot};
use super::kernels::binary::cross_entropy;
use super::steps::Source;
use crate::train::{BinaryFocalSettings, Criterion};
use rows::{labels, margins};

/// Elements of which a kernel makes the losses at once, on the stack.
const PART: usize = 256;

/// A loss for all samples of a chunk.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) criterion: Criterion<'a>,
    /// The shape of the first output of one sample.
    pub(crate) output: &'a [usize],
    pub(crate) samples: usize,
    /// Those of these samples; the other ones are empty.
    pub(crate) targets: [Source<'a>; 3],
    /// What a weight of 1 counts in the mean.
    pub(crate) share: f32,
}

impl Job<'_> {
    /// The sum of the losses; their mean's gradient overwrites that of the outputs, which lie in
    /// these places.
    pub(crate) fn run(self, places: &[Slot], values: &[f32], gradients: &mut [f32]) -> Found {
        let place = |i: usize| places[i].range(self.samples);
        match self.criterion {
            Criterion::CosineEmbedding { margin } => {
                let [a, b] = [0, 1].map(place);
                let signs = |row: usize| self.number(row);
                several::cosine(self.job(), margin as f32, [a, b], signs, values, gradients)
            }
            Criterion::TripletMargin { margin } => {
                let places = [0, 1, 2].map(place);
                several::triplet(self.job(), margin as f32, places, values, gradients)
            }
            _ => self.one(&values[place(0)], &mut gradients[place(0)]),
        }
    }

    /// Of one output.
    fn one(self, output: &[f32], gradient: &mut [f32]) -> Found {
        let job = self.job();
        match (self.criterion, self.targets[0]) {
            (Criterion::Labels(settings), Source::Indices(target)) => {
                labels(job, settings, target, output, gradient)
            }
            (Criterion::MultiMargin(settings), Source::Indices(target)) => {
                margins(job, settings, target, output, gradient)
            }
            (Criterion::Ctc(settings), _) => self.ctc(settings, output, gradient),
            (Criterion::BinaryCrossEntropy, _) => self.binary(output, gradient),
            _ => self.elements(output, gradient),
        }
    }

    fn job(&self) -> Rows {
        Rows { size: self.output.last().copied().unwrap_or(1), share: self.share }
    }

    /// The target of the element or row of this number.
    fn number(&self, i: usize) -> f32 {
        match self.targets[0] {
            Source::Floats(target) => target[i],
            Source::Indices(target) => target[i] as f32,
        }
    }

    /// The binary cross entropy, of which each part has a kernel.
    fn binary(self, output: &[f32], gradient: &mut [f32]) -> Found {
        let mut found = Found::default();
        let [mut loss, mut target] = [[0.0; PART]; 2];
        let parts = output.chunks(PART).zip(gradient.chunks_mut(PART)).enumerate();
        for (part, (x, gradient)) in parts {
            let (loss, y) = (&mut loss[..x.len()], &mut target[..x.len()]);
            y.iter_mut().enumerate().for_each(|(i, y)| *y = self.number(part * PART + i));
            cross_entropy(x, y, loss, gradient);
            found.loss += loss.iter().map(|loss| f64::from(*loss)).sum::<f64>();
            let hit = |(x, y): (&f32, &f32)| usize::from((*x > 0.0) == (*y >= 0.5));
            found.hits += x.iter().zip(y.iter()).map(hit).sum::<usize>();
            gradient.iter_mut().for_each(|slope| *slope *= self.share);
        }
        found
    }

    fn elements(self, output: &[f32], gradient: &mut [f32]) -> Found {
        let mut found = Found::default();
        for (i, (&x, gradient)) in output.iter().zip(gradient).enumerate() {
            let y = self.number(i);
            let (loss, slope) = element(self.criterion, x, y);
            found.loss += f64::from(loss);
            // Of a hinge, 0 is -1.
            found.hits += usize::from((x > 0.0) == (y >= 0.5));
            *gradient = slope * self.share;
        }
        found
    }
}

/// The size of the last axis, and what a weight of 1 counts in the mean.
#[derive(Clone, Copy)]
struct Rows {
    size: usize,
    share: f32,
}

/// The loss of one element, and its derivative by `x`. The formulas stand at each loss.
fn element(criterion: Criterion<'_>, x: f32, y: f32) -> (f32, f32) {
    let d = x - y;
    // Of 0 it is 0, of NaN it is NaN.
    let sign = if d == 0.0 { 0.0 } else { d.signum() };
    match criterion {
        Criterion::MeanSquared => (d * d, 2.0 * d),
        Criterion::Huber { delta } if d.abs() >= delta as f32 => {
            let delta = delta as f32;
            (delta * (d.abs() - 0.5 * delta), delta * sign)
        }
        Criterion::Huber { .. } => (0.5 * d * d, d),
        Criterion::BinaryFocal(settings) => focal(settings, x, y),
        Criterion::Hinge { squared } => {
            let y = if y > 0.0 { 1.0 } else { -1.0 };
            let (loss, slope) = positive(1.0 - y * x, squared);
            (loss, -y * slope)
        }
        Criterion::KlDivergence if y > 0.0 => (y * (y.ln() - x), -y),
        Criterion::KlDivergence => (0.0, 0.0),
        // The others are no losses of elements.
        _ => (d.abs(), sign),
    }
}

/// The binary cross entropy of one element; σ(x) and 1 - σ(x).
fn binary(x: f32, y: f32) -> (f32, f32, f32) {
    let e = (-x.abs()).exp();
    let (large, small) = (1.0 / (1.0 + e), e / (1.0 + e));
    let (p, rest) = if x >= 0.0 { (large, small) } else { (small, large) };
    // Not `max`, which would hide NaN.
    (if x < 0.0 { 0.0 } else { x } - x * y + e.ln_1p(), p, rest)
}

/// The focal loss of one element, and its derivative.
fn focal(settings: BinaryFocalSettings, x: f32, y: f32) -> (f32, f32) {
    let (loss, p, rest) = binary(x, y);
    let wrong = p * (1.0 - y) + rest * y;
    let gamma = settings.gamma as f32;
    let scale = settings.counts(f64::from(y)) as f32 * wrong.powf(gamma);
    // Where it is 0, so is the scale, or it has no slope.
    let slope = if wrong == 0.0 { 0.0 } else { (1.0 - 2.0 * y) * p * rest / wrong };
    (scale * loss, scale * (gamma * slope * loss + p - y))
}

/// `max(x, 0)` or its square, and the derivative. Not `max`, which would hide NaN.
fn positive(x: f32, squared: bool) -> (f32, f32) {
    match (x <= 0.0, squared) {
        (true, _) => (0.0, 0.0),
        (false, true) => (x * x, 2.0 * x),
        (false, false) => (x, 1.0),
    }
}
