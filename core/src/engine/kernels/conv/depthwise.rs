//! The kernels of depthwise convolutions: vectors lie along the channels.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use super::dense::Job;
use super::weights;
use crate::engine::simd::{Lanes, kernel};

/// Pixels of a tile.
const TILE: usize = 6;

kernel!(pub(super) unsafe fn convolve(job: &Job<'_>) = convolve_lanes);
kernel!(pub(super) unsafe fn weight_gradient(job: &weights::Job<'_>) = weight_gradient_lanes);

/// Convolves every channel with its own kernel; the weights are `[tap][channel]`, rows padded to
/// whole vectors.
///
/// # Safety
/// See [`Job`]; every run is one pixel.
#[inline(always)]
unsafe fn convolve_lanes<V: Lanes>(job: &Job<'_>) {
    let pixels = job.from.len();
    for first in (0..job.channels).step_by(V::COUNT) {
        let mut done = 0;
        // SAFETY: every tile lies inside the pixels.
        unsafe {
            while done < pixels && pixels >= TILE {
                tile::<V, TILE>(job, first, done.min(pixels - TILE));
                done += TILE;
            }
            while done < pixels {
                tile::<V, 1>(job, first, done);
                done += 1;
            }
        }
    }
}

#[inline(always)]
unsafe fn tile<V: Lanes, const P: usize>(job: &Job<'_>, first: usize, at: usize) {
    let count = V::COUNT.min(job.channels - first);
    let row = job.channels.next_multiple_of(V::COUNT);
    // SAFETY: the tables point into `x` and `y`; `count` channels are left.
    unsafe {
        let mut start = V::splat(0.0);
        if !job.bias.is_null() {
            start = V::load_up_to(job.bias.add(first), count);
        }
        let mut sums = [start; P];
        for (tap, &run) in job.runs.iter().enumerate() {
            let weights = V::load(job.packed.add(tap * row + first));
            for p in 0..P {
                let from = *job.from.get_unchecked(at + p) as usize + run as usize + first;
                sums[p] = V::load_up_to(job.x.add(from), count).mul_add(weights, sums[p]);
            }
        }
        for p in 0..P {
            let sum = if job.relu { sums[p].relu() } else { sums[p] };
            let to = *job.to.get_unchecked(at + p) as usize + first;
            sum.store_up_to(job.y.add(to), count);
        }
    }
}

/// Adds the gradient of the packed weights.
///
/// # Safety
/// See [`weights::Job`]; every run is one pixel.
#[inline(always)]
unsafe fn weight_gradient_lanes<V: Lanes>(job: &weights::Job<'_>) {
    let taps = job.runs.len();
    for first in (0..job.channels).step_by(V::COUNT) {
        let mut tap = 0;
        // SAFETY: the taps lie inside the window.
        unsafe {
            while tap + 9 <= taps {
                taps_gradient::<V, 9>(job, first, tap);
                tap += 9;
            }
            while tap + 3 <= taps {
                taps_gradient::<V, 3>(job, first, tap);
                tap += 3;
            }
            while tap < taps {
                taps_gradient::<V, 1>(job, first, tap);
                tap += 1;
            }
        }
    }
}

#[inline(always)]
unsafe fn taps_gradient<V: Lanes, const T: usize>(
    job: &weights::Job<'_>,
    first: usize,
    tap: usize,
) {
    let count = V::COUNT.min(job.channels - first);
    let row = job.channels.next_multiple_of(V::COUNT);
    // SAFETY: the tables point into `x` and `dy`; `count` channels are left.
    unsafe {
        let mut sums = [V::splat(0.0); T];
        for p in 0..job.from.len() {
            let x = job.x.add(*job.from.get_unchecked(p) as usize + first);
            let dy = job.dy.add(*job.to.get_unchecked(p) as usize + first);
            let dy = V::load_up_to(dy, count);
            for t in 0..T {
                let x = x.add(*job.runs.get_unchecked(tap + t) as usize);
                sums[t] = V::load_up_to(x, count).mul_add(dy, sums[t]);
            }
        }
        for t in 0..T {
            let to = job.packed.add((tap + t) * row + first);
            V::load(to).add(sums[t]).store(to);
        }
    }
}
