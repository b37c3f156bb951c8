//! The kernel of the weights' gradient behind max pooling: for every channel the sum over its
//! winners' windows, in registers.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use super::winners::{Job, vectors};
use crate::engine::simd::{Lanes, kernel};

/// Pooled windows that a tile sums before the next tile takes its turn: their numbers stay near.
const CHUNK: usize = 64;

kernel!(pub(super) unsafe fn weight_gradient(job: &Job<'_>) = weight_gradient_lanes);

/// Adds to the weights' gradient.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn weight_gradient_lanes<V: Lanes>(job: &Job<'_>) {
    let (full, rest) = (job.windows.run_len / V::COUNT, job.windows.run_len % V::COUNT);
    for first in (job.range.0..job.range.1).step_by(CHUNK) {
        let job = Job { range: (first, job.range.1.min(first + CHUNK)), ..*job };
        // SAFETY: the vectors lie inside the runs.
        unsafe {
            gather::<V, true>(&job, full);
            if rest > 0 {
                gather::<V, false>(&job, 1);
            }
        }
    }
}

/// `each` vectors of every run, in pieces that fit into the registers.
#[inline(always)]
unsafe fn gather<V: Lanes, const FULL: bool>(job: &Job<'_>, each: usize) {
    let all = each * job.windows.runs.len();
    let whole = job.channels - job.channels % 8;
    macro_rules! pieces {
        ($channels:expr; $($vectors:literal by $at_once:literal)*) => {
            let mut at = 0;
            $(while all - at >= $vectors {
                // SAFETY: the vectors lie inside the runs.
                unsafe { gather_piece::<V, $vectors, $at_once, FULL>(job, at, each, $channels) };
                at += $vectors;
            })*
        };
    }
    // Few sizes, because each is compiled for each instruction set.
    if const { V::REGISTERS < 16 } {
        pieces!((0, whole); 1 by 4);
        pieces!((whole, job.channels); 1 by 1);
    } else if !FULL {
        pieces!((0, whole); 3 by 4  1 by 8);
        pieces!((whole, job.channels); 3 by 1  1 by 1);
    } else if const { V::REGISTERS >= 32 } {
        pieces!((0, whole); 18 by 1  6 by 4  3 by 8  1 by 8);
        pieces!((whole, job.channels); 6 by 1  1 by 1);
    } else {
        pieces!((0, whole); 12 by 1  6 by 2  3 by 4  1 by 8);
        pieces!((whole, job.channels); 6 by 1  1 by 1);
    }
}

/// `T` vectors for these channels, a multiple of `O`, so many at a time.
#[inline(always)]
unsafe fn gather_piece<V: Lanes, const T: usize, const O: usize, const FULL: bool>(
    job: &Job<'_>,
    at: usize,
    each: usize,
    channels: (usize, usize),
) {
    let (from, to) = places::<V, T, FULL>(job, at, each);
    let (mut channel, end) = channels;
    while channel < end {
        // SAFETY: the channels exist.
        unsafe { gather_tile::<V, T, O, FULL>(job, channel, &from, &to) };
        channel += O;
    }
}

/// [`vectors`], apart: or else the compiler takes the sums in it apart and computes half of each
/// place again for each window, with registers it does not have.
#[inline(never)]
fn places<V: Lanes, const T: usize, const FULL: bool>(
    job: &Job<'_>,
    at: usize,
    each: usize,
) -> ([usize; T], [usize; T]) {
    vectors::<V, T, FULL>(job, at, each)
}

/// `T` vectors for `O` channels: the sums stay in registers over all windows.
#[inline(always)]
unsafe fn gather_tile<V: Lanes, const T: usize, const O: usize, const FULL: bool>(
    job: &Job<'_>,
    channel: usize,
    from: &[usize; T],
    to: &[usize; T],
) {
    let (_, channel_len) = job.rows::<V>();
    let rest = job.windows.run_len % V::COUNT;
    let mut groups = [0; O];
    for o in 0..O {
        groups[o] = job.group(channel + o);
    }
    // SAFETY: the windows and the vectors exist.
    unsafe {
        let mut sums = [[V::splat(0.0); T]; O];
        for window in job.range.0..job.range.1 {
            for o in 0..O {
                let (gradient, place) = job.winner(window, channel + o);
                let gradient = V::splat(gradient);
                let image = job.image.add(place + groups[o]);
                for t in 0..T {
                    let x = image.add(from[t]);
                    let x = if FULL { V::load(x) } else { V::load_first(x, rest) };
                    sums[o][t] = gradient.mul_add(x, sums[o][t]);
                }
            }
        }
        for o in 0..O {
            for t in 0..T {
                let to = job.weights.add((channel + o) * channel_len + to[t]);
                V::load(to).add(sums[o][t]).store(to);
            }
        }
    }
}
