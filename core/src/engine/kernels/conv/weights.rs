//! The kernel of dense weight gradients: a tile of window × output channels in registers, summed
//! over pixels.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use super::dense::vectors;
use crate::engine::simd::{Lanes, kernel};

/// Pixels that a tile sums before the next tile takes its turn: their numbers stay near.
const PIXELS: usize = 192;

/// One group of the forward walk.
///
/// # Safety
/// `x` and `dy` hold what the tables point at, and `packed` is as for the forward pass.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub x: *const f32,
    pub dy: *const f32,
    pub packed: *mut f32,
    pub from: &'a [u32],
    pub to: &'a [u32],
    pub runs: &'a [u32],
    pub run_len: usize,
    pub channels: usize,
}

kernel!(pub(super) unsafe fn weight_gradient(job: &Job<'_>) = weight_gradient_lanes);

/// Adds the gradient of the packed weights.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn weight_gradient_lanes<V: Lanes>(job: &Job<'_>) {
    for (from, to) in job.from.chunks(PIXELS).zip(job.to.chunks(PIXELS)) {
        let job = Job { from, to, ..*job };
        let (mut first, mut packed) = (0, job.packed);
        while first < job.channels {
            let block = Block { job: &job, first, packed };
            let width = vectors(job.channels - first, V::COUNT) * V::COUNT;
            // SAFETY: the block's weights and channels lie inside the job's.
            unsafe {
                if width == V::COUNT {
                    block.runs::<V, 1>();
                } else {
                    block.runs::<V, 2>();
                }
                packed = packed.add(job.runs.len() * job.run_len * width);
            }
            first += width;
        }
    }
}

/// The next piece of a run: as long as the registers allow, then 9, 8, 3, 2 and 1. Of 16 it is
/// half, because short pieces wait for their own sums. Each size is compiled for each instruction
/// set, so there are few.
fn piece_len(left: usize, most: usize) -> usize {
    match left {
        16 if most > 8 => 8,
        _ if left >= most => most,
        _ => [9, 8, 3, 2].into_iter().find(|size| left >= *size).unwrap_or(1),
    }
}

/// The channels from `first`, as many as its vectors hold.
struct Block<'a> {
    job: &'a Job<'a>,
    first: usize,
    packed: *mut f32,
}

impl Block<'_> {
    /// Every run in pieces, see [`piece_len`].
    #[inline(always)]
    unsafe fn runs<V: Lanes, const N: usize>(&self) {
        let most = match V::REGISTERS {
            32.. => 12,
            16.. => 12 / N,
            _ => 2,
        };
        let len = self.job.run_len;
        for (index, &run) in self.job.runs.iter().enumerate() {
            let mut at = 0;
            while at < len {
                let size = piece_len(len - at, most);
                // SAFETY: the piece lies inside the run.
                unsafe {
                    let packed = self.packed.add((index * len + at) * N * V::COUNT);
                    self.piece::<V, N>(run as usize + at, size, packed);
                }
                at += size;
            }
        }
    }

    /// `size` numbers of the window, from number `at`.
    #[inline(always)]
    unsafe fn piece<V: Lanes, const N: usize>(&self, at: usize, size: usize, packed: *mut f32) {
        macro_rules! sizes {
            ($($size:literal)*) => {
                match size {
                    // SAFETY: the piece lies inside the run.
                    $($size => unsafe { self.tile::<V, $size, N>(at, packed) },)*
                    // SAFETY: no piece is larger, and none is empty.
                    _ => unsafe { self.tile::<V, 1, N>(at, packed) },
                }
            };
        }
        if const { V::REGISTERS >= 32 || (V::REGISTERS >= 16 && N == 1) } {
            sizes!(12 9 8 3 2)
        } else if const { V::REGISTERS >= 16 } {
            sizes!(6 3 2)
        } else {
            sizes!(2)
        }
    }

    #[inline(always)]
    unsafe fn tile<V: Lanes, const R: usize, const N: usize>(&self, at: usize, packed: *mut f32) {
        let job = self.job;
        let last = job.channels - self.first - (N - 1) * V::COUNT;
        // SAFETY: the tables point into `x` and `dy`.
        unsafe {
            let mut sums = [[V::splat(0.0); N]; R];
            for p in 0..job.from.len() {
                let x = job.x.add(*job.from.get_unchecked(p) as usize + at);
                let dy = job.dy.add(*job.to.get_unchecked(p) as usize + self.first);
                let mut gradient = [V::splat(0.0); N];
                for n in 0..N - 1 {
                    gradient[n] = V::load(dy.add(n * V::COUNT));
                }
                gradient[N - 1] = V::load_up_to(dy.add((N - 1) * V::COUNT), last.min(V::COUNT));
                for r in 0..R {
                    let x = V::splat(*x.add(r));
                    for n in 0..N {
                        sums[r][n] = x.mul_add(gradient[n], sums[r][n]);
                    }
                }
            }
            for r in 0..R {
                for n in 0..N {
                    let to = packed.add((r * N + n) * V::COUNT);
                    V::load(to).add(sums[r][n]).store(to);
                }
            }
        }
    }
}

/// The pixels of an image and their channels, to be summed.
///
/// # Safety
/// `dy` holds `pixels` × `channels` floats and `db` `channels`.
#[derive(Clone, Copy)]
pub(super) struct Bias {
    pub dy: *const f32,
    pub db: *mut f32,
    pub pixels: usize,
    pub channels: usize,
}

kernel!(pub(super) unsafe fn bias_gradient(job: &Bias) = bias_gradient_lanes);

/// Adds the sum over the pixels of each channel.
///
/// # Safety
/// See [`Bias`].
#[inline(always)]
unsafe fn bias_gradient_lanes<V: Lanes>(job: &Bias) {
    let channels = job.channels;
    for first in (0..channels).step_by(V::COUNT) {
        let count = V::COUNT.min(channels - first);
        // SAFETY: `count` floats are left of every pixel.
        unsafe {
            let at = |pixel: usize| job.dy.add(pixel * channels + first);
            let mut sums = [V::splat(0.0); 4];
            let even = job.pixels - job.pixels % 4;
            for pixel in (0..even).step_by(4) {
                for i in 0..4 {
                    sums[i] = sums[i].add(V::load_up_to(at(pixel + i), count));
                }
            }
            for pixel in even..job.pixels {
                sums[0] = sums[0].add(V::load_up_to(at(pixel), count));
            }
            let sum = sums[0].add(sums[1]).add(sums[2].add(sums[3]));
            let to = job.db.add(first);
            V::load_up_to(to, count).add(sum).store_up_to(to, count);
        }
    }
}
