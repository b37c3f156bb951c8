//! 3×3 convolutions of stride 1 with 4 products for 9: Winograd's F(2×2, 3×3).
//!
//! A tile of 2×2 outputs comes from 4×4 inputs d and 3×3 weights g as Aᵀ((G g Gᵀ) ⊙ (Bᵀ d B)) A. Of
//! many tiles and channels the product ⊙ is one matrix product at each of the 16 points, for which
//! the kernels of dense convolutions serve. The input gradient is such a convolution too, of the
//! output's gradient with the weights turned round; the weights' gradient is
//! Gᵀ(Σ (Bᵀ d B) ⊙ (A dy Aᵀ)) G, where the sum is over all tiles and its frame G is done once.
//!
//! A volume's slices are such images: the slices under the taps along the depth are read beside each
//! other, as so many more channels.
//!
//! The matrices hold 0, ±1 and ±½, so errors stay near those of the plain sum; but they are small
//! against the largest number of the tile, where the plain sum's are against those of the window.
//! Andrew Lavin, Scott
//! Gray: Fast Algorithms for Convolutional Neural Networks, <https://arxiv.org/abs/1509.09308>.

mod filters;
mod tiles;

use super::walk::offset;
use super::{Act, Axis, ConvSizes, dense, weights};
use crate::engine::chunk::ALIGNMENT;
use crate::engine::simd::Level;
use filters::Filters;
use tiles::Tiles;

/// Points of a tile.
const POINTS: usize = 16;

/// Tiles that go through all 16 products before the next ones: a multiple of what the dense kernel
/// holds in registers.
const BLOCK: usize = 48;

/// Fewer channels than this do not pay for bringing tiles to points and back. It is also the most
/// that a vector holds, which the kernels of tiles rely on.
const LEAST: usize = 16;

/// One direction: the convolution itself, or its input gradient.
pub(super) struct Winograd {
    level: Level,
    /// [channels, height, width] of each slice of what is read and of what is written.
    from: [usize; 3],
    to: [usize; 3],
    slices: Slices,
    /// Rows of zeros above, columns of zeros to the left.
    before: [usize; 2],
    filters: Filters,
    /// Where the channels of each tile of a block lie, at each point.
    reads: Vec<u32>,
    writes: Vec<u32>,
}

/// Which slices are read.
struct Slices {
    /// Of a sample that is read.
    from: usize,
    /// For each tap along the depth and each slice written, the slice that is read; none is zeros.
    taps: Vec<Vec<Option<usize>>>,
}

impl Slices {
    /// Those of the convolution and of its input gradient, of stride 1.
    fn both(depth: &Axis) -> [Slices; 2] {
        let (size, out) = (depth.size, depth.out());
        let inside = |at: Option<usize>, size: usize| at.filter(|at| *at < size);
        let taps = |slices: &dyn Fn(usize) -> Vec<Option<usize>>| {
            (0..depth.kernel_size).map(|tap| slices(tap * depth.dilation)).collect()
        };
        let forward = |tap: usize| {
            (0..out).map(|i| inside((i + tap).checked_sub(depth.before), size)).collect()
        };
        let backward = |tap: usize| {
            (0..size).map(|i| inside((i + depth.before).checked_sub(tap), out)).collect()
        };
        [Slices { from: size, taps: taps(&forward) }, Slices { from: out, taps: taps(&backward) }]
    }

    /// Slices of a sample that are written.
    fn to(&self) -> usize {
        self.taps[0].len()
    }
}

/// Channels read, in all slices under a window, times channels written: with so many, fewer products
/// take less time than is saved where pooled values alone are stored.
const WORTH: usize = 768;

/// Whether a convolution is of this kind, and so large that a pooling behind it is best a step of its
/// own.
pub(super) fn beats_pooling(sizes: &ConvSizes) -> bool {
    fits(sizes) && sizes.input[0] * sizes.depth.kernel_size * sizes.out_channels >= WORTH
}

/// Whether a convolution is of this kind.
pub(super) fn fits(sizes: &ConvSizes) -> bool {
    sizes.kernel_size == [3, 3]
        && sizes.stride == [1, 1]
        && sizes.depth.stride == 1
        && sizes.dilation == [1, 1]
        && sizes.groups == 1
        && sizes.unread == [0; 2]
        && sizes.padding.iter().all(|padding| *padding <= 2)
        && sizes.input[0].min(sizes.out_channels) >= LEAST
}

