//! Attention of one head: softmax(q·kᵀ)·v, some queries and some keys at a time, so that no more
//! scores exist than those of a tile (Dao and others: FlashAttention, 2022; Dao: FlashAttention-2,
//! 2023).
//!
//! The backward makes the weights of a tile again, from two numbers that the forward leaves of each
//! row.
//!
//! What is not seen changes nothing, whatever stands there. Tiles are products of all of their keys, and a
//! weight of 0 times what is not finite is no number: so where a result is not finite and something is
//! hidden, it is made again of what is seen alone, key by key.

mod backward;
mod forward;
mod online;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod timing;
mod turns;

use super::conv::Act;
use super::linear::{Linear, Onto};
use crate::engine::chunk::ALIGNMENT;
use crate::engine::simd::Level;
pub(crate) use backward::Given;
use std::ops::Range;
use turns::Turns;

/// Queries of a tile at most.
const QUERIES: usize = 64;

/// Queries of a tile where each sees one key more than the one before: of fewer, less is hidden from the
/// first of them that the last one sees.
const DIAGONAL: usize = 32;

/// Keys of a tile.
const KEYS: usize = 128;

/// What the forward leaves of each query, for the backward.
pub(crate) const LEFT: usize = 2;

/// The sizes of a head.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    queries: usize,
    keys: usize,
    features: usize,
    /// A query sees only the keys up to its own number.
    causal: bool,
    /// For rotary positions.
    turns: Option<Turns>,
    level: Level,
}

/// One part of what a head works with: its rows of `features` floats, so far apart.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) first: usize,
    pub(crate) stride: usize,
}

/// Rows, and where they lie.
type Part<'a> = (&'a [f32], Rows);

/// What a head takes and gives in some sample.
#[derive(Clone, Copy)]
pub(crate) struct Head<F> {
    /// Keys that are seen.
    pub(crate) length: usize,
    /// What the weight of a query and a key is multiplied with; none without dropout.
    pub(crate) factor: Option<F>,
}

/// The working memory of a head.
struct Room<'a> {
    /// All keys and values, block after block, packed for products with them as rows; the values of
    /// a forward as columns.
    keys: &'a mut [f32],
    values: &'a mut [f32],
    /// Only for a backward: keys as columns, and the gradients of keys and values.
    columns: &'a mut [f32],
    dk: &'a mut [f32],
    dv: &'a mut [f32],
    /// The rows of a block of keys or values.
    block: &'a mut [f32],
    /// Of a tile: scores, which become weights, their gradients, factors of dropout.
    scores: &'a mut [f32],
    slopes: &'a mut [f32],
    factors: &'a mut [f32],
    /// Rows of a tile: queries, what comes of them, gradients.
    q: &'a mut [f32],
    rows: &'a mut [f32],
    dy: &'a mut [f32],
}

impl Attention {
    /// # Panics
    /// If a size is 0.
    pub(crate) fn new(sizes: [usize; 3], causal: bool, rotary: bool) -> Self {
        Self::at_level(sizes, causal, rotary, Level::best())
    }

    fn at_level(
        [queries, keys, features]: [usize; 3],
        causal: bool,
        rotary: bool,
        level: Level,
    ) -> Self {
        assert!(queries > 0 && keys > 0 && features > 0);
        let turns = rotary.then(|| Turns::new(queries.max(keys), features));
        Attention { queries, keys, features, causal, turns, level }
    }

    /// Floats of working memory: they grow with the keys alone.
    pub(crate) fn scratch_len(&self) -> usize {
        self.lens().iter().sum()
    }

    fn lens(&self) -> [usize; 12] {
        let (width, all) = (self.features, self.keys * self.features);
        let packed = self.keys.div_ceil(KEYS) * self.packed_len();
        let (queries, keys) = (QUERIES.min(self.queries), KEYS.min(self.keys));
        let (scores, rows) = (queries * keys, queries * width);
        let block = keys * width;
        [packed, packed, packed, all, all, block, scores, scores, scores, rows, rows, rows]
            .map(|len| len.next_multiple_of(ALIGNMENT))
    }

