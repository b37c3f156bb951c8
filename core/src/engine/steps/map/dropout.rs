//! The mask of `Dropout`: the same as the portable layer's, wherever its elements lie.

use crate::engine::steps::Layout;
use crate::rng::mix;

/// A `Dropout` of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dropout {
    /// The number of its node.
    pub(crate) node: u64,
    /// How likely a zero is.
    pub(crate) p: f64,
    /// Elements next to each other that share their fate.
    pub(crate) each: usize,
    /// How each sample lies.
    pub(crate) layout: Layout,
    /// The floats of a sample.
    pub(crate) len: usize,
}

impl Dropout {
    /// The factor of each element by its number.
    pub(crate) fn factors(&self, key: u64) -> impl Fn(usize) -> f32 + Copy + use<> {
        let key = mix(key, self.node);
        // Of 53 random bits: exact, as the product is a power of two.
        let limit = (self.p * (1_u64 << 53) as f64).ceil() as u64;
        let kept = (1.0 / (1.0 - self.p)) as f32;
        move |i: usize| if mix(key, i as u64) >> 11 < limit { 0.0 } else { kept }
    }

    /// Writes the factors of the elements from `start` on, counted as they lie in a batch.
    pub(super) fn mask(&self, key: u64, start: usize, mask: &mut [f32]) {
        let (factor, each) = (self.factors(key), self.each);
        let factor = |i: usize| factor(i / each);
        let Layout::Pixels { channels, pixels } = self.layout else {
            return mask.iter_mut().enumerate().for_each(|(i, m)| *m = factor(start + i));
        };
        let mut rest = mask;
        let mut at = start;
        while !rest.is_empty() {
            let (sample, place) = (at / self.len, at % self.len);
            let (pixel, channel) = (place / channels, place % channels);
            let (run, behind) = rest.split_at_mut(rest.len().min(channels - channel));
            let first = sample * self.len + channel * pixels + pixel;
            for (i, m) in run.iter_mut().enumerate() {
                *m = factor(first + i * pixels);
            }
            at += run.len();
            rest = behind;
        }
    }
}
