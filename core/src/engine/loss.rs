//! The built-in losses over the outputs of some samples, with their gradients.

use super::chunk::Found;
use super::kernels::softmax::{self, Block};
use super::steps::Source;
use crate::train::Criterion;

/// A loss for all samples of a chunk.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) criterion: Criterion,
    /// The outputs: whole samples in row-major order.
    pub(crate) output: &'a [f32],
    /// The size of their last axis.
    pub(crate) classes: usize,
    /// As many labels as rows of the outputs, or as many numbers or labels as elements.
    pub(crate) target: Source<'a>,
    /// What each row or element counts in the mean.
    pub(crate) share: f32,
}

impl Job<'_> {
    /// The sum of the losses; their mean's gradient overwrites `gradient`.
    pub(crate) fn run(self, gradient: &mut [f32]) -> Found {
        match (self.criterion, self.target) {
            (Criterion::CrossEntropy { smoothing }, Source::Indices(labels)) => {
                self.cross_entropy(smoothing as f32, labels, gradient)
            }
            (_, Source::Floats(target)) => self.elements(|i| target[i], gradient),
            (_, Source::Indices(target)) => self.elements(|i| target[i] as f32, gradient),
        }
    }

    fn cross_entropy(self, smoothing: f32, labels: &[usize], gradient: &mut [f32]) -> Found {
        let Job { output, classes, share, .. } = self;
        softmax::forward(Block { along: classes, behind: 1, log: true }, output, gradient);
        let (right, all) = (1.0 - smoothing, smoothing / classes as f32);
        let mut found = Found::default();
        let rows = output.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes));
        for ((scores, log), &label) in rows.zip(labels) {
            let mut loss = right * log[label];
            if smoothing > 0.0 {
                loss += all * log.iter().sum::<f32>();
            }
            found.loss -= f64::from(loss);
            found.hits += usize::from(highest(scores) == label);
            log.iter_mut().for_each(|log| *log = (log.exp() - all) * share);
            log[label] -= right * share;
        }
        found
    }

    fn elements(self, target: impl Fn(usize) -> f32, gradient: &mut [f32]) -> Found {
        let mut found = Found::default();
        for (i, (&x, gradient)) in self.output.iter().zip(gradient).enumerate() {
            let y = target(i);
            let (loss, slope) = element(self.criterion, x, y);
            found.loss += f64::from(loss);
            found.hits += usize::from((x > 0.0) == (y >= 0.5));
            *gradient = slope * self.share;
        }
        found
    }
}

/// The loss of one element, and its derivative by `x`. The formulas stand at each loss.
fn element(criterion: Criterion, x: f32, y: f32) -> (f32, f32) {
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
        Criterion::BinaryCrossEntropy => {
            let e = (-x.abs()).exp();
            let sigmoid = if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
            // Not `max`, which would hide NaN.
            (if x < 0.0 { 0.0 } else { x } - x * y + e.ln_1p(), sigmoid - y)
        }
        Criterion::MeanAbsolute | Criterion::CrossEntropy { .. } => (d.abs(), sign),
    }
}

/// The position of the highest score, the first one of equals.
fn highest(scores: &[f32]) -> usize {
    let better =
        |best: usize, (i, score): (usize, &f32)| if *score > scores[best] { i } else { best };
    scores.iter().enumerate().fold(0, better)
}