/// The convolution and its input gradient, if they are of this kind.
pub(super) fn both(sizes: &ConvSizes, output: [usize; 3], level: Level) -> Option<[Winograd; 2]> {
    let [top, _, left, _] = sizes.padding;
    fits(sizes).then(|| {
        let [slices, back] = Slices::both(&sizes.depth);
        let forward = Winograd::new(level, sizes.input, output, slices, [top, left], false);
        [forward, Winograd::new(level, output, sizes.input, back, [2 - top, 2 - left], true)]
    })
}

/// Whether tiles of these numbers may be summed: points add up four of them, and a tile's taps
/// share what is not finite.
pub(super) fn bears(numbers: &[f32]) -> bool {
    let mut most = 0;
    // SAFETY: the kernel has no promises to keep.
    unsafe { tiles::largest(Level::best(), numbers, &mut most) };
    most < (f32::MAX / 4.0).to_bits()
}

impl Winograd {
    fn new(
        level: Level,
        from: [usize; 3],
        to: [usize; 3],
        slices: Slices,
        before: [usize; 2],
        turned: bool,
    ) -> Self {
        let level = level.fitting(to[0]);
        let (taps, lanes) = (slices.taps.len(), level.lanes());
        let filters = Filters { taps, from: taps * from[0], to: to[0], lanes, turned };
        let table = |channels: usize| (0..BLOCK).map(|tile| offset(tile * channels)).collect();
        let (reads, writes) = (table(filters.from), table(filters.to));
        Winograd { level, from, to, slices, before, filters, reads, writes }
    }

    /// Floats of the packed weights, and of their gradient.
    pub fn packed_len(&self) -> usize {
        self.filters.packed_len()
    }

