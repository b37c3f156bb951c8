//! Connectionist temporal classification, sample by sample.

use super::super::chunk::Found;
use super::super::kernels::softmax::{self, Block};
use super::super::steps::Source;
use super::Job;
use crate::train::{CtcSettings, CtcTargets};
use std::cell::RefCell;

thread_local! {
    /// Logarithms and ways of one sample, kept from step to step.
    static SCRATCH: RefCell<[Vec<f64>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

impl Job<'_> {
    pub(super) fn ctc(self, settings: CtcSettings, output: &[f32], gradient: &mut [f32]) -> Found {
        let &[time, classes] = self.output else { return Found::default() };
        softmax::forward(Block { along: classes, behind: 1, log: true }, output, gradient);
        let indices = |i: usize| match self.targets[i] {
            Source::Indices(all) => Some(all),
            Source::Floats(_) => None,
        };
        let (labels, samples) = (indices(0).unwrap_or(&[]), self.samples);
        let (steps, counts) = (indices(1), indices(2));
        let targets = CtcTargets { labels, steps, counts, samples, time, classes };
        let mut found = Found::default();
        SCRATCH.with_borrow_mut(|[slopes, ways]| {
            for (sample, logs) in gradient.chunks_exact_mut(time * classes).enumerate() {
                slopes.clear();
                slopes.extend(logs.iter().map(|&log| f64::from(log)));
                found.loss += settings.sample(&targets, sample, slopes, ways);
                through_softmax(slopes, logs, classes, self.share);
            }
        });
        found
    }
}

/// Overwrites logarithms of a softmax with the gradient by its input; `slopes` is that by them.
fn through_softmax(slopes: &[f64], logs: &mut [f32], classes: usize, share: f32) {
    for (slopes, logs) in slopes.chunks_exact(classes).zip(logs.chunks_exact_mut(classes)) {
        let all: f64 = slopes.iter().sum();
        for (log, slope) in logs.iter_mut().zip(slopes) {
            *log = (slope - f64::from(*log).exp() * all) as f32 * share;
        }
    }
}
