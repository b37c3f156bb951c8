//! The gradients of one head.

use super::online::{self, Slope};
use super::{Act, Attention, Head, LEFT, Onto, Part, QUERIES, Room, add, finite, multiply};
use std::ops::Range;

/// Sums side by side, which do not wait for each other.
const SUMS: usize = 16;

/// What the forward took and gave, and the gradient of that.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) inputs: [Part<'a>; 3],
    pub(crate) y: Part<'a>,
    /// What it left of each query.
    pub(crate) left: &'a [f32],
    pub(crate) dy: Part<'a>,
}

impl Attention {
    /// Gives the head's rows of the gradients of q, k and v: which of these, the row's number, and
    /// the row.
    pub(crate) fn backward<F: Fn(usize) -> f32>(
        &self,
        head: Head<F>,
        given: Given<'_>,
        mut give: impl FnMut(usize, usize, &[f32]),
        scratch: &mut [f32],
    ) {
        let mut room = self.room(scratch);
        self.pack_backward(&given, &mut room);
        let finite = self.gradients(&head, &given, false, &mut give, &mut room);
        if !finite {
            self.gradients(&head, &given, true, &mut give, &mut room);
        }
    }

    /// All of it; of what is `seen` alone, or with weights of 0 for the rest. Whether no number of that rest
    /// can have changed anything: whatever it does, it does to the gradients of queries.
    fn gradients<F: Fn(usize) -> f32>(
        &self,
        head: &Head<F>,
        given: &Given<'_>,
        seen: bool,
        give: &mut impl FnMut(usize, usize, &[f32]),
        room: &mut Room<'_>,
    ) -> bool {
        let (width, scale, hides) = (self.features, self.scale(), self.hides(head));
        let mut all_finite = true;
        room.dk.fill(0.0);
        room.dv.fill(0.0);
        for queries in self.tiles() {
            let mut slopes = [Slope::default(); QUERIES];
            let slopes = &mut slopes[..queries.len()];
            self.gather_queries(given.inputs[0], &queries, room);
            self.slopes(given, &queries, slopes, room.dy);
            let end = self.end(head, &queries);
            self.means(head, &queries, end, slopes, room);
            for keys in self.blocks(end) {
                let k = seen.then_some(given.inputs[1]);
                self.block_backward(head, &queries, &keys, slopes, k, room);
            }
            let rows = &mut room.rows[..queries.len() * width];
            rows.iter_mut().for_each(|x| *x *= scale);
            if let Some(turns) = &self.turns {
                turns.turn_back(queries.start, rows);
            }
            all_finite &= !hides || finite(rows);
            queries.zip(rows.chunks_exact(width)).for_each(|(query, row)| give(0, query, row));
        }
        let all = self.keys * width;
        if let Some(turns) = &self.turns {
            turns.turn_back(0, &mut room.dk[..all]);
        }
        for (part, gradients) in [(1, &room.dk[..all]), (2, &room.dv[..all])] {
            gradients.chunks_exact(width).enumerate().for_each(|(i, row)| give(part, i, row));
        }
        all_finite
    }

    /// Keys and values, as the products take them.
    fn pack_backward(&self, given: &Given<'_>, room: &mut Room<'_>) {
        let [_, k, v] = given.inputs;
        for keys in self.blocks(self.keys) {
            let (at, product) = (self.packed(&keys), self.product(&keys));
            let [rows, columns] = product.packed_len();
            let (block, stride) = self.turned(k, &keys, room.block);
            product.pack_apart(block, stride, &mut room.keys[at.clone()][..rows]);
            product.pack_back_apart(block, stride, &mut room.columns[at.clone()][..columns]);
            let (block, stride) = v.1.block(v.0, &keys);
            product.pack_apart(block, stride, &mut room.values[at][..rows]);
        }
    }

    /// Brings the gradients of a tile's rows together; Σ weight · gradient is the same as Σ y · dy.
    fn slopes(
        &self,
        given: &Given<'_>,
        queries: &Range<usize>,
        slopes: &mut [Slope],
        dy: &mut [f32],
    ) {
        let (width, (y, rows)) = (self.features, given.y);
        self.gather(given.dy, queries, dy);
        let left = given.left[LEFT * queries.start..].chunks_exact(LEFT);
        for (((slope, query), dy), left) in
            slopes.iter_mut().zip(queries.clone()).zip(dy.chunks_exact(width)).zip(left)
        {
            let y = &y[rows.row(query, width)];
            let mean = product(y, dy);
            *slope = Slope { base: left[0], share: left[1], mean };
        }
    }

