//! All products of matrices: the walk over depth, columns and rows, tile by tile.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

use super::lone::Lone;
use crate::engine::simd::{Lanes, Level, kernel};
use std::hint::black_box;
use std::mem::MaybeUninit;

/// Rows of a tile at most: with two vectors of columns, 24 sums of 32 registers.
pub(crate) const TILE: usize = 12;

/// How much of the depth is summed before the next columns take their turn: so much of the right
/// operand stays near.
const DEPTH: usize = 256;

/// Floats between the first and the last step of a transposed left operand that are walked at a time, in
/// so many steps at least: a processor knows the places of some 64 pages of 4096 bytes, and each tile
/// walks through all of them.
const APART: usize = 1 << 15;
const STEPS: usize = 32;

/// Vectors of columns that are computed at a time.
pub(super) const VECTORS: usize = 2;

/// Floats of a vector at most.
pub(super) const LANES: usize = 16;

/// c = a · b, of `rows` × `depth` and `depth` × `columns`; `c` lies by rows.
///
/// Without depth, `c` stays as it is.
///
/// # Safety
/// `a` and `b` hold what their layouts say, `c` lies by rows, and a row that is added to all holds
/// `columns`.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub a: Left,
    pub b: Right,
    pub c: *mut f32,
    pub rows: usize,
    pub depth: usize,
    pub columns: usize,
    pub start: Start,
    pub relu: bool,
}

/// What the product is added to.
#[derive(Clone, Copy)]
pub(super) enum Start {
    Zero,
    /// What is there already.
    There,
    /// A row, the same for all.
    Row(*const f32),
}

