//! The kernel of all products of matrices: a tile of rows × columns in registers.
//!
//! The inner loop multiplies two vectors (or one) of a row of the right operand by a number of each
//! row of the tile, broadcast.

use crate::engine::simd::{Lanes, kernel};
use std::mem::MaybeUninit;
use std::ptr::null;

/// Rows of a tile at most: with two vectors of columns, 24 sums of 32 registers.
const TILE: usize = 12;

/// How much of the depth is summed before the next columns take their turn: so much of the right
/// operand stays near.
const DEPTH: usize = 256;

/// Vectors of columns that are computed at a time.
const VECTORS: usize = 2;

/// Floats of a vector at most.
const LANES: usize = 16;

/// c = a · b, of `rows` × `depth` and `depth` × `columns`; `c` lies by rows.
///
/// # Safety
/// `a`, `b` and `c` hold what their layouts say; `bias` is null or holds `columns` floats.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub a: Left,
    pub b: Right,
    pub c: *mut f32,
    pub rows: usize,
    pub depth: usize,
    pub columns: usize,
    /// Whether the product is added to `c` or overwrites it.
    pub add: bool,
    pub bias: *const f32,
    pub relu: bool,
}

impl Product {
    /// One that adds to `c`; what it multiplies must still be said.
    pub fn sum(c: *mut f32, columns: usize) -> Self {
        let (a, b) = (Left::Rows(null()), Right::Rows(null()));
        Product { a, b, c, rows: 0, depth: 0, columns, add: true, bias: null(), relu: false }
    }
}

/// The left operand.
#[derive(Clone, Copy)]
pub(super) enum Left {
    /// By rows.
    Rows(*const f32),
    /// Transposed: so many floats from one step of the depth to the next, rows side by side.
    Steps(*const f32, usize),
}

/// The right operand.
#[derive(Clone, Copy)]
pub(super) enum Right {
    /// By rows.
    Rows(*const f32),
    /// [block of columns][depth][column of the block], see [`each_block`].
    Packed(*const f32),
}

/// Calls `block(first column, columns, width)` for every block of `columns`: as wide as
/// [`VECTORS`] vectors, the last one as narrow as may be.
pub(super) fn each_block(columns: usize, lanes: usize, mut block: impl FnMut(usize, usize, usize)) {
    for first in (0..columns).step_by(VECTORS * lanes) {
        let count = (columns - first).min(VECTORS * lanes);
        block(first, count, count.next_multiple_of(lanes));
    }
}

kernel!(pub(super) unsafe fn multiply(product: &Product) = multiply_lanes);

/// A part of the right operand, by rows.
#[repr(align(64))]
struct Panel(MaybeUninit<[f32; DEPTH * VECTORS * LANES]>);

/// # Safety
/// See [`Product`].
#[inline(always)]
unsafe fn multiply_lanes<V: Lanes>(product: &Product) {
    let depth = product.depth;
    let step = depth.div_ceil(depth.div_ceil(DEPTH).max(1)).max(1);
    let mut panel = Panel(MaybeUninit::uninit());
    let mut from = 0;
    loop {
        let to = depth.min(from + step);
        for first in (0..product.columns).step_by(VECTORS * V::COUNT) {
            let part = Part { product, from, to, first };
            // SAFETY: the part lies inside the product.
            unsafe {
                if product.columns - first > V::COUNT {
                    part.block::<V, 2>(&mut panel);
                } else {
                    part.block::<V, 1>(&mut panel);
                }
            }
        }
        from = to;
        if from == depth {
            return;
        }
    }
}

/// A range of the depth, and the columns from `first`, as many as the vectors hold.
struct Part<'a> {
    product: &'a Product,
    from: usize,
    to: usize,
    first: usize,
}

