//! The output of one head.

use super::online::{self, Row};
use super::{Attention, Head, LEFT, Part, QUERIES, Room, Rows, add, finite, multiply};
use std::ops::Range;

impl Attention {
    /// Writes the head's rows of `y`, and what the backward wants to know of each query.
    pub(crate) fn forward<F: Fn(usize) -> f32>(
        &self,
        head: Head<F>,
        [q, k, v]: [Part<'_>; 3],
        (y, to): (&mut [f32], Rows),
        left: &mut [f32],
        scratch: &mut [f32],
    ) {
        let (width, mut room) = (self.features, self.room(scratch));
        self.pack_forward(k, v, &mut room);
        let hides = self.hides(&head);
        for queries in self.tiles() {
            self.gather_queries(q, &queries, &mut room);
            let mut found = self.tile_forward(&head, &queries, None, &mut room);
            // What a query of the tile does not see, the first does not see either.
            if hides && !finite(&room.rows[..width]) {
                found = self.tile_forward(&head, &queries, Some(v), &mut room);
            }
            let left = left[LEFT * queries.start..].chunks_exact_mut(LEFT);
            for (((query, row), found), left) in
                queries.zip(room.rows.chunks_exact(width)).zip(found).zip(left)
            {
                let [base, share] = found.base_and_share();
                left.copy_from_slice(&[base, share]);
                let y = &mut y[to.row(query, width)];
                y.iter_mut().zip(row).for_each(|(y, x)| *y = x * share);
            }
        }
    }

    /// Keys as rows and values as columns, as the products take them.
    fn pack_forward(&self, k: Part<'_>, v: Part<'_>, room: &mut Room<'_>) {
        for keys in self.blocks(self.keys) {
            let (at, product) = (self.packed(&keys), self.product(&keys));
            let [rows, columns] = product.packed_len();
            let (block, stride) = self.turned(k, &keys, room.block);
            product.pack_apart(block, stride, &mut room.keys[at.clone()][..rows]);
            let (block, stride) = v.1.block(v.0, &keys);
            product.pack_back_apart(block, stride, &mut room.values[at][..columns]);
        }
    }

    /// Makes the rows of a tile, which are not divided by their sums; of values that are `seen` alone, if
    /// they are given.
    fn tile_forward<F: Fn(usize) -> f32>(
        &self,
        head: &Head<F>,
        queries: &Range<usize>,
        seen: Option<Part<'_>>,
        room: &mut Room<'_>,
    ) -> [Row; QUERIES] {
        let mut found = [Row::NONE; QUERIES];
        for keys in self.blocks(self.end(head, queries)) {
            self.block_forward(head, queries, &keys, &mut found[..queries.len()], seen, room);
        }
        found
    }

    /// Adds what a block of values gives to the rows of a tile.
    fn block_forward<F: Fn(usize) -> f32>(
        &self,
        head: &Head<F>,
        queries: &Range<usize>,
        keys: &Range<usize>,
        found: &mut [Row],
        seen: Option<Part<'_>>,
        room: &mut Room<'_>,
    ) {
        self.scores(head, queries, keys, room);
        let rows = &mut room.rows[..queries.len() * self.features];
        let powers = &mut room.scores[..queries.len() * keys.len()];
        online::powers(self.level, powers, found);
        if keys.start > 0 {
            for (row, found) in rows.chunks_exact_mut(self.features).zip(found) {
                if found.shrink != 1.0 {
                    row.iter_mut().for_each(|x| *x *= found.shrink);
                }
            }
        }
        if let Some(factor) = &head.factor {
            self.factors(factor, queries, keys, room.factors);
            multiply(powers, room.factors);
        }
        if let Some((v, lie)) = seen {
            if keys.start == 0 {
                rows.fill(0.0);
            }
            for (i, seen) in self.pairs(head, queries, keys) {
                let row = &mut rows[i * self.features..][..self.features];
                for (key, power) in (keys.start..).zip(&powers[i * keys.len()..][..seen]) {
                    add(*power, &v[lie.row(key, self.features)], row);
                }
            }
            return;
        }
        let product = self.product(keys);
        let values = &room.values[self.packed(keys)][..product.packed_len()[1]];
        product.backward_input_packed(queries.len(), powers, values, keys.start == 0, rows);
    }
}
