//! Losses of class labels: one for each row of scores.

use super::super::chunk::Found;
use super::super::kernels::softmax::{self, Block};
use super::{Rows, positive};
use crate::train::{Labels, Margins, highest};

/// Cross entropy and its kin.
pub(super) fn labels(
    job: Rows,
    settings: Labels<'_>,
    labels: &[usize],
    output: &[f32],
    gradient: &mut [f32],
) -> Found {
    let Rows { size, share } = job;
    if settings.scores {
        softmax::forward(Block { along: size, behind: 1, log: true }, output, gradient);
    } else {
        gradient.copy_from_slice(output);
    }
    let mut found = Found::default();
    let rows = output.chunks_exact(size).zip(gradient.chunks_exact_mut(size));
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

/// The multi-class hinge loss.
pub(super) fn margins(
    job: Rows,
    settings: Margins<'_>,
    labels: &[usize],
    output: &[f32],
    gradient: &mut [f32],
) -> Found {
    let Rows { size, share } = job;
    let mut found = Found::default();
    let rows = output.chunks_exact(size).zip(gradient.chunks_exact_mut(size));
    for ((scores, gradient), &label) in rows.zip(labels) {
        let weight = settings.labels.of_class(label) as f32;
        found.loss += f64::from(weight * missing(settings, scores, label, gradient));
        found.hits += usize::from(highest(scores) == label);
        gradient.iter_mut().for_each(|slope| *slope *= weight * share);
    }
    found
}

/// What the margins of one label miss together; its derivatives overwrite `gradient`.
fn missing(settings: Margins<'_>, scores: &[f32], label: usize, gradient: &mut [f32]) -> f32 {
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
    let (loss, slope) = focused(log[label], settings.gamma as f32);
    let right = weight * (1.0 - settings.smoothing as f32);
    let uniform = settings.smoothing as f32 / log.len() as f32;
    let class = |class| uniform * settings.of_class(class) as f32;
    let (mut loss, mut all) = (right * loss, right * slope);
    if uniform > 0.0 {
        loss -= log.iter().enumerate().map(|(i, log)| class(i) * log).sum::<f32>();
        all += (0..log.len()).map(class).sum::<f32>();
    }
    if settings.scores {
        softmax::exponentials(log);
        log.iter_mut().for_each(|p| *p *= all * share);
    } else {
        log.fill(0.0);
    }
    if uniform > 0.0 {
        log.iter_mut().enumerate().for_each(|(i, slope)| *slope -= class(i) * share);
    }
    log[label] -= right * slope * share;
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
