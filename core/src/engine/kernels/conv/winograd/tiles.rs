//! The kernels that bring tiles of an image to their 16 points, and back.
//!
//! Point `p` of tile `t` of a block lies at `points[p · point + t · tile]`, its channels side by side;
//! of a volume, those of each tap along the depth.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use crate::engine::simd::{Lanes, kernel};

/// Some of the tiles of an image's samples, sample by sample, slice by slice, row by row.
#[derive(Clone, Copy)]
pub(super) struct Tiles<'a> {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// Slices of a sample, and in which the tiles of each slice written are; none is zeros.
    pub depth: usize,
    pub slices: &'a [Option<usize>],
    /// The first tile begins so many rows and columns before the image.
    pub before: [usize; 2],
    /// Tiles of a slice.
    pub rows: usize,
    pub columns: usize,
    /// Floats of one point of a block, and of one tile of it.
    pub point: usize,
    pub tile: usize,
    /// The block.
    pub first: usize,
    pub count: usize,
}

/// Where a tile begins in the image: its slice of all samples, row and column; before the image they
/// have wrapped round.
#[derive(Clone, Copy)]
struct Corner {
    slice: usize,
    row: usize,
    column: usize,
}

/// A row that no image has.
const NOWHERE: usize = usize::MAX / 2;

impl Tiles<'_> {
    /// The block's corners in their order.
    #[inline(always)]
    fn corners(&self) -> impl Iterator<Item = Corner> {
        let (line, mut column) = (self.first / self.columns, self.first % self.columns);
        let (slice, mut row) = (line / self.rows, line % self.rows);
        let (mut sample, mut slice) = (slice / self.slices.len(), slice % self.slices.len());
        let [top, left] = self.before;
        (0..self.count).map(move |_| {
            let at = [(2 * row).wrapping_sub(top), (2 * column).wrapping_sub(left)];
            let corner = match self.slices[slice] {
                Some(lies) => {
                    Corner { slice: sample * self.depth + lies, row: at[0], column: at[1] }
                }
                None => Corner { slice: 0, row: NOWHERE, column: at[1] },
            };
            column += 1;
            if column == self.columns {
                (column, row) = (0, row + 1);
            }
            if row == self.rows {
                (row, slice) = (0, slice + 1);
            }
            if slice == self.slices.len() {
                (slice, sample) = (0, sample + 1);
            }
            corner
        })
    }

    /// The place of a pixel right and below of a corner.
    #[inline(always)]
    fn place(&self, corner: Corner, i: usize, j: usize) -> usize {
        let row = corner.slice * self.height + corner.row.wrapping_add(i);
        (row * self.width + corner.column.wrapping_add(j)) * self.channels
    }

    #[inline(always)]
    fn inside(&self, corner: Corner, i: usize, j: usize) -> bool {
        corner.row.wrapping_add(i) < self.height && corner.column.wrapping_add(j) < self.width
    }

    /// Where vectors of `lanes` channels start: the last may overlap the one before, which gives
    /// the same numbers twice.
    #[inline(always)]
    fn vectors(&self, lanes: usize) -> impl Iterator<Item = usize> {
        (0..self.channels).step_by(lanes).map(move |first| first.min(self.channels - lanes))
    }

    /// Copies a tile of `N` by `N` that is partly beyond the image's borders, where zeros are.
    ///
    /// # Safety
    /// `x` holds the sample, `patch` the tile.
    #[inline(always)]
    unsafe fn copy<V: Lanes, const N: usize>(
        &self,
        corner: Corner,
        x: *const f32,
        patch: *mut f32,
    ) {
        for i in 0..N {
            for j in 0..N {
                let inside = self.inside(corner, i, j);
                let from = if inside { self.place(corner, i, j) } else { 0 };
                for first in self.vectors(V::COUNT) {
                    // SAFETY: the pixel is in the image, else the first is.
                    unsafe {
                        let pixel = V::load(x.add(from + first));
                        let pixel = if inside { pixel } else { V::splat(0.0) };
                        pixel.store(patch.add((i * N + j) * self.channels + first));
                    }
                }
            }
        }
    }
}

/// Bᵀ d for one column: 4 numbers from 4.
#[inline(always)]
unsafe fn input<V: Lanes>(d: [V; 4]) -> [V; 4] {
    // SAFETY: the caller has the instruction set.
    unsafe { [d[0].sub(d[2]), d[1].add(d[2]), d[2].sub(d[1]), d[1].sub(d[3])] }
}

/// A dy for one column: 4 numbers from 2.
#[inline(always)]
unsafe fn gradient<V: Lanes>(d: [V; 2]) -> [V; 4] {
    // SAFETY: the caller has the instruction set.
    unsafe { [d[0], d[0].add(d[1]), d[0].sub(d[1]), V::splat(0.0).sub(d[1])] }
}

/// Aᵀ m for one column: 2 numbers from 4.
#[inline(always)]
unsafe fn output<V: Lanes>(m: [V; 4]) -> [V; 2] {
    // SAFETY: the caller has the instruction set.
    unsafe { [m[0].add(m[1]).add(m[2]), m[1].sub(m[2]).sub(m[3])] }
}