    fn room<'a>(&self, mut scratch: &'a mut [f32]) -> Room<'a> {
        let [keys, values, columns, dk, dv, block, scores, slopes, factors, q, rows, dy] =
            self.lens().map(|len| {
                let (part, rest) = std::mem::take(&mut scratch).split_at_mut(len);
                scratch = rest;
                part
            });
        Room { keys, values, columns, dk, dv, block, scores, slopes, factors, q, rows, dy }
    }

    /// The products with the first keys, or values, of the block that begins with the first of these.
    fn product(&self, keys: &Range<usize>) -> Linear {
        let block = KEYS.min(self.keys - keys.start);
        Linear::at_level(self.features, block, self.level).first(keys.len())
    }

    /// Floats of a whole block, either way packed; no other has more.
    fn packed_len(&self) -> usize {
        let [rows, columns] = self.product(&(0..1)).packed_len();
        rows.max(columns).next_multiple_of(ALIGNMENT)
    }

    /// Where a packed block begins.
    fn packed(&self, keys: &Range<usize>) -> Range<usize> {
        let at = keys.start / KEYS * self.packed_len();
        at..at + self.packed_len()
    }

    /// The queries of all tiles.
    fn tiles(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (end, step) = (self.queries, if self.causal { DIAGONAL } else { QUERIES });
        (0..end).step_by(step).map(move |first| first..end.min(first + step))
    }

    /// The keys of all blocks up to `end`, and of the last one as many more as the products need.
    fn blocks(&self, end: usize) -> impl Iterator<Item = Range<usize>> + use<'_> {
        (0..end).step_by(KEYS).map(move |first| {
            let product = self.product(&(first..end.min(first + KEYS)));
            first..first + product.outputs()
        })
    }

    /// The scores of a tile; those of keys that are not seen are -∞.
    fn scores<F>(
        &self,
        head: &Head<F>,
        queries: &Range<usize>,
        keys: &Range<usize>,
        room: &mut Room<'_>,
    ) {
        let (n, product) = (queries.len(), self.product(keys));
        let packed = &room.keys[self.packed(keys)][..product.packed_len()[0]];
        let (q, scores) = (&room.q[..n * self.features], &mut room.scores[..n * keys.len()]);
        product.forward_packed(n, q, packed, Onto::Bias(None), Act::None, scores);
        let rows = scores.chunks_exact_mut(keys.len());
        for ((_, seen), row) in self.pairs(head, queries, keys).zip(rows) {
            row[seen..].fill(f32::NEG_INFINITY);
        }
    }

    /// The keys that a query sees.
    fn seen<F>(&self, head: &Head<F>, query: usize) -> usize {
        if self.causal { head.length.min(query + 1) } else { head.length }
    }

    /// Whether there are keys that a query does not see; no other sees fewer than the first.
    fn hides<F>(&self, head: &Head<F>) -> bool {
        self.seen(head, 0) < self.keys
    }

    /// Behind it are only keys that a tile does not see.
    fn end<F>(&self, head: &Head<F>, queries: &Range<usize>) -> usize {
        self.seen(head, queries.end - 1)
    }

    /// Of a tile each query's number in it, and the keys of a block that it sees, by their numbers in that.
    fn pairs<'a, F>(
        &'a self,
        head: &'a Head<F>,
        queries: &Range<usize>,
        keys: &Range<usize>,
    ) -> impl Iterator<Item = (usize, usize)> + use<'a, F> {
        let (first, len) = (keys.start, keys.len());
        let seen = move |query| self.seen(head, query).saturating_sub(first).min(len);
        queries.clone().map(seen).enumerate()
    }

    /// Dropout's factors of a tile.
    fn factors(
        &self,
        factor: &impl Fn(usize) -> f32,
        queries: &Range<usize>,
        keys: &Range<usize>,
        to: &mut [f32],
    ) {
        for (query, row) in queries.clone().zip(to.chunks_exact_mut(keys.len())) {
            let numbers = query * self.keys + keys.start..;
            row.iter_mut().zip(numbers).for_each(|(to, number)| *to = factor(number));
        }
    }

    /// Brings rows together.
    fn gather(&self, (from, rows): Part<'_>, numbers: &Range<usize>, to: &mut [f32]) {
        for (i, to) in numbers.clone().zip(to.chunks_exact_mut(self.features)) {
            to.copy_from_slice(&from[rows.row(i, self.features)]);
        }
    }

    /// Rows of a block, and how far they are apart: where they lie, or turned in `room`.
    fn turned<'a>(
        &self,
        part: Part<'a>,
        numbers: &Range<usize>,
        room: &'a mut [f32],
    ) -> (&'a [f32], usize) {
        let Some(turns) = &self.turns else { return part.1.block(part.0, numbers) };
        let to = &mut room[..numbers.len() * self.features];
        self.gather(part, numbers, to);
        turns.turn(numbers.start, to);
        (to, self.features)
    }

    /// Brings the queries of a tile together, scaled.
    fn gather_queries(&self, (from, rows): Part<'_>, queries: &Range<usize>, room: &mut Room<'_>) {
        let (width, scale) = (self.features, self.scale());
        let to = &mut room.q[..queries.len() * width];
        for (query, to) in queries.clone().zip(to.chunks_exact_mut(width)) {
            let row = &from[rows.row(query, width)];
            to.iter_mut().zip(row).for_each(|(to, x)| *to = x * scale);
        }
        if let Some(turns) = &self.turns {
            turns.turn(queries.start, to);
        }
    }

    /// 1 / √features
    fn scale(&self) -> f32 {
        1.0 / (self.features as f32).sqrt()
    }
}

impl Rows {
    fn row(self, number: usize, width: usize) -> Range<usize> {
        let at = self.first + number * self.stride;
        at..at + width
    }

    /// What some rows lie in, and how far they are apart.
    fn block<'a>(self, from: &'a [f32], numbers: &Range<usize>) -> (&'a [f32], usize) {
        (&from[self.first + numbers.start * self.stride..], self.stride)
    }
}

/// Whether all numbers are finite, without a branch for each.
fn finite(x: &[f32]) -> bool {
    const EXPONENT: u32 = f32::INFINITY.to_bits();
    !x.iter().fold(false, |any, x| any | (x.to_bits() & EXPONENT == EXPONENT))
}

/// Adds a multiple of a row.
fn add(factor: f32, row: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(row).for_each(|(to, x)| *to += factor * x);
}

fn multiply(x: &mut [f32], factors: &[f32]) {
    x.iter_mut().zip(factors).for_each(|(x, factor)| *x *= factor);
}
