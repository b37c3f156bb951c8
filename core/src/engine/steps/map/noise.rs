//! What `GaussianNoise` adds: the same as the portable layer, wherever its elements lie.

use super::elements::Elements;
use super::{BLOCK, Block, Place, add};
use crate::engine::steps::Layout;
use crate::layers::gaussian_noise::noise;
use crate::rng::mix;

/// A `GaussianNoise` of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Noise {
    /// The number of its node.
    pub(super) node: u64,
    /// The standard deviation.
    pub(super) stddev: f64,
    /// How each sample lies.
    pub(super) layout: Layout,
    /// The floats of a sample.
    pub(super) len: usize,
}

impl Noise {
    /// Adds the noise of a block. Its gradient is that of the block.
    pub(super) fn apply(&self, place: Place, values: &mut [f32]) {
        let Some(key) = place.training else { return };
        let (key, stddev) = (mix(key, self.node), self.stddev);
        let mut summands: Block = [0.0; BLOCK];
        let summands = &mut summands[..values.len()];
        let elements = Elements { layout: self.layout, len: self.len };
        elements.fill(place.start, summands, |i| noise(key, stddev, i as u64) as f32);
        add(summands, values);
    }
}
