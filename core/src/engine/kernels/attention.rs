//! Attention of one head: softmax(q·kᵀ)·v, some queries at a time, so that no more scores exist than
//! those of a tile.
//!
//! The backward makes the weights of a tile again, which takes less time than keeping them.

#[cfg(test)]
mod tests;
mod turns;

use super::linear::Linear;
use super::softmax::{self, Block};
use turns::Turns;

/// Queries of a tile.
const TILE: usize = 32;

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
    /// Products along the features give rows of keys, and the other way around.
    to_keys: Linear,
    to_features: Linear,
}

/// One part of what a head works with: its rows of `features` floats, so far apart.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) first: usize,
    pub(crate) stride: usize,
}

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
    q: &'a mut [f32],
    k: &'a mut [f32],
    /// Transposed.
    kt: &'a mut [f32],
    v: &'a mut [f32],
    vt: &'a mut [f32],
    dk: &'a mut [f32],
    dv: &'a mut [f32],
    /// Of a tile: scores, weights, their gradients.
    scores: &'a mut [f32],
    weights: &'a mut [f32],
    slopes: &'a mut [f32],
    /// Rows of features of a tile.
    rows: &'a mut [f32],
}

impl Attention {
    /// # Panics
    /// If a size is 0.
    pub(crate) fn new([queries, keys, features]: [usize; 3], causal: bool, rotary: bool) -> Self {
        assert!(queries > 0 && keys > 0 && features > 0);
        let turns = rotary.then(|| Turns::new(queries.max(keys), features));
        let (to_keys, to_features) = (Linear::new(keys, features), Linear::new(features, keys));
        Attention { queries, keys, features, causal, turns, to_keys, to_features }
    }

    /// Floats of working memory.
    pub(crate) fn scratch_len(&self) -> usize {
        self.lens().iter().sum()
    }

    fn lens(&self) -> [usize; 11] {
        let (queries, keys) = (self.queries * self.features, self.keys * self.features);
        let tile = TILE.min(self.queries);
        let (scores, rows) = (tile * self.keys, tile * self.features);
        [queries, keys, keys, keys, keys, keys, keys, scores, scores, scores, rows]
    }

