//! The kernel of dense convolutions: a tile of pixels × output channels in registers.
//!
//! The inner loop multiplies one vector (or two) of packed weights by a number of each pixel of
//! the tile, broadcast. It serves the forward pass and, over the phases of the stride with the
//! weights transposed, the input gradient.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use crate::engine::simd::{Lanes, kernel};

/// Pixels of a tile: with two vectors of channels, 24 sums of 32 registers.
const TILE: usize = 12;

/// One group of one walk.
///
/// # Safety
/// `x` and `y` hold what the tables point at, `packed` holds [`packed_len`] floats, and `bias` is
/// null or holds `channels` floats.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub x: *const f32,
    pub packed: *const f32,
    pub bias: *const f32,
    pub y: *mut f32,
    pub from: &'a [u32],
    pub to: &'a [u32],
    pub runs: &'a [u32],
    pub run_len: usize,
    pub channels: usize,
    pub relu: bool,
    /// Where the winners go; null if nobody asks.
    pub winners: *mut u8,
}

/// Floats of the packed weights of one group.
pub(super) fn packed_len(depth: usize, channels: usize, lanes: usize) -> usize {
    depth * channels.next_multiple_of(lanes)
}

/// Vectors of channels that are computed at a time.
pub(super) fn vectors(channels_left: usize, lanes: usize) -> usize {
    if channels_left > lanes { 2 } else { 1 }
}

/// Calls `place(index, depth, channel)` for every packed weight that is not padding: the order is
/// `[block of one or two vectors of channels][depth][channel of the block]`.
pub(super) fn each(
    depth: usize,
    channels: usize,
    lanes: usize,
    mut place: impl FnMut(usize, usize, usize),
) {
    let (mut first, mut at) = (0, 0);
    while first < channels {
        let width = vectors(channels - first, lanes) * lanes;
        for d in 0..depth {
            for channel in first..channels.min(first + width) {
                place(at + d * width + channel - first, d, channel);
            }
        }
        at += depth * width;
        first += width;
    }
}

