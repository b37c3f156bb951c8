//! The kernel of the input's gradient behind max pooling: for every window of a winner the sum over
//! the channels that chose it, in registers.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use super::winners::{Job, vectors};
use crate::engine::simd::{Lanes, kernel};

kernel!(pub(super) unsafe fn input_gradient(job: &Job<'_>) = input_gradient_lanes);

/// Adds to the image's gradient: for every winner of a window the sum over the channels that
/// chose it.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn input_gradient_lanes<V: Lanes>(job: &Job<'_>) {
    let (full, rest) = (job.windows.run_len / V::COUNT, job.windows.run_len % V::COUNT);
    let mut counts = [0; 256];
    for window in job.range.0..job.range.1 {
        for first in (0..job.channels).step_by(job.group_out) {
            counts[..job.windows.area].fill(0);
            // SAFETY: the lists hold all channels for every winner.
            unsafe {
                sort(job, window, first, &mut counts);
                for (winner, &len) in counts[..job.windows.area].iter().enumerate() {
                    if len == 0 {
                        continue;
                    }
                    let list = job.lists.add(winner * job.channels);
                    let list = std::slice::from_raw_parts(list.cast_const(), len);
                    let place = job.windows.bases[window] + job.windows.places[winner];
                    let job =
                        Job { image: job.image.add(place as usize + job.group(first)), ..*job };
                    scatter::<V, true>(&job, full, window, list);
                    if rest > 0 {
                        scatter::<V, false>(&job, 1, window, list);
                    }
                }
            }
        }
    }
}

/// Lists for every winner the channels of a group that chose it and have a gradient.
#[inline(always)]
unsafe fn sort(job: &Job<'_>, window: usize, first: usize, counts: &mut [usize; 256]) {
    for channel in first..first + job.group_out {
        let at = window * job.channels + channel;
        // SAFETY: the lists hold all channels for every winner; one that no window has, which is
        // a mistake of the caller, is taken for the first.
        unsafe {
            let winner = *job.winners.add(at) as usize;
            let winner = if winner < job.windows.area { winner } else { 0 };
            let count = counts.get_unchecked_mut(winner);
            *job.lists.add(winner * job.channels + *count) = channel as u32;
            *count += usize::from(*job.gradient.add(at) != 0.0);
        }
    }
}

/// `each` vectors of every run, in pieces that fit into the registers.
#[inline(always)]
unsafe fn scatter<V: Lanes, const FULL: bool>(
    job: &Job<'_>,
    each: usize,
    window: usize,
    list: &[u32],
) {
    let (mut at, all) = (0, each * job.windows.runs.len());
    macro_rules! pieces {
        ($($vectors:literal)*) => {
            $(while all - at >= $vectors {
                // SAFETY: the vectors lie inside the runs.
                unsafe { scatter_tile::<V, $vectors, FULL>(job, at, each, window, list) };
                at += $vectors;
            })*
        };
    }
    // Few sizes, because each is compiled for each instruction set.
    if const { V::REGISTERS < 16 } {
        pieces!(4 1);
    } else if !FULL {
        pieces!(3 1);
    } else if const { V::REGISTERS >= 32 } {
        pieces!(18 9 3 1);
    } else {
        pieces!(12 6 3 1);
    }
}

/// `T` vectors of a window: the sums stay in registers over the channels of the list.
#[inline(always)]
unsafe fn scatter_tile<V: Lanes, const T: usize, const FULL: bool>(
    job: &Job<'_>,
    at: usize,
    each: usize,
    window: usize,
    list: &[u32],
) {
    let (to, from) = vectors::<V, T, FULL>(job, at, each);
    let (_, channel_len) = job.rows::<V>();
    let rest = job.windows.run_len % V::COUNT;
    // SAFETY: the channels and the vectors exist.
    unsafe {
        let mut sums = [V::splat(0.0); T];
        for &channel in list {
            let at = window * job.channels + channel as usize;
            let gradient = V::splat(*job.gradient.add(at));
            let weights = job.weights.add(channel as usize * channel_len);
            for t in 0..T {
                sums[t] = gradient.mul_add(V::load(weights.add(from[t])), sums[t]);
            }
        }
        for t in 0..T {
            let to = job.image.add(to[t]);
            if FULL {
                V::load(to).add(sums[t]).store(to);
            } else {
                V::load_first(to, rest).add(sums[t]).store_first(to, rest);
            }
        }
    }
}
