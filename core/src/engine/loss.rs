//! The built-in losses over the outputs of some samples, with their gradients.

use super::chunk::Found;
use super::kernels::softmax::{self, Block};
use super::steps::Source;
use crate::train::{BinaryFocalSettings, Criterion, Labels, Margins, highest};

/// A loss for all samples of a chunk.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) criterion: Criterion<'a>,
    /// The outputs: whole samples in row-major order.
    pub(crate) output: &'a [f32],
    /// The size of their last axis.
    pub(crate) classes: usize,
    /// As many labels as rows of the outputs, or as many numbers or labels as elements.
    pub(crate) target: Source<'a>,
    /// What a weight of 1 counts in the mean.
    pub(crate) share: f32,
}

impl Job<'_> {
    /// The sum of the losses; their mean's gradient overwrites `gradient`.
    pub(crate) fn run(self, gradient: &mut [f32]) -> Found {
        match (self.criterion, self.target) {
            (Criterion::Labels(settings), Source::Indices(labels)) => {
                self.labels(settings, labels, gradient)
            }
            (Criterion::MultiMargin(settings), Source::Indices(labels)) => {
                self.margins(settings, labels, gradient)
            }
            (_, Source::Floats(target)) => self.elements(|i| target[i], gradient),
            (_, Source::Indices(target)) => self.elements(|i| target[i] as f32, gradient),
        }
    }

    fn labels(self, settings: Labels<'_>, labels: &[usize], gradient: &mut [f32]) -> Found {
        let Job { output, classes, share, .. } = self;
        if settings.scores {
            softmax::forward(Block { along: classes, behind: 1, log: true }, output, gradient);
        } else {
            gradient.copy_from_slice(output);
        }
        let mut found = Found::default();
        let rows = output.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes));
        for ((scores, log), &label) in rows.zip(labels) {
            match settings.counts(label) {
                Some(weight) => {
                    found.hits += usize::from(highest(scores) == label);
                    found.loss += f64::from(row(settings, label, weight as f32, share, log));
                }
                None => log.fill(0.0),
            }
        }
        found
    }

    fn margins(self, settings: Margins<'_>, labels: &[usize], gradient: &mut [f32]) -> Found {
        let Job { output, classes, share, .. } = self;
        let mut found = Found::default();
        let rows = output.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes));
        for ((scores, gradient), &label) in rows.zip(labels) {
            let weight = settings.labels.of_class(label) as f32;
            found.loss += f64::from(weight * margins(settings, scores, label, gradient));
            found.hits += usize::from(highest(scores) == label);
            gradient.iter_mut().for_each(|slope| *slope *= weight * share);
        }
        found
    }

    fn elements(self, target: impl Fn(usize) -> f32, gradient: &mut [f32]) -> Found {
        let mut found = Found::default();
        for (i, (&x, gradient)) in self.output.iter().zip(gradient).enumerate() {
            let y = target(i);
            let (loss, slope) = element(self.criterion, x, y);
            found.loss += f64::from(loss);
            // Of a hinge, 0 is -1.
            found.hits += usize::from((x > 0.0) == (y >= 0.5));
            *gradient = slope * self.share;
        }
        found
    }
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
        Criterion::BinaryCrossEntropy => {
            let (loss, p, _) = binary(x, y);
            (loss, p - y)
        }
        Criterion::BinaryFocal(settings) => focal(settings, x, y),
        Criterion::Hinge { squared } => {
            let y = if y > 0.0 { 1.0 } else { -1.0 };
            let (loss, slope) = positive(1.0 - y * x, squared);
            (loss, -y * slope)
        }
        Criterion::KlDivergence if y > 0.0 => (y * (y.ln() - x), -y),
        Criterion::KlDivergence => (0.0, 0.0),
        Criterion::MeanAbsolute | Criterion::Labels(_) | Criterion::MultiMargin(_) => {
            (d.abs(), sign)
        }
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

/// What the margins of one label miss together; its derivatives overwrite `gradient`.
fn margins(settings: Margins<'_>, scores: &[f32], label: usize, gradient: &mut [f32]) -> f32 {
    let ahead = settings.margin as f32 - scores[label];
    let (mut loss, mut slopes) = (0.0, 0.0);
    for (i, (&x, gradient)) in scores.iter().zip(&mut *gradient).enumerate() {
        let missing = if i == label { (0.0, 0.0) } else { positive(ahead + x, settings.p == 2) };
        loss += missing.0;
        slopes += missing.1;
        *gradient = missing.1;
    }
    gradient[label] = -slopes;
    loss
}

/// The loss of one label; its gradient overwrites the logarithms of the probabilities.
fn row(settings: Labels<'_>, label: usize, weight: f32, share: f32, log: &mut [f32]) -> f32 {
    let (mut loss, slope) = focused(log[label], settings.gamma as f32);
    let right = weight * (1.0 - settings.smoothing as f32);
    loss *= right;
    let uniform = settings.smoothing as f32 / log.len() as f32;
    let class = |class| uniform * settings.of_class(class) as f32;
    let (right, mut all) = (right * slope, right * slope);
    if settings.smoothing > 0.0 {
        loss -= log.iter().enumerate().map(|(i, log)| class(i) * log).sum::<f32>();
        all += (0..log.len()).map(class).sum::<f32>();
    }
    for (i, log) in log.iter_mut().enumerate() {
        let p = if settings.scores { log.exp() } else { 0.0 };
        *log = (all * p - class(i)) * share;
    }
    log[label] -= right * share;
    loss
}

/// `-(1 - p)ᵞ · ln p` of `ln p`, and its derivative by it, without the sign.
fn focused(log: f32, gamma: f32) -> (f32, f32) {
    if gamma == 0.0 {
        return (-log, 1.0);
    }
    let (p, rest) = (log.exp(), -log.exp_m1());
    let power = rest.powf(gamma);
    // It goes to -1 where both go to 0.
    let ratio = if rest == 0.0 { -1.0 } else { log / rest };
    (-power * log, power * (1.0 - gamma * p * ratio))
}