kernel!(pub(super) unsafe fn convolve(job: &Job<'_>) = convolve_lanes);
kernel!(pub(super) unsafe fn convolve_pool_4(job: &Job<'_>) = convolve_pool_4_lanes);

/// Convolves all pixels.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn convolve_lanes<V: Lanes>(job: &Job<'_>) {
    // SAFETY: as the job says.
    unsafe { blocks::<V, false>(job) }
}

/// Convolves windows of four pixels that follow each other in the tables, and stores only each
/// window's maximum: window `i` of `y` and of the winners is pixel `i`.
///
/// # Safety
/// See [`Job`]; the pixels are a multiple of 4.
#[inline(always)]
unsafe fn convolve_pool_4_lanes<V: Lanes>(job: &Job<'_>) {
    // SAFETY: as the job says.
    unsafe { blocks::<V, true>(job) }
}

/// All pixels for each block of channels in turn.
#[inline(always)]
unsafe fn blocks<V: Lanes, const POOL: bool>(job: &Job<'_>) {
    let depth = job.runs.len() * job.run_len;
    let (mut first, mut packed) = (0, job.packed);
    while first < job.channels {
        let block = Block { job, first, packed };
        let width = vectors(job.channels - first, V::COUNT) * V::COUNT;
        // SAFETY: the block's weights and channels lie inside the job's.
        unsafe {
            if width == V::COUNT {
                block.pixels::<V, 1, POOL>();
            } else {
                block.pixels::<V, 2, POOL>();
            }
            packed = packed.add(depth * width);
        }
        first += width;
    }
}

/// The channels from `first`, as many as its vectors hold.
struct Block<'a> {
    job: &'a Job<'a>,
    first: usize,
    packed: *const f32,
}

impl Block<'_> {
    /// All pixels: tiles as large as fit; what is left is done by a tile that overlaps the one
    /// before it, which gives the same numbers twice.
    #[inline(always)]
    unsafe fn pixels<V: Lanes, const N: usize, const POOL: bool>(&self) {
        let pixels = self.job.from.len();
        let mut done = 0;
        // SAFETY: every tile lies inside the pixels.
        unsafe {
            if const { V::REGISTERS >= 32 || N == 1 && V::REGISTERS >= 16 } {
                while pixels >= TILE && pixels - done > 4 {
                    self.tile::<V, TILE, N, POOL>(done.min(pixels - TILE));
                    done = pixels.min(done + TILE);
                }
            } else if const { !POOL && V::REGISTERS >= 16 } {
                while done + 6 <= pixels {
                    self.tile::<V, 6, N, POOL>(done);
                    done += 6;
                }
            }
            while done < pixels && pixels >= 4 {
                self.tile::<V, 4, N, POOL>(done.min(pixels - 4));
                done += 4;
            }
            while !POOL && done < pixels {
                self.tile::<V, 1, N, POOL>(done);
                done += 1;
            }
        }
    }

    /// `P` pixels from pixel `at`.
    #[inline(always)]
    unsafe fn tile<V: Lanes, const P: usize, const N: usize, const POOL: bool>(&self, at: usize) {
        // SAFETY: the tile lies inside the job.
        unsafe {
            let sums = self.sums::<V, P, N>(at);
            if POOL { self.pool(sums, at) } else { self.store(sums, at) }
        }
    }

    /// Floats of the block's vector `n` that are channels.
    #[inline(always)]
    fn count<V: Lanes>(&self, n: usize) -> usize {
        V::COUNT.min(self.job.channels - self.first - n * V::COUNT)
    }

    /// The bias plus the products.
    #[inline(always)]
    unsafe fn sums<V: Lanes, const P: usize, const N: usize>(&self, at: usize) -> [[V; N]; P] {
        let job = self.job;
        // SAFETY: the tables point into `x`; the weights are as many as the depth.
        unsafe {
            let mut start = [V::splat(0.0); N];
            if !job.bias.is_null() {
                for n in 0..N {
                    let bias = job.bias.add(self.first + n * V::COUNT);
                    start[n] = V::load_up_to(bias, self.count::<V>(n));
                }
            }
            let mut sums = [start; P];
            let mut from = [job.x; P];
            for p in 0..P {
                from[p] = job.x.add(*job.from.get_unchecked(at + p) as usize);
            }
            let mut packed = self.packed;
            for &run in job.runs {
                for i in run as usize..run as usize + job.run_len {
                    let mut weights = start;
                    for n in 0..N {
                        weights[n] = V::load(packed.add(n * V::COUNT));
                    }
                    packed = packed.add(N * V::COUNT);
                    for p in 0..P {
                        let x = V::splat(*from[p].add(i));
                        for n in 0..N {
                            sums[p][n] = x.mul_add(weights[n], sums[p][n]);
                        }
                    }
                }
            }
            sums
        }
    }

    #[inline(always)]
    unsafe fn store<V: Lanes, const P: usize, const N: usize>(&self, sums: [[V; N]; P], at: usize) {
        // SAFETY: the tables point into `y`.
        unsafe {
            for p in 0..P {
                let y = self.job.y.add(*self.job.to.get_unchecked(at + p) as usize + self.first);
                for n in 0..N {
                    let sum = if self.job.relu { sums[p][n].relu() } else { sums[p][n] };
                    sum.store_up_to(y.add(n * V::COUNT), self.count::<V>(n));
                }
            }
        }
    }

    /// The maxima of four pixels each: the activation, which is monotone, only of them.
    #[inline(always)]
    unsafe fn pool<V: Lanes, const P: usize, const N: usize>(&self, sums: [[V; N]; P], at: usize) {
        let job = self.job;
        // SAFETY: the tables point into `y`, and the winners are as many.
        unsafe {
            let places = [0.0, 1.0, 2.0, 3.0].map(|x| V::splat(x));
            for window in 0..P / 4 {
                let pixel = *job.to.get_unchecked(at / 4 + window) as usize + self.first;
                for n in 0..N {
                    let (mut best, mut place) = (sums[window * 4][n], places[0]);
                    for i in 1..4 {
                        (best, place) = best.max_at(place, sums[window * 4 + i][n], places[i]);
                    }
                    let best = if job.relu { best.relu() } else { best };
                    let (to, count) = (pixel + n * V::COUNT, self.count::<V>(n));
                    best.store_up_to(job.y.add(to), count);
                    if !job.winners.is_null() {
                        place.store_bytes_up_to(job.winners.add(to), count);
                    }
                }
            }
        }
    }
}