    pub fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        self.filters.pack(self.level, weight, packed);
    }

    /// The weights that were packed, to rounding.
    pub fn unpack(&self, packed: &[f32]) -> Vec<f32> {
        let mut weight = vec![0.0; self.filters.from * self.filters.to * 9];
        self.filters.unpack(self.level, packed, &mut weight);
        weight
    }

    /// Adds the gradient of packed weights to that of the weights.
    pub fn unpack_gradient(&self, packed: &[f32], weight: &mut [f32]) {
        self.filters.unpack_gradient(self.level, packed, weight);
    }

    /// From one point of a block to the next: a line more than the tiles take, because memory at a
    /// multiple of 4 KiB shares its place in the nearest cache.
    fn point_len(channels: usize) -> usize {
        (BLOCK * channels).next_multiple_of(ALIGNMENT) + ALIGNMENT
    }

    pub fn scratch_len(&self) -> usize {
        let [from, to] = [self.filters.from, self.filters.to];
        POINTS * (Self::point_len(from) + Self::point_len(to) + from.max(to))
    }

    /// Memory for one tile, and for a block at all points of what is read and what is written.
    fn split<'a>(&self, scratch: &'a mut [f32]) -> [&'a mut [f32]; 3] {
        let [from, to] = [self.filters.from, self.filters.to];
        let (reads, rest) = scratch.split_at_mut(POINTS * Self::point_len(from));
        let (writes, rest) = rest.split_at_mut(POINTS * Self::point_len(to));
        [&mut rest[..POINTS * from.max(to)], reads, writes]
    }

    /// The tiles of a block, of which `tap` is read, or which are written.
    fn tiles(&self, (first, count): (usize, usize), tap: Option<usize>) -> Tiles<'_> {
        let [_, rows, columns] = self.to;
        let (rows, columns) = (rows.div_ceil(2), columns.div_ceil(2));
        let ([channels, height, width], before, tile) = match tap {
            Some(_) => (self.from, self.before, self.filters.from),
            None => (self.to, [0; 2], self.filters.to),
        };
        let (depth, slices) = match tap {
            Some(tap) => (self.slices.from, &self.slices.taps[tap][..]),
            None => (1, &[Some(0)][..]),
        };
        let point = Self::point_len(tile);
        Tiles {
            channels,
            height,
            width,
            depth,
            slices,
            before,
            rows,
            columns,
            point,
            tile,
            first,
            count,
        }
    }

    /// Reads the tiles of a block, tap by tap.
    ///
    /// # Safety
    /// `x` holds the samples of the block.
    unsafe fn read(&self, block: (usize, usize), x: &[f32], patch: &mut [f32], reads: &mut [f32]) {
        for tap in 0..self.filters.taps {
            let tiles = self.tiles(block, Some(tap));
            let reads = reads[tap * self.from[0]..].as_mut_ptr();
            // SAFETY: as the caller says; a tap's channels lie in each tile's.
            unsafe { tiles::read(self.level, &tiles, x.as_ptr(), patch.as_mut_ptr(), reads) };
        }
    }

    /// Blocks of the tiles of `samples`: the first and how many.
    fn blocks(&self, samples: usize) -> impl Iterator<Item = (usize, usize)> {
        let [_, rows, columns] = self.to;
        let all = samples * self.slices.to() * rows.div_ceil(2) * columns.div_ceil(2);
        (0..all).step_by(BLOCK).map(move |first| (first, BLOCK.min(all - first)))
    }

    fn samples(&self, x: &[f32], y: &[f32]) -> usize {
        let [from, to] = [self.from, self.to].map(|shape| shape.iter().product::<usize>());
        let (from, to) = (from * self.slices.from, to * self.slices.to());
        let samples = x.len() / from;
        assert!(samples * from == x.len() && samples * to == y.len());
        samples
    }

    /// Overwrites `y` of some samples. Says whether all was finite before the activation: a number
    /// that is not spoils its whole tile, where it must only spoil its window.
    #[must_use]
    pub fn run(
        &self,
        x: &[f32],
        packed: &[f32],
        bias: Option<&[f32]>,
        act: Act,
        y: &mut [f32],
        scratch: &mut [f32],
    ) -> bool {
        let samples = self.samples(x, y);
        assert!(packed.len() == self.packed_len() && bias.is_none_or(|b| b.len() == self.to[0]));
        let [patch, reads, writes] = self.split(scratch);
        let mut finite = true;
        for block in self.blocks(samples) {
            // SAFETY: the tiles are those of the samples, whose lengths are checked above.
            unsafe {
                self.read(block, x, patch, reads);
                self.multiply(packed, reads, writes, block.1);
                let bias = bias.map_or(std::ptr::null(), <[f32]>::as_ptr);
                let job = tiles::Write { bias, relu: act == Act::Relu, y: y.as_mut_ptr() };
                let tiles = self.tiles(block, None);
                tiles::write(self.level, &tiles, writes.as_ptr(), &job, &mut finite);
            }
        }
        finite
    }

    /// The matrix products of a block.
    fn multiply(&self, packed: &[f32], reads: &[f32], writes: &mut [f32], count: usize) {
        let each = self.packed_len() / POINTS;
        let [from, to] = [self.filters.from, self.filters.to];
        for point in 0..POINTS {
            let job = dense::Job {
                x: reads[point * Self::point_len(from)..].as_ptr(),
                packed: packed[point * each..].as_ptr(),
                bias: std::ptr::null(),
                y: writes[point * Self::point_len(to)..].as_mut_ptr(),
                from: &self.reads[..count],
                to: &self.writes[..count],
                runs: &[0],
                run_len: from,
                channels: to,
                relu: false,
                winners: std::ptr::null_mut(),
            };
            // SAFETY: a point has the channels of a whole block.
            unsafe { dense::convolve(self.level, &job) };
        }
    }

    /// Adds to the gradient of the packed weights, of numbers that tiles [bear](bears).
    pub fn add_weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        packed: &mut [f32],
        scratch: &mut [f32],
    ) {
        let samples = self.samples(x, dy);
        assert_eq!(packed.len(), self.packed_len());
        let [patch, reads, gradients] = self.split(scratch);
        for block in self.blocks(samples) {
            let tiles = self.tiles(block, None);
            // SAFETY: the tiles are those of the samples, whose lengths are checked above.
            unsafe {
                self.read(block, x, patch, reads);
                let (dy, patch, to) = (dy.as_ptr(), patch.as_mut_ptr(), gradients.as_mut_ptr());
                tiles::read_gradient(self.level, &tiles, dy, patch, to);
            }
            self.add_products(reads, gradients, packed, block.1);
        }
    }

    /// The matrix products of a block for the weights' gradient.
    fn add_products(&self, reads: &[f32], gradients: &[f32], packed: &mut [f32], count: usize) {
        let each = self.packed_len() / POINTS;
        let [from, to] = [self.filters.from, self.filters.to];
        for point in 0..POINTS {
            let job = weights::Job {
                x: reads[point * Self::point_len(from)..].as_ptr(),
                dy: gradients[point * Self::point_len(to)..].as_ptr(),
                packed: packed[point * each..].as_mut_ptr(),
                from: &self.reads[..count],
                to: &self.writes[..count],
                runs: &[0],
                run_len: from,
                channels: to,
            };
            // SAFETY: a point has the channels of a whole block.
            unsafe { weights::weight_gradient(self.level, &job) };
        }
    }
}
