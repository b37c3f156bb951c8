//! The kernel of all products of matrices: a tile of rows × columns in registers.
//!
//! The inner loop multiplies two vectors (or one) of a row of the right operand by a number of each
//! row of the tile, broadcast.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

use super::product::{LANES, Part, Product, Start, TILE, VECTORS};
use crate::engine::simd::Lanes;

impl Part<'_> {
    /// `R` rows from row `row`. In the left operand there are so many floats from row to row, and from
    /// step to step.
    #[inline(always)]
    pub unsafe fn tile<V: Lanes, const R: usize, const N: usize>(
        &self,
        row: usize,
        a: *const f32,
        [apart, along]: [usize; 2],
        b: *const f32,
        step: usize,
    ) {
        // SAFETY: the tile lies inside the operands.
        unsafe {
            let mut sums = [[V::splat(0.0); N]; R];
            self.ask_for_sums::<V, R>(row);
            let a = a.wrapping_add(row * apart);
            // Two places that go along, so that few registers hold all rows.
            let (mut a, mut b) = ([a, a.wrapping_add(3 * apart)], b);
            // An end takes fewer instructions in the loop than a count.
            let end = b.wrapping_add(self.steps * step);
            while b != end {
                let right: [V; N] = vectors(b);
                for r in 0..R {
                    let at = match r {
                        ..3 => a[0].wrapping_add(r * apart),
                        _ => a[1].wrapping_add((r - 3) * apart),
                    };
                    let x = V::splat(*at);
                    for n in 0..N {
                        sums[r][n] = x.mul_add(right[n], sums[r][n]);
                    }
                }
                a = [a[0].wrapping_add(along), a[1].wrapping_add(along)];
                b = b.wrapping_add(step);
            }
            self.store(row, sums);
        }
    }

    /// Asks for what the sums will be added to: on its way while they are made.
    #[inline(always)]
    unsafe fn ask_for_sums<V: Lanes, const R: usize>(&self, row: usize) {
        let &Product { c, columns, start, .. } = self.product;
        if self.from == 0 && !matches!(start, Start::There) {
            return;
        }
        let c = c.wrapping_add(row * columns + self.columns.first).cast_const();
        for r in 0..R {
            // SAFETY: a hint may go anywhere.
            unsafe { V::prefetch(c.wrapping_add(r * columns)) };
        }
    }

    /// Adds what the product begins with, and what the parts of the depth before gave.
    #[inline(always)]
    unsafe fn store<V: Lanes, const R: usize, const N: usize>(
        &self,
        row: usize,
        sums: [[V; N]; R],
    ) {
        let &Product { c, columns, start, relu, depth, .. } = self.product;
        // Behind the whole depth.
        let relu = relu && self.from + self.steps == depth;
        // SAFETY: the tile lies inside `c`.
        unsafe {
            let c = c.add(row * columns + self.columns.first);
            let (from, stride) = match start {
                Start::Row(row) if self.from == 0 => (row.add(self.columns.first), 0),
                Start::Zero if self.from == 0 => (ZEROS.as_ptr(), 0),
                _ => (c.cast_const(), columns),
            };
            if self.columns.count::<V>(N - 1) == V::COUNT {
                for r in 0..R {
                    for n in 0..N {
                        let start = V::load(from.add(r * stride + n * V::COUNT));
                        let mut sum = start.add(sums[r][n]);
                        if relu {
                            sum = sum.relu();
                        }
                        sum.store(c.add(r * columns + n * V::COUNT));
                    }
                }
                return;
            }
            // By way of memory: so many masks would not be unrolled, and `sums` not in registers.
            let mut tile = [0.0_f32; TILE * VECTORS * LANES];
            for r in 0..R {
                for n in 0..N {
                    sums[r][n].store(tile.as_mut_ptr().add((r * N + n) * V::COUNT));
                }
            }
            for i in 0..R * N {
                let (r, n) = (i / N, i % N);
                let count = self.columns.count::<V>(n);
                let start = V::load_up_to(from.add(r * stride + n * V::COUNT), count);
                let mut sum = start.add(V::load(tile.as_ptr().add(i * V::COUNT)));
                if relu {
                    sum = sum.relu();
                }
                sum.store_up_to(c.add(r * columns + n * V::COUNT), count);
            }
        }
    }
}

/// What is added if there is nothing to add.
static ZEROS: [f32; VECTORS * LANES] = [0.0; VECTORS * LANES];

/// Reads `N` vectors that follow each other.
#[inline(always)]
unsafe fn vectors<V: Lanes, const N: usize>(from: *const f32) -> [V; N] {
    // SAFETY: the caller vouches for the floats.
    unsafe {
        let mut all = [V::splat(0.0); N];
        for n in 0..N {
            all[n] = V::load(from.add(n * V::COUNT));
        }
        all
    }
}