kernel!(
    /// Bᵀ d B of every tile of the block; `patch` has room for a tile.
    pub(super) unsafe fn read(tiles: &Tiles<'_>, x: *const f32, patch: *mut f32, points: *mut f32) =
        read_lanes
);

kernel!(
    /// A dy Aᵀ of every tile of the block; `patch` has room for a tile.
    pub(super) unsafe fn read_gradient(
        tiles: &Tiles<'_>,
        x: *const f32,
        patch: *mut f32,
        points: *mut f32,
    ) = read_gradient_lanes
);

/// # Safety
/// `x` holds the samples of the block, `patch` a tile, `points` the block; a pixel has at least a
/// vector of channels.
#[inline(always)]
unsafe fn read_lanes<V: Lanes>(
    tiles: &Tiles<'_>,
    x: *const f32,
    patch: *mut f32,
    points: *mut f32,
) {
    // SAFETY: as the caller says.
    unsafe { transform::<V, 4>(tiles, x, patch, points, |d| input(d)) }
}

/// # Safety
/// As [`read_lanes`].
#[inline(always)]
unsafe fn read_gradient_lanes<V: Lanes>(
    tiles: &Tiles<'_>,
    x: *const f32,
    patch: *mut f32,
    points: *mut f32,
) {
    // SAFETY: as the caller says.
    unsafe { transform::<V, 2>(tiles, x, patch, points, |d| gradient(d)) }
}

/// `line` of all columns of each tile of `N` by `N`, then of all rows.
///
/// # Safety
/// As [`read_lanes`].
#[inline(always)]
unsafe fn transform<V: Lanes, const N: usize>(
    tiles: &Tiles<'_>,
    x: *const f32,
    patch: *mut f32,
    points: *mut f32,
    line: impl Fn([V; N]) -> [V; 4],
) {
    let channels = tiles.channels;
    for (tile, corner) in tiles.corners().enumerate() {
        // SAFETY: both corners are in the image, and so is all between; else the copy is read.
        unsafe {
            let (mut from, mut pitch) = (patch.cast_const(), N * channels);
            if tiles.inside(corner, 0, 0) && tiles.inside(corner, N - 1, N - 1) {
                (from, pitch) = (x.add(tiles.place(corner, 0, 0)), tiles.width * channels);
            } else {
                tiles.copy::<V, N>(corner, x, patch);
            }
            for first in tiles.vectors(V::COUNT) {
                let (from, to) = (from.add(first), points.add(tile * tiles.tile + first));
                let mut columns = [[V::splat(0.0); 4]; N];
                for j in 0..N {
                    let mut column = [V::splat(0.0); N];
                    for i in 0..N {
                        column[i] = V::load(from.add(i * pitch + j * channels));
                    }
                    columns[j] = line(column);
                }
                for i in 0..4 {
                    let mut row = [V::splat(0.0); N];
                    for j in 0..N {
                        row[j] = columns[j][i];
                    }
                    let row = line(row);
                    for j in 0..4 {
                        row[j].store(to.add((4 * i + j) * tiles.point));
                    }
                }
            }
        }
    }
}

/// Where tiles go, and what is added before unless it is null.
pub(super) struct Write {
    pub bias: *const f32,
    pub relu: bool,
    pub y: *mut f32,
}

kernel!(
    /// Aᵀ m A of every tile of the block, the bias and the activation. Makes `finite` false if a
    /// number is not.
    pub(super) unsafe fn write(tiles: &Tiles<'_>, points: *const f32, job: &Write, finite: &mut bool) =
        write_lanes
);

/// # Safety
/// `y` holds the samples of the block, `bias` a pixel, `points` the block; a pixel has at least a
/// vector of channels.
#[inline(always)]
unsafe fn write_lanes<V: Lanes>(
    tiles: &Tiles<'_>,
    points: *const f32,
    job: &Write,
    finite: &mut bool,
) {
    // SAFETY: a vector of channels is there of every pixel and of every point; the first pixel of
    // a tile is in the image, others are asked.
    unsafe {
        let zero = V::splat(0.0);
        let mut check = zero;
        for (tile, corner) in tiles.corners().enumerate() {
            let to = job.y.add(tiles.place(corner, 0, 0));
            let (below, right) = (tiles.inside(corner, 1, 0), tiles.inside(corner, 0, 1));
            for first in tiles.vectors(V::COUNT) {
                let from = points.add(tile * tiles.tile + first);
                let to = to.add(first);
                let bias = if job.bias.is_null() { zero } else { V::load(job.bias.add(first)) };
                let mut columns = [[zero; 2]; 4];
                for j in 0..4 {
                    let mut column = [zero; 4];
                    for i in 0..4 {
                        column[i] = V::load(from.add((4 * i + j) * tiles.point));
                    }
                    columns[j] = output(column);
                }
                for i in 0..2 {
                    let row = output([0, 1, 2, 3].map(|j| columns[j][i]));
                    for j in 0..2 {
                        let y = row[j].add(bias);
                        check = y.mul_add(zero, check);
                        if (i == 0 || below) && (j == 0 || right) {
                            let y = if job.relu { y.relu() } else { y };
                            y.store(to.add((i * tiles.width + j) * tiles.channels));
                        }
                    }
                }
            }
        }
        // 0 · y is NaN where `y` is not finite.
        *finite &= check.sum() == 0.0;
    }
}

kernel!(
    /// The largest bits without the sign, which are those of NaN, of an infinity, or of the largest
    /// number.
    pub(super) unsafe fn largest(numbers: &[f32], most: &mut u32) = largest_lanes
);

/// Safe code, compiled for each instruction set.
#[inline(always)]
unsafe fn largest_lanes<V: Lanes>(numbers: &[f32], most: &mut u32) {
    *most = numbers.iter().fold(0, |most, x| most.max(x.abs().to_bits()));
}