impl Part<'_> {
    /// All rows.
    #[inline(always)]
    unsafe fn block<V: Lanes, const N: usize>(&self, panel: &mut Panel) {
        let &Product { a, b, rows, depth, columns, .. } = self.product;
        let width = N * V::COUNT;
        // SAFETY: the part lies inside the operands.
        unsafe {
            let (b, step) = match b {
                Right::Packed(b) => (b.add(self.first * depth + self.from * width), width),
                Right::Rows(b) => {
                    let b = b.add(self.from * columns + self.first);
                    if rows <= TILE && columns - self.first >= width {
                        (b, columns)
                    } else {
                        (self.copy::<V, N>(b, panel), width)
                    }
                }
            };
            match a {
                Left::Rows(a) => self.tiles::<V, N, false>(a.add(self.from), depth, b, step),
                Left::Steps(a, by) => self.tiles::<V, N, true>(a.add(self.from * by), by, b, step),
            }
        }
    }

    /// Copies the part of the right operand; columns after the last become 0.
    #[inline(always)]
    unsafe fn copy<V: Lanes, const N: usize>(
        &self,
        b: *const f32,
        panel: &mut Panel,
    ) -> *const f32 {
        let to = panel.0.as_mut_ptr().cast::<f32>();
        // SAFETY: the depth is at most `DEPTH`, and a vector at most `LANES` floats.
        unsafe {
            for k in 0..self.to - self.from {
                for n in 0..N {
                    let b = b.add(k * self.product.columns + n * V::COUNT);
                    let vector = V::load_up_to(b, self.count::<V>(n));
                    vector.store(to.add((k * N + n) * V::COUNT));
                }
            }
        }
        to
    }

    /// Floats of vector `n` that are columns.
    #[inline(always)]
    fn count<V: Lanes>(&self, n: usize) -> usize {
        V::COUNT.min(self.product.columns - self.first - n * V::COUNT)
    }

    /// All rows in tiles of nearly one size, as large as the registers allow. From row to row (or,
    /// transposed, from step to step) there are `stride` floats in `a`, and `step` in `b`.
    #[inline(always)]
    unsafe fn tiles<V: Lanes, const N: usize, const T: bool>(
        &self,
        a: *const f32,
        stride: usize,
        b: *const f32,
        step: usize,
    ) {
        let rows = self.product.rows;
        let most = match V::REGISTERS {
            32.. => TILE,
            16.. => TILE / N,
            _ => 4 / N,
        };
        let tiles = rows.div_ceil(most);
        for tile in 0..tiles {
            let (row, end) = (rows * tile / tiles, rows * (tile + 1) / tiles);
            macro_rules! sizes {
                ($($size:literal)*) => {
                    match end - row {
                        $($size => {
                            // SAFETY: the tile lies inside the operands.
                            unsafe { self.tile::<V, $size, N, T>(row, a, stride, b, step) }
                        })*
                        // SAFETY: no tile is larger, and none is empty.
                        _ => unsafe { self.tile::<V, 1, N, T>(row, a, stride, b, step) },
                    }
                };
            }
            if V::REGISTERS >= 32 || (V::REGISTERS >= 16 && N == 1) {
                sizes!(2 3 4 5 6 7 8 9 10 11 12)
            } else if V::REGISTERS >= 16 {
                sizes!(2 3 4 5 6)
            } else {
                sizes!(2 3 4)
            }
        }
    }

    /// `R` rows from row `row`.
    #[inline(always)]
    unsafe fn tile<V: Lanes, const R: usize, const N: usize, const T: bool>(
        &self,
        row: usize,
        a: *const f32,
        stride: usize,
        b: *const f32,
        step: usize,
    ) {
        // SAFETY: the tile lies inside the operands.
        unsafe {
            let mut sums = [[V::splat(0.0); N]; R];
            let mut b = b;
            if T {
                let mut a = a.add(row);
                for _ in self.from..self.to {
                    let right: [V; N] = vectors(b);
                    for r in 0..R {
                        let x = V::splat(*a.add(r));
                        for n in 0..N {
                            sums[r][n] = x.mul_add(right[n], sums[r][n]);
                        }
                    }
                    (a, b) = (a.wrapping_add(stride), b.wrapping_add(step));
                }
            } else {
                let mut rows = [a; R];
                for r in 0..R {
                    rows[r] = a.add((row + r) * stride);
                }
                for k in 0..self.to - self.from {
                    let right: [V; N] = vectors(b);
                    for r in 0..R {
                        let x = V::splat(*rows[r].add(k));
                        for n in 0..N {
                            sums[r][n] = x.mul_add(right[n], sums[r][n]);
                        }
                    }
                    b = b.wrapping_add(step);
                }
            }
            self.store(row, sums);
        }
    }

    /// Adds what is there already, or the bias, and applies the activation.
    #[inline(always)]
    unsafe fn store<V: Lanes, const R: usize, const N: usize>(
        &self,
        row: usize,
        sums: [[V; N]; R],
    ) {
        let &Product { c, columns, add, bias, relu, depth, .. } = self.product;
        let relu = relu && self.to == depth;
        // SAFETY: the tile lies inside `c`, and the bias is as long as a row of it.
        unsafe {
            let c = c.add(row * columns + self.first);
            let (from, stride) = if add || self.from > 0 {
                (c.cast_const(), columns)
            } else if bias.is_null() {
                (ZEROS.as_ptr(), 0)
            } else {
                (bias.add(self.first), 0)
            };
            if self.count::<V>(N - 1) == V::COUNT {
                for r in 0..R {
                    for n in 0..N {
                        let start = V::load(from.add(r * stride + n * V::COUNT));
                        let sum = start.add(sums[r][n]);
                        let sum = if relu { sum.relu() } else { sum };
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
                let count = self.count::<V>(n);
                let start = V::load_up_to(from.add(r * stride + n * V::COUNT), count);
                let sum = start.add(V::load(tile.as_ptr().add(i * V::COUNT)));
                let sum = if relu { sum.relu() } else { sum };
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
