//! The product of one row: it is bound by the way of the weights, which are read once, and as many
//! sums are kept at a time as it takes not to wait for each other.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

use super::product::{Start, VECTORS};
use crate::engine::simd::{Lanes, Level, kernel};

/// A row of a [`Product`](super::product::Product) with a packed right operand.
///
/// # Safety
/// `x` holds `depth` floats, `packed` what packing `depth` × `columns` gives, `y` `columns`, and a row
/// that is added as many.
pub(super) struct Lone {
    pub x: *const f32,
    pub packed: *const f32,
    pub y: *mut f32,
    pub depth: usize,
    pub columns: usize,
    pub start: Start,
    pub relu: bool,
}

impl Lone {
    /// # Safety
    /// See [`Lone`].
    pub unsafe fn run(&self, level: Level) {
        // SAFETY: the caller's promises.
        unsafe { multiply(level, self) };
    }
}

kernel!(unsafe fn multiply(lone: &Lone) = multiply_lanes);

/// # Safety
/// See [`Lone`].
#[inline(always)]
unsafe fn multiply_lanes<V: Lanes>(lone: &Lone) {
    let panel = VECTORS * V::COUNT;
    let mut first = 0;
    while first < lone.columns {
        let left = lone.columns - first;
        // SAFETY: so many columns are left; a last panel may have one vector.
        let vectors = unsafe {
            if left >= 4 * panel {
                lone.panels::<V, 4, VECTORS>(first)
            } else if left >= 2 * panel {
                lone.panels::<V, 2, VECTORS>(first)
            } else if left > V::COUNT {
                lone.panels::<V, 1, VECTORS>(first)
            } else {
                lone.panels::<V, 1, 1>(first)
            }
        };
        first += vectors * V::COUNT;
    }
}

impl Lone {
    /// `P` panels of `N` vectors of columns; gives how many vectors those are.
    #[inline(always)]
    unsafe fn panels<V: Lanes, const P: usize, const N: usize>(&self, first: usize) -> usize {
        // SAFETY: the columns are the product's.
        unsafe {
            let mut weights = [self.packed; P];
            for p in 0..P {
                weights[p] = self.packed.add((first + p * N * V::COUNT) * self.depth);
            }
            let mut sums = [[V::splat(0.0); N]; P];
            for k in 0..self.depth {
                let x = V::splat(*self.x.add(k));
                for p in 0..P {
                    for n in 0..N {
                        let weight = V::load(weights[p].add((k * N + n) * V::COUNT));
                        sums[p][n] = x.mul_add(weight, sums[p][n]);
                    }
                }
            }
            for p in 0..P {
                for n in 0..N {
                    self.store(first + (p * N + n) * V::COUNT, sums[p][n]);
                }
            }
        }
        P * N
    }

    /// Writes a vector of columns, or what there is of it, with what the product begins with.
    #[inline(always)]
    unsafe fn store<V: Lanes>(&self, column: usize, sum: V) {
        // SAFETY: the columns are the product's.
        unsafe {
            let (y, count) = (self.y.add(column), V::COUNT.min(self.columns - column));
            let sum = match self.start {
                Start::Zero => sum,
                Start::There => V::load_up_to(y, count).add(sum),
                Start::Row(row) => V::load_up_to(row.add(column), count).add(sum),
            };
            let sum = if self.relu { sum.relu() } else { sum };
            sum.store_up_to(y, count);
        }
    }
}