    fn room<'a>(&self, mut scratch: &'a mut [f32]) -> Room<'a> {
        let [q, k, kt, v, vt, dk, dv, scores, weights, slopes, rows] = self.lens().map(|len| {
            let (part, rest) = std::mem::take(&mut scratch).split_at_mut(len);
            scratch = rest;
            part
        });
        Room { q, k, kt, v, vt, dk, dv, scores, weights, slopes, rows }
    }

    /// Writes the head's rows of `y`.
    pub(crate) fn forward<F: Fn(usize) -> f32>(
        &self,
        head: Head<F>,
        [q, k, v]: [(&[f32], Rows); 3],
        (y, to): (&mut [f32], Rows),
        scratch: &mut [f32],
    ) {
        let mut room = self.room(scratch);
        self.take([q, k, v], &mut room);
        let width = self.features;
        for first in (0..self.queries).step_by(TILE) {
            let n = TILE.min(self.queries - first);
            self.weights(&head, first, n, &mut room);
            let Room { weights, rows, v, .. } = &mut room;
            let (weights, rows) = (&mut weights[..n * self.keys], &mut rows[..n * width]);
            if let Some(factor) = &head.factor {
                let numbers = first * self.keys..;
                weights.iter_mut().zip(numbers).for_each(|(weight, i)| *weight *= factor(i));
            }
            self.to_features.backward_input(n, weights, v, true, rows);
            for (i, row) in rows.chunks_exact(width).enumerate() {
                let at = to.first + (first + i) * to.stride;
                y[at..at + width].copy_from_slice(row);
            }
        }
    }

    /// Writes the head's rows of the gradients of q, k and v.
    pub(crate) fn backward<F: Fn(usize) -> f32>(
        &self,
        head: Head<F>,
        inputs: [(&[f32], Rows); 3],
        (dy, from): (&[f32], Rows),
        mut give: impl FnMut(usize, usize, &[f32]),
        scratch: &mut [f32],
    ) {
        let mut room = self.room(scratch);
        self.take(inputs, &mut room);
        transpose(room.v, room.vt, self.features);
        let (width, keys) = (self.features, self.keys);
        for first in (0..self.queries).step_by(TILE) {
            let n = TILE.min(self.queries - first);
            self.weights(&head, first, n, &mut room);
            let Room { q, k, vt, dk, dv, weights, slopes, rows, scores, .. } = &mut room;
            let (weights, slopes) = (&mut weights[..n * keys], &mut slopes[..n * keys]);
            let (rows, scores) = (&mut rows[..n * width], &mut scores[..n * keys]);
            for (i, row) in rows.chunks_exact_mut(width).enumerate() {
                let at = from.first + (first + i) * from.stride;
                row.copy_from_slice(&dy[at..at + width]);
            }
            self.to_keys.backward_input(n, rows, vt, true, slopes);
            // Behind dropout.
            scores.copy_from_slice(weights);
            if let Some(factor) = &head.factor {
                for (i, number) in (first * keys..).take(n * keys).enumerate() {
                    let factor = factor(number);
                    scores[i] *= factor;
                    slopes[i] *= factor;
                }
            }
            let overwrite = first == 0;
            self.to_features.backward_weights(n, rows, scores, 0..keys, overwrite, dv);
            softmax::backward(Block { along: keys, behind: 1, log: false }, weights, slopes);
            let q = &q[first * width..(first + n) * width];
            self.to_features.backward_weights(n, q, slopes, 0..keys, overwrite, dk);
            self.to_features.backward_input(n, slopes, k, true, rows);
            let scale = self.scale();
            rows.iter_mut().for_each(|x| *x *= scale);
            if let Some(turns) = &self.turns {
                turns.turn_back(first, rows);
            }
            for (i, row) in rows.chunks_exact(width).enumerate() {
                give(0, first + i, row);
            }
        }
        if let Some(turns) = &self.turns {
            turns.turn_back(0, room.dk);
        }
        for (part, gradients) in [(1, &*room.dk), (2, &*room.dv)] {
            for (i, row) in gradients.chunks_exact(width).enumerate() {
                give(part, i, row);
            }
        }
    }

    /// 1 / √features
    fn scale(&self) -> f32 {
        1.0 / (self.features as f32).sqrt()
    }

    /// Brings a head's rows together; those of q scaled.
    fn take(&self, inputs: [(&[f32], Rows); 3], room: &mut Room<'_>) {
        let width = self.features;
        let to = [&mut *room.q, &mut *room.k, &mut *room.v];
        for ((from, rows), to) in inputs.into_iter().zip(to) {
            for (i, to) in to.chunks_exact_mut(width).enumerate() {
                let at = rows.first + i * rows.stride;
                to.copy_from_slice(&from[at..at + width]);
            }
        }
        let scale = self.scale();
        room.q.iter_mut().for_each(|x| *x *= scale);
        if let Some(turns) = &self.turns {
            turns.turn(0, room.q);
            turns.turn(0, room.k);
        }
        transpose(room.k, room.kt, width);
    }

    /// The weights of `n` queries from `first` on, before dropout.
    fn weights<F>(&self, head: &Head<F>, first: usize, n: usize, room: &mut Room<'_>) {
        let (width, keys) = (self.features, self.keys);
        let q = &room.q[first * width..(first + n) * width];
        let scores = &mut room.scores[..n * keys];
        self.to_keys.backward_input(n, q, room.kt, true, scores);
        for (i, row) in scores.chunks_exact_mut(keys).enumerate() {
            let seen = if self.causal { head.length.min(first + i + 1) } else { head.length };
            row[seen..].fill(f32::NEG_INFINITY);
        }
        let weights = &mut room.weights[..n * keys];
        softmax::forward(Block { along: keys, behind: 1, log: false }, scores, weights);
    }
}

/// Rows of `width` floats become columns.
fn transpose(from: &[f32], to: &mut [f32], width: usize) {
    let rows = from.len() / width;
    for (i, row) in from.chunks_exact(width).enumerate() {
        for (j, x) in row.iter().enumerate() {
            to[j * rows + i] = *x;
        }
    }
}
