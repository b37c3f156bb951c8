//! The masks of `Dropout` and of its kin: the same as the portable layers', wherever their elements
//! lie.

use super::elements::Elements;
use super::{BLOCK, Block, Place};
use crate::engine::steps::Layout;
use crate::layers::alpha_dropout::Affine;
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
        self.factors_of(key, self.kept())
    }

    /// 0 for an element that is dropped, else `kept`.
    fn factors_of(&self, key: u64, kept: f32) -> impl Fn(usize) -> f32 + Copy + use<> {
        let key = mix(key, self.node);
        // Of 53 random bits: exact, as the product is a power of two.
        let limit = (self.p * (1_u64 << 53) as f64).ceil() as u64;
        move |i: usize| if mix(key, i as u64) >> 11 < limit { 0.0 } else { kept }
    }

    fn kept(&self) -> f32 {
        (1.0 / (1.0 - self.p)) as f32
    }

    /// The factors of a block.
    fn mask<'a>(&self, key: u64, kept: f32, start: usize, mask: &'a mut [f32]) -> &'a [f32] {
        let factor = self.factors_of(key, kept);
        let elements = Elements { layout: self.layout, len: self.len };
        match self.each {
            // A division would take longer than all the rest.
            1 => elements.fill(start, mask, factor),
            each => elements.fill(start, mask, |i| factor(i / each)),
        }
        mask
    }

    /// Values and gradients alike are multiplied with the mask.
    pub(super) fn apply(&self, place: Place, values: &mut [f32]) {
        self.multiply(self.kept(), place, values);
    }

    fn multiply(&self, kept: f32, place: Place, values: &mut [f32]) {
        let Some(key) = place.training else { return };
        let mut mask: Block = [0.0; BLOCK];
        let mask = self.mask(key, kept, place.start, &mut mask[..values.len()]);
        values.iter_mut().zip(mask).for_each(|(y, m)| *y *= *m);
    }

    /// As `AlphaDropout`: behind the mask each value has a summand.
    pub(super) fn apply_alpha(&self, place: Place, values: &mut [f32]) {
        let Some(key) = place.training else { return };
        let Affine { dropped, factor, summand } = Affine::of(self.p);
        let [dropped, factor, summand] = [dropped, factor, summand].map(|x| x as f32);
        let mut mask: Block = [0.0; BLOCK];
        let mask = self.mask(key, factor, place.start, &mut mask[..values.len()]);
        for (y, m) in values.iter_mut().zip(mask) {
            // The factor of a value that is kept is above 0.
            *y = *y * *m + if *m == 0.0 { dropped } else { summand };
        }
    }

    pub(super) fn apply_alpha_gradient(&self, place: Place, d: &mut [f32]) {
        self.multiply(Affine::of(self.p).factor as f32, place, d);
    }
}
