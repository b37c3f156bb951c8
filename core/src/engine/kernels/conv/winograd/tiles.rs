//! The kernels that bring tiles of an image to their 16 points, and back.
//!
//! Point `p` of tile `t` of a block lies at `points[p · point + t · channels]`, its channels side
//! by side.

use crate::engine::simd::{Lanes, kernel};

/// Some of the tiles of an image's samples, sample by sample, row by row.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// The first tile begins so many rows and columns before the image.
    pub before: [usize; 2],
    /// Tiles of a sample.
    pub rows: usize,
    pub columns: usize,
    /// Floats of one point of a block.
    pub point: usize,
    /// The block.
    pub first: usize,
    pub count: usize,
}

impl Tiles {
    /// The sample of a tile, and its first row and column, which may be before the image: then
    /// they have wrapped round.
    #[inline(always)]
    fn corner(&self, tile: usize) -> [usize; 3] {
        let (line, column) = (tile / self.columns, tile % self.columns);
        let (sample, row) = (line / self.rows, line % self.rows);
        let [top, left] = self.before;
        [sample, (2 * row).wrapping_sub(top), (2 * column).wrapping_sub(left)]
    }

    /// Where each pixel of a tile of `N` by `N` is in the image; `None` beyond its borders.
    #[inline(always)]
    fn pixels<const N: usize>(&self, tile: usize) -> [[Option<usize>; N]; N] {
        let [sample, row, column] = self.corner(tile);
        let mut pixels = [[None; N]; N];
        for (i, line) in pixels.iter_mut().enumerate() {
            let row = row.wrapping_add(i);
            for (j, pixel) in line.iter_mut().enumerate() {
                let column = column.wrapping_add(j);
                if row < self.height && column < self.width {
                    let at = (sample * self.height + row) * self.width + column;
                    *pixel = Some(at * self.channels);
                }
            }
        }
        pixels
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
    /// Bᵀ d B of every tile of the block.
    pub(super) unsafe fn read(tiles: &Tiles, x: *const f32, zeros: *const f32, points: *mut f32) =
        read_lanes
);

kernel!(
    /// A dy Aᵀ of every tile of the block.
    pub(super) unsafe fn read_gradient(
        tiles: &Tiles,
        x: *const f32,
        zeros: *const f32,
        points: *mut f32,
    ) = read_gradient_lanes
);

/// # Safety
/// `x` holds the samples of the block, `zeros` a pixel, `points` the block.
#[inline(always)]
unsafe fn read_lanes<V: Lanes>(tiles: &Tiles, x: *const f32, zeros: *const f32, points: *mut f32) {
    // SAFETY: as the caller says.
    unsafe { transform::<V, 4>(tiles, x, zeros, points, |d| input(d)) }
}

/// # Safety
/// As [`read_lanes`].
#[inline(always)]
unsafe fn read_gradient_lanes<V: Lanes>(
    tiles: &Tiles,
    x: *const f32,
    zeros: *const f32,
    points: *mut f32,
) {
    // SAFETY: as the caller says.
    unsafe { transform::<V, 2>(tiles, x, zeros, points, |d| gradient(d)) }
}

/// `line` of all columns of each tile of `N` by `N`, then of all rows.
///
/// # Safety
/// As [`read_lanes`].
#[inline(always)]
unsafe fn transform<V: Lanes, const N: usize>(
    tiles: &Tiles,
    x: *const f32,
    zeros: *const f32,
    points: *mut f32,
    line: impl Fn([V; N]) -> [V; 4],
) {
    for tile in 0..tiles.count {
        let places = tiles.pixels::<N>(tiles.first + tile);
        let pixels = places.map(|line| line.map(|at| at.map_or(zeros, |at| x.wrapping_add(at))));
        for first in (0..tiles.channels).step_by(V::COUNT) {
            let count = V::COUNT.min(tiles.channels - first);
            // SAFETY: `count` channels are left of every pixel and of every point.
            unsafe {
                let to = points.add(tile * tiles.channels + first);
                let mut columns = [[V::splat(0.0); 4]; N];
                for j in 0..N {
                    let mut column = [V::splat(0.0); N];
                    for i in 0..N {
                        column[i] = V::load_up_to(pixels[i][j].add(first), count);
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
                        row[j].store_up_to(to.add((4 * i + j) * tiles.point), count);
                    }
                }
            }
        }
    }
}

/// Where tiles go, and what is added before.
pub(super) struct Write {
    pub bias: *const f32,
    pub relu: bool,
    pub y: *mut f32,
}

kernel!(
    /// Aᵀ m A of every tile of the block, the bias and the activation. Makes `finite` false if a
    /// number is not.
    pub(super) unsafe fn write(tiles: &Tiles, points: *const f32, job: &Write, finite: &mut bool) =
        write_lanes
);

/// # Safety
/// `y` holds the samples of the block, `bias` a pixel, `points` the block.
#[inline(always)]
unsafe fn write_lanes<V: Lanes>(tiles: &Tiles, points: *const f32, job: &Write, finite: &mut bool) {
    // SAFETY: `count` channels are left of every pixel and of every point.
    unsafe {
        let zero = V::splat(0.0);
        let mut check = zero;
        for tile in 0..tiles.count {
            let pixels = tiles.pixels::<2>(tiles.first + tile);
            for first in (0..tiles.channels).step_by(V::COUNT) {
                let count = V::COUNT.min(tiles.channels - first);
                let from = points.add(tile * tiles.channels + first);
                let bias = V::load_up_to(job.bias.add(first), count);
                let mut columns = [[zero; 2]; 4];
                for j in 0..4 {
                    let mut column = [zero; 4];
                    for i in 0..4 {
                        let point = from.add((4 * i + j) * tiles.point);
                        column[i] = V::load_up_to(point, count);
                    }
                    columns[j] = output(column);
                }
                for i in 0..2 {
                    let row = output([0, 1, 2, 3].map(|j| columns[j][i]));
                    for j in 0..2 {
                        let y = row[j].add(bias);
                        check = y.mul_add(zero, check);
                        if let Some(at) = pixels[i][j] {
                            let y = if job.relu { y.relu() } else { y };
                            y.store_up_to(job.y.add(at + first), count);
                        }
                    }
                }
            }
        }
        // 0 · y is NaN where `y` is not finite.
        *finite &= check.sum() == 0.0;
    }
}
