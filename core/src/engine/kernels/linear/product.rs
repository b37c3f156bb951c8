//! All products of matrices: the walk over depth, columns and rows, tile by tile.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

use crate::engine::simd::{Lanes, Level, kernel};
use std::mem::MaybeUninit;

/// Rows of a tile at most: with two vectors of columns, 24 sums of 32 registers.
pub(crate) const TILE: usize = 12;

/// How much of the depth is summed before the next columns take their turn: so much of the right
/// operand stays near.
const DEPTH: usize = 256;

/// Vectors of columns that are computed at a time.
pub(super) const VECTORS: usize = 2;

/// Floats of a vector at most.
pub(super) const LANES: usize = 16;

/// c = a · b, of `rows` × `depth` and `depth` × `columns`; `c` lies by rows.
///
/// Without depth, `c` stays as it is.
///
/// # Safety
/// `a` holds what its layout says, `b` and `c` lie by rows.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub a: Left,
    pub b: *const f32,
    pub c: *mut f32,
    pub rows: usize,
    pub depth: usize,
    pub columns: usize,
    /// Whether the product is added to `c` or overwrites it.
    pub add: bool,
}

impl Product {
    /// Multiplies, unless there is nothing to multiply.
    ///
    /// # Safety
    /// See [`Product`].
    pub unsafe fn run(&self, level: Level) {
        if self.rows > 0 && self.depth > 0 {
            // SAFETY: the caller's promises.
            unsafe { multiply(level, self) };
        }
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

/// Multiplies.
///
/// The panel is here and the kernels have small frames, and no path returns before the panel is
/// there: where a large frame was made behind an early return, LLVM's stack probe overwrote a live
/// register (r11).
///
/// # Safety
/// See [`Product`].
#[inline(never)]
unsafe fn multiply(level: Level, product: &Product) {
    let mut panel = Panel(MaybeUninit::uninit());
    // SAFETY: the caller's promises.
    unsafe { multiply_with(level, product, &mut panel) };
}

kernel!(unsafe fn multiply_with(product: &Product, panel: &mut Panel) = multiply_lanes);

/// Room for a part of the right operand, by rows.
#[repr(align(64))]
struct Panel(MaybeUninit<[f32; DEPTH * VECTORS * LANES]>);

/// # Safety
/// See [`Product`].
#[inline(always)]
unsafe fn multiply_lanes<V: Lanes>(product: &Product, panel: &mut Panel) {
    let depth = product.depth;
    let step = depth.div_ceil(depth.div_ceil(DEPTH).max(1));
    let mut from = 0;
    while from < depth {
        let to = depth.min(from + step);
        for first in (0..product.columns).step_by(VECTORS * V::COUNT) {
            let part = Part { product, from, to, first };
            // SAFETY: the part lies inside the product.
            unsafe {
                if product.columns - first > V::COUNT {
                    part.block::<V, 2>(panel);
                } else {
                    part.block::<V, 1>(panel);
                }
            }
        }
        from = to;
    }
}

/// A range of the depth, and the columns from `first`, as many as the vectors hold.
pub(super) struct Part<'a> {
    pub product: &'a Product,
    pub from: usize,
    pub to: usize,
    pub first: usize,
}

impl Part<'_> {
    /// All rows.
    #[inline(always)]
    unsafe fn block<V: Lanes, const N: usize>(&self, panel: &mut Panel) {
        let &Product { a, b, rows, depth, columns, .. } = self.product;
        let width = N * V::COUNT;
        // SAFETY: the part lies inside the operands.
        unsafe {
            let b = b.add(self.from * columns + self.first);
            let (b, step) = if rows <= TILE && columns - self.first >= width {
                (b, columns)
            } else {
                (self.copy::<V, N>(b, panel), width)
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
    pub fn count<V: Lanes>(&self, n: usize) -> usize {
        V::COUNT.min(self.product.columns - self.first - n * V::COUNT)
    }

    /// All rows in tiles, see [`tile_rows`]. From row to row (or,
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
        let mut row = 0;
        while row < rows {
            let size = tile_rows(rows - row, most);
            macro_rules! sizes {
                ($($size:literal)*) => {
                    match size {
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
                sizes!(12 8 4 2)
            } else if V::REGISTERS >= 16 {
                sizes!(6 4 2)
            } else {
                sizes!(4 2)
            }
            row += size;
        }
    }
}

/// The rows of the next tile: as many as the registers allow, then 8, 4, 2 and 1. Each size is
/// compiled for each instruction set, so there are few.
fn tile_rows(left: usize, most: usize) -> usize {
    if left >= most { most } else { [8, 4, 2].into_iter().find(|size| left >= *size).unwrap_or(1) }
}