    /// Where that is not finite, Σ weight · gradient as it stands there: infinities of `dy` may be of
    /// either sign before they are added.
    fn means<F: Fn(usize) -> f32>(
        &self,
        head: &Head<F>,
        queries: &Range<usize>,
        end: usize,
        slopes: &mut [Slope],
        room: &mut Room<'_>,
    ) {
        if slopes.iter().all(|slope| slope.mean.is_finite()) {
            return;
        }
        let mut found = [Slope::default(); QUERIES];
        let found = &mut found[..slopes.len()];
        found.iter_mut().zip(&*slopes).for_each(|(to, from)| *to = Slope { mean: 0.0, ..*from });
        let mut means = [0.0; QUERIES];
        for keys in self.blocks(end) {
            self.tile(head, queries, &keys, room);
            let len = slopes.len() * keys.len();
            let products = &mut room.slopes[..len];
            online::slopes(self.level, &mut room.scores[..len], products, found);
            for (i, seen) in self.pairs(head, queries, &keys) {
                means[i] += products[i * keys.len()..][..seen].iter().sum::<f32>();
            }
        }
        for (slope, mean) in slopes.iter_mut().zip(means).filter(|(s, _)| !s.mean.is_finite()) {
            slope.mean = mean;
        }
    }

    /// The scores of a tile and the gradients of their weights.
    fn tile<F: Fn(usize) -> f32>(
        &self,
        head: &Head<F>,
        queries: &Range<usize>,
        keys: &Range<usize>,
        room: &mut Room<'_>,
    ) {
        self.scores(head, queries, keys, room);
        let (n, product) = (queries.len(), self.product(keys));
        let values = &room.values[self.packed(keys)][..product.packed_len()[0]];
        let (dy, slopes) = (&room.dy[..n * self.features], &mut room.slopes[..n * keys.len()]);
        product.forward_packed(n, dy, values, Onto::Bias(None), Act::None, slopes);
        if let Some(factor) = &head.factor {
            self.factors(factor, queries, keys, room.factors);
            multiply(slopes, room.factors);
        }
    }

    /// Adds what a tile gives to the gradients of its queries, keys and values.
    fn block_backward<F: Fn(usize) -> f32>(
        &self,
        head: &Head<F>,
        queries: &Range<usize>,
        keys: &Range<usize>,
        rows_slopes: &[Slope],
        seen: Option<Part<'_>>,
        room: &mut Room<'_>,
    ) {
        self.tile(head, queries, keys, room);
        let (n, width, product) = (queries.len(), self.features, self.product(keys));
        let (tile, all) = (n * keys.len(), 0..keys.len());
        let (q, dy) = (&room.q[..n * width], &room.dy[..n * width]);
        let (weights, slopes) = (&mut room.scores[..tile], &mut room.slopes[..tile]);
        online::slopes(self.level, weights, slopes, rows_slopes);
        if head.factor.is_some() {
            multiply(weights, room.factors);
        }
        if let Some(k) = seen {
            return self.pairs_backward(head, queries, keys, k, room);
        }
        let of_keys = keys.start * width..keys.end * width;
        product.backward_weights(n, dy, weights, all.clone(), false, &mut room.dv[of_keys.clone()]);
        product.backward_weights(n, q, slopes, all, false, &mut room.dk[of_keys]);
        let columns = &room.columns[self.packed(keys)][..product.packed_len()[1]];
        let rows = &mut room.rows[..n * width];
        product.backward_input_packed(n, slopes, columns, keys.start == 0, rows);
    }

    /// The same of the pairs of a tile that see each other, from their weights and slopes.
    fn pairs_backward<F>(
        &self,
        head: &Head<F>,
        queries: &Range<usize>,
        keys: &Range<usize>,
        k: Part<'_>,
        room: &mut Room<'_>,
    ) {
        let (width, len) = (self.features, keys.len());
        let (block, stride) = self.turned(k, keys, room.block);
        if keys.start == 0 {
            room.rows[..queries.len() * width].fill(0.0);
        }
        for (i, seen) in self.pairs(head, queries, keys) {
            let of_query = i * width..(i + 1) * width;
            // What nobody asks for has no gradient, whatever it is.
            if room.dy[of_query.clone()].iter().all(|dy| *dy == 0.0) {
                continue;
            }
            for key in 0..seen {
                let (weight, slope) = (room.scores[i * len + key], room.slopes[i * len + key]);
                let of_key = (keys.start + key) * width..(keys.start + key + 1) * width;
                add(weight, &room.dy[of_query.clone()], &mut room.dv[of_key.clone()]);
                add(slope, &room.q[of_query.clone()], &mut room.dk[of_key]);
                add(slope, &block[key * stride..][..width], &mut room.rows[of_query.clone()]);
            }
        }
    }
}

/// Σ a · b
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; SUMS];
    for (a, b) in a.chunks(SUMS).zip(b.chunks(SUMS)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}
