//! The kernel of the input's gradient behind max pooling: for every window of a winner the sum over
//! the channels that chose it, in registers.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use super::patches::{self, Patches};
use super::winners::{Job, Piece, pieces};
use crate::engine::simd::{Lanes, kernel};

kernel!(
    pub(super) unsafe fn input_gradient(job: &Job<'_>, patches: Option<&Patches>)
        = input_gradient_lanes
);

/// Adds to the image's gradient: for every winner of a window the sum over the channels that
/// chose it; with `patches`, if the windows' runs are not whole vectors.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn input_gradient_lanes<V: Lanes>(job: &Job<'_>, patches: Option<&Patches>) {
    let mut counts = [0; 256];
    let area = job.windows.area;
    for window in job.range.0..job.range.1 {
        for group in 0..job.channels / job.group_out {
            counts[..area].fill(0);
            // SAFETY: the lists hold all channels for every winner, and the windows exist.
            unsafe {
                sort(job, window, group * job.group_out, &mut counts);
                for (winner, &len) in counts[..area].iter().enumerate().filter(|(_, len)| **len > 0)
                {
                    let list = job.lists.add(winner * job.channels);
                    let list = std::slice::from_raw_parts(list.cast_const(), len);
                    let place = job.windows.bases[window] + job.windows.places[winner];
                    let place = place as usize + group * job.group_in;
                    match patches {
                        None => scatter::<V, false>(job, job.image.add(place), window, list),
                        Some(patches) => {
                            let sums = Job { windows: &patches.windows, ..*job };
                            scatter::<V, true>(&sums, job.patches, window, list);
                            patches::add_to::<V>(job, place);
                        }
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

/// All vectors of a winner's window, which begins at `image`, in pieces that fit into the
/// registers: adds the sums, or overwrites what is there with those of a patch.
#[inline(always)]
unsafe fn scatter<V: Lanes, const PATCH: bool>(
    job: &Job<'_>,
    image: *mut f32,
    window: usize,
    list: &[u32],
) {
    macro_rules! tile {
        ($piece:ident, $runs:literal, $vectors:literal, $at_once:literal) => {
            // A patch has one run.
            if const { PATCH && $runs > 1 } {
                break;
            }
            // SAFETY: the vectors lie inside the runs.
            unsafe {
                scatter_tile::<V, $runs, $vectors, PATCH>(job, image, $piece, window, list);
            }
        };
    }
    // Few sizes, because each is compiled for each instruction set.
    if const { V::REGISTERS < 16 } {
        pieces!(job.windows, V::COUNT, tile: 4: 1 by 1; 1: 1 by 1);
    } else if const { V::REGISTERS >= 32 } {
        pieces!(job.windows, V::COUNT, tile:
            6: 3 by 1, 1 by 1;
            3: 1 by 1;
            2: 1 by 1;
            1: 3 by 1, 1 by 1);
    } else {
        pieces!(job.windows, V::COUNT, tile: 12: 1 by 1; 6: 1 by 1; 3: 1 by 1; 1: 1 by 1);
    }
}

/// `T` vectors of `R` runs of a window: the sums stay in registers over the channels of the list.
#[inline(always)]
unsafe fn scatter_tile<V: Lanes, const R: usize, const T: usize, const PATCH: bool>(
    job: &Job<'_>,
    image: *mut f32,
    piece: Piece,
    window: usize,
    list: &[u32],
) {
    let (to, from) = piece.places::<R>(job.windows);
    let row = job.row::<V>();
    // SAFETY: the channels and the vectors exist.
    unsafe {
        let mut sums = [[V::splat(0.0); T]; R];
        let gradients = job.gradient.add(window * job.channels);
        for &channel in list {
            let gradient = V::splat(*gradients.add(channel as usize));
            let weights = job.weights.add(channel as usize * row);
            for r in 0..R {
                for t in 0..T {
                    let weights = V::load(weights.add(from[r] + t * V::COUNT));
                    sums[r][t] = gradient.mul_add(weights, sums[r][t]);
                }
            }
        }
        for r in 0..R {
            for t in 0..T {
                let to = image.add(to[r] + t * V::COUNT);
                if PATCH { sums[r][t].store(to) } else { V::load(to).add(sums[r][t]).store(to) }
            }
        }
    }
}
