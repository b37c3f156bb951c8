//! A number for each element of a batch by its place in the user's order, wherever it lies.

use crate::engine::steps::Layout;

/// How the samples of a batch lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Elements {
    pub(super) layout: Layout,
    /// The floats of a sample.
    pub(super) len: usize,
}

impl Elements {
    /// Writes the numbers of the elements from `start` on, counted as they lie in a batch; `number`
    /// takes an element's place in the user's order.
    pub(super) fn fill(&self, start: usize, to: &mut [f32], number: impl Fn(usize) -> f32) {
        let Layout::Pixels { channels, pixels } = self.layout else {
            return to.iter_mut().enumerate().for_each(|(i, to)| *to = number(start + i));
        };
        let mut rest = to;
        let mut at = start;
        while !rest.is_empty() {
            let (sample, place) = (at / self.len, at % self.len);
            let (pixel, channel) = (place / channels, place % channels);
            let (run, behind) = rest.split_at_mut(rest.len().min(channels - channel));
            let first = sample * self.len + channel * pixels + pixel;
            for (i, to) in run.iter_mut().enumerate() {
                *to = number(first + i * pixels);
            }
            at += run.len();
            rest = behind;
        }
    }
}