impl Product {
    /// Multiplies, unless there is nothing to multiply.
    ///
    /// # Safety
    /// See [`Product`].
    pub unsafe fn run(&self, level: Level) {
        match (self.a, self.b) {
            _ if self.rows == 0 || self.depth == 0 => {}
            (Left::Rows(x), Right::Packed(packed, all)) if self.rows == 1 && all == self.depth => {
                let &Product { c: y, depth, columns, start, relu, .. } = self;
                // SAFETY: the caller's promises.
                unsafe { Lone { x, packed, y, depth, columns, start, relu }.run(level) };
            }
            // SAFETY: the caller's promises.
            _ => unsafe { multiply(level, self) },
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

/// The right operand.
#[derive(Clone, Copy)]
pub(super) enum Right {
    /// By rows.
    Rows(*const f32),
    /// Transposed: by columns.
    Columns(*const f32),
    /// As [`Packing`] leaves it, of so much depth: a product may take the first of it.
    Packed(*const f32, usize),
}

/// A right operand that is brought into the order of the tiles once, for many products.
///
/// # Safety
/// `from` holds `depth` × `columns` floats as its layout says, which is not `Packed`, with `step`
/// floats from one row or column to the next, and `to` what [`packed_len`] says.
pub(super) struct Packing {
    pub from: Right,
    pub step: usize,
    pub depth: usize,
    pub columns: usize,
    pub to: *mut f32,
}

impl Packing {
    /// # Safety
    /// See [`Packing`].
    pub unsafe fn run(&self, level: Level) {
        // SAFETY: the caller's promises.
        unsafe { pack(level, self) };
    }
}

/// As many columns or more, of which a product may take the first of a packed operand that has more:
/// whole panels.
pub(super) fn whole_panels(level: Level, columns: usize) -> usize {
    columns.next_multiple_of(VECTORS * level.lanes())
}

/// Floats of a packed operand.
pub(super) fn packed_len(level: Level, depth: usize, columns: usize) -> usize {
    depth * columns.next_multiple_of(level.lanes())
}

kernel!(unsafe fn pack(packing: &Packing) = pack_lanes);

/// # Safety
/// See [`Packing`].
#[inline(always)]
unsafe fn pack_lanes<V: Lanes>(packing: &Packing) {
    let &Packing { from, step, depth, columns, to } = packing;
    for first in (0..columns).step_by(VECTORS * V::COUNT) {
        let part = Columns { all: columns, first, step };
        // SAFETY: the columns are the operand's, and those before take `depth` floats each.
        unsafe {
            let to = to.add(first * depth);
            if columns - first > V::COUNT {
                part.copy::<V, 2>(from, depth, to);
            } else {
                part.copy::<V, 1>(from, depth, to);
            }
        }
    }
}

/// The columns from `first` of a right operand, as many as the vectors hold.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    all: usize,
    pub first: usize,
    /// Floats from one row of the operand to the next, or from one column.
    step: usize,
}

impl Columns {
    /// Copies `steps` of the depth; columns behind the last become 0.
    #[inline(always)]
    unsafe fn copy<V: Lanes, const N: usize>(&self, from: Right, steps: usize, to: *mut f32) {
        // SAFETY: that of the caller.
        unsafe {
            match from {
                Right::Rows(from) => self.copy_rows::<V, N>(from.add(self.first), steps, to),
                Right::Columns(from) | Right::Packed(from, _) => {
                    let from = from.add(self.first * self.step);
                    for n in 0..N {
                        let count = self.count::<V>(n);
                        let from = from.add(n * V::COUNT * self.step);
                        let to = to.add(n * V::COUNT);
                        self.transpose::<V>(from, count, steps, to, N * V::COUNT);
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn copy_rows<V: Lanes, const N: usize>(
        &self,
        from: *const f32,
        steps: usize,
        to: *mut f32,
    ) {
        for k in 0..steps {
            for n in 0..N {
                // SAFETY: the columns are the operand's.
                unsafe {
                    let from = from.add(k * self.step + n * V::COUNT);
                    let vector = V::load_up_to(from, self.count::<V>(n));
                    vector.store(to.add((k * N + n) * V::COUNT));
                }
            }
        }
    }

    /// `count` columns become one lane each of vectors that lie `step` apart.
    #[inline(always)]
    unsafe fn transpose<V: Lanes>(
        &self,
        from: *const f32,
        count: usize,
        steps: usize,
        to: *mut f32,
        step: usize,
    ) {
        let whole = if count == V::COUNT { steps - steps % V::COUNT } else { 0 };
        // SAFETY: the columns are the operand's.
        unsafe {
            for k in (0..whole).step_by(V::COUNT) {
                V::transpose(from.add(k), self.step, to.add(k * step), step);
            }
            for k in whole..steps {
                for lane in 0..V::COUNT {
                    let x = if lane < count { *from.add(lane * self.step + k) } else { 0.0 };
                    *to.add(k * step + lane) = x;
                }
            }
        }
    }

    /// Floats of vector `n` that are columns.
    #[inline(always)]
    pub fn count<V: Lanes>(&self, n: usize) -> usize {
        V::COUNT.min(self.all - self.first - n * V::COUNT)
    }
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
    let most = match product.a {
        Left::Rows(_) => DEPTH,
        Left::Steps(_, by) => (APART / by.max(1)).clamp(STEPS, DEPTH),
    };
    let step = depth.div_ceil(depth.div_ceil(most).max(1));
    let between = if let Right::Rows(_) = product.b { product.columns } else { depth };
    let mut from = 0;
    while from < depth {
        // Opaque: else it would be computed again in each turn of the innermost loop.
        let steps = black_box(step.min(depth - from));
        for first in (0..product.columns).step_by(VECTORS * V::COUNT) {
            let columns = Columns { all: product.columns, first, step: between };
            let part = Part { product, from, steps, columns };
            // SAFETY: the part lies inside the product.
            unsafe {
                if product.columns - first > V::COUNT {
                    part.block::<V, 2>(panel);
                } else {
                    part.block::<V, 1>(panel);
                }
            }
        }
        from += steps;
    }
}

/// A range of the depth, and some columns.
pub(super) struct Part<'a> {
    pub product: &'a Product,
    pub from: usize,
    pub steps: usize,
    pub columns: Columns,
}

impl Part<'_> {
    /// All rows.
    #[inline(always)]
    unsafe fn block<V: Lanes, const N: usize>(&self, panel: &mut Panel) {
        let &Product { a, b, rows, depth, columns, .. } = self.product;
        let (width, first) = (N * V::COUNT, self.columns.first);
        // SAFETY: the part lies inside the operands.
        unsafe {
            let (b, step) = match b {
                Right::Rows(b) if rows <= TILE && columns - first >= width => {
                    (b.add(self.from * columns + first), columns)
                }
                Right::Packed(b, all) => (b.add(first * all + self.from * width), width),
                Right::Rows(b) => {
                    (self.copy::<V, N>(Right::Rows(b.add(self.from * columns)), panel), width)
                }
                Right::Columns(b) => {
                    (self.copy::<V, N>(Right::Columns(b.add(self.from)), panel), width)
                }
            };
            let (a, ways) = match a {
                Left::Rows(a) => (a.add(self.from), [depth, 1]),
                Left::Steps(a, by) => (a.add(self.from * by), [1, by]),
            };
            self.tiles::<V, N>(a, ways, b, step);
        }
    }

    /// Copies this part of the right operand.
    #[inline(always)]
    unsafe fn copy<V: Lanes, const N: usize>(&self, b: Right, panel: &mut Panel) -> *const f32 {
        let to = panel.0.as_mut_ptr().cast::<f32>();
        // SAFETY: the depth is at most `DEPTH`, and a vector at most `LANES` floats.
        unsafe { self.columns.copy::<V, N>(b, self.steps, to) };
        to
    }

    /// All rows in tiles, see [`tile_rows`]. For `ways` see [`Part::tile`]; from step to step there are
    /// `step` floats in `b`.
    #[inline(always)]
    unsafe fn tiles<V: Lanes, const N: usize>(
        &self,
        a: *const f32,
        ways: [usize; 2],
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
                ($most:literal: $($size:literal)*) => {
                    // SAFETY: the tile lies inside the operands; none is larger, and none is empty.
                    unsafe {
                        match size {
                            // With the 1 in the code: most of the work is in these.
                            $most if ways[1] == 1 => {
                                self.tile::<V, $most, N>(row, a, [ways[0], 1], b, step)
                            }
                            $most => self.tile::<V, $most, N>(row, a, [1, ways[1]], b, step),
                            $($size => self.tile::<V, $size, N>(row, a, ways, b, step),)*
                            _ => self.tile::<V, 1, N>(row, a, ways, b, step),
                        }
                    }
                };
            }
            if V::REGISTERS >= 32 || (V::REGISTERS >= 16 && N == 1) {
                sizes!(12: 8 4 2)
            } else if V::REGISTERS >= 16 {
                sizes!(6: 4 2)
            } else {
                sizes!(4: 2)
            }
            row += size;
        }
    }
}

/// The rows of the next tile: as many as the registers allow, then 8, 4, 2 and 1. Each size is
/// compiled for each instruction set, so there are few.
///
/// 8 rows are 4 and 4 where the most is 6: 2 rows have too few sums to keep the multipliers busy, and
/// take as long as 4.
fn tile_rows(left: usize, most: usize) -> usize {
    match (left, most) {
        (8, 6) => 4,
        _ if left >= most => most,
        _ => [8, 4, 2].into_iter().find(|size| left >= *size).unwrap_or(1),
    }
}
