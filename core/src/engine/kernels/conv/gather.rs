//! The kernel of the weights' gradient behind max pooling: for every channel the sum over its
//! winners' windows, in registers.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use super::patches::Patches;
use super::winners::{Job, Piece, pieces};
use crate::engine::simd::{Lanes, kernel};

/// Pooled windows that a tile sums before the next tile takes its turn: their numbers stay near.
const CHUNK: usize = 64;

kernel!(
    pub(super) unsafe fn weight_gradient(job: &Job<'_>, patches: Option<&Patches>)
        = weight_gradient_lanes
);

/// Adds to the weights' gradient; with `patches`, if the windows' runs are not whole vectors.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn weight_gradient_lanes<V: Lanes>(job: &Job<'_>, patches: Option<&Patches>) {
    let at_once = patches.map_or(CHUNK, |patches| patches.together);
    for first in (job.range.0..job.range.1).step_by(at_once) {
        let range = (first, job.range.1.min(first + at_once));
        for group in 0..job.channels / job.group_out {
            let channels = (group * job.group_out, (group + 1) * job.group_out);
            // SAFETY: the group's numbers begin there; patches begin with the first window.
            unsafe {
                let job = Job { image: job.image.add(group * job.group_in), range, ..*job };
                let Some(patches) = patches else {
                    gather::<V, false>(&job, channels);
                    continue;
                };
                patches.copy::<V>(&job);
                let job = Job {
                    image: job.patches,
                    windows: &patches.windows,
                    gradient: job.gradient.add(first * job.channels),
                    winners: job.winners.add(first * job.channels),
                    range: (0, range.1 - first),
                    ..job
                };
                gather::<V, true>(&job, channels);
            }
        }
    }
}

/// All vectors of these channels, in pieces that fit into the registers.
#[inline(always)]
unsafe fn gather<V: Lanes, const PATCHES: bool>(job: &Job<'_>, (first, end): (usize, usize)) {
    let whole = end - (end - first) % 8;
    macro_rules! tile {
        ($piece:ident, $runs:literal, $vectors:literal, $at_once:literal) => {
            // Patches have one run.
            if const { PATCHES && $runs > 1 } {
                break;
            }
            // SAFETY: the channels exist, and the vectors lie inside the runs.
            unsafe {
                for channel in (first..whole).step_by($at_once) {
                    gather_tile::<V, $runs, $vectors, $at_once, PATCHES>(job, channel, $piece);
                }
                for channel in whole..end {
                    gather_tile::<V, $runs, $vectors, 1, PATCHES>(job, channel, $piece);
                }
            }
        };
    }
    // Few sizes, because each is compiled for each instruction set.
    if const { V::REGISTERS < 16 } {
        pieces!(job.windows, V::COUNT, tile: 1: 1 by 4);
    } else if const { V::REGISTERS >= 32 } {
        pieces!(job.windows, V::COUNT, tile:
            6: 3 by 1, 1 by 4;
            3: 1 by 8;
            2: 1 by 8;
            1: 3 by 8, 1 by 8);
    } else {
        pieces!(job.windows, V::COUNT, tile:
            12: 1 by 1;
            6: 1 by 2;
            4: 1 by 2;
            2: 1 by 4;
            1: 1 by 8);
    }
}

/// `T` vectors of `R` runs for `O` channels: the sums stay in registers over all windows.
#[inline(always)]
unsafe fn gather_tile<
    V: Lanes,
    const R: usize,
    const T: usize,
    const O: usize,
    const PATCHES: bool,
>(
    job: &Job<'_>,
    channel: usize,
    piece: Piece,
) {
    let (from, to) = piece.places::<R>(job.windows);
    // SAFETY: the windows and the vectors exist.
    unsafe {
        let mut sums = [[[V::splat(0.0); T]; R]; O];
        for window in job.range.0..job.range.1 {
            for o in 0..O {
                let (gradient, place) = job.winner::<PATCHES>(window, channel + o);
                let gradient = V::splat(gradient);
                for r in 0..R {
                    let run = job.image.add(from[r] + place);
                    for t in 0..T {
                        let x = V::load(run.add(t * V::COUNT));
                        sums[o][r][t] = gradient.mul_add(x, sums[o][r][t]);
                    }
                }
            }
        }
        for o in 0..O {
            for r in 0..R {
                let to = job.weights.add((channel + o) * job.row::<V>() + to[r]);
                for t in 0..T {
                    let to = to.add(t * V::COUNT);
                    V::load(to).add(sums[o][r][t]).store(to);
                }
            }
        }
    }
}
