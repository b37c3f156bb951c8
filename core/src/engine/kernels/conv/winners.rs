//! What the kernels of the gradients behind max pooling are given: only the winners of the windows
//! have a gradient.

use super::walk::apart;
use crate::engine::simd::{Lanes, kernel};

/// The pooled windows of one sample.
///
/// # Safety
/// `gradient` and `winners` hold `range.1` × `channels`; what `image` points at holds the window of
/// the convolution at every base + place + group; `weights` holds `channels` rows of a window's
/// numbers, each padded to whole vectors. `patches` holds as many floats as
/// [`Patches::len`](super::patches::Patches::len) says, if there are some.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    /// The sample, or its gradient.
    pub image: *mut f32,
    /// The gradient of the weights, or the weights.
    pub weights: *mut f32,
    pub gradient: *const f32,
    pub winners: *const u8,
    pub windows: &'a Windows,
    /// The first and the end of the pooled windows.
    pub range: (usize, usize),
    pub channels: usize,
    /// Channels of a group, written and read.
    pub group_out: usize,
    pub group_in: usize,
    /// Working memory of patches.
    pub patches: *mut f32,
    /// Holds `area` × `channels` numbers, for the input's gradient.
    pub lists: *mut u32,
}

/// Where the windows are in a sample.
pub(super) struct Windows {
    /// Where each pooled window's first convolution starts.
    pub bases: Vec<u32>,
    /// Where, from there, that of each winner starts.
    pub places: [u32; 256],
    /// Winners that a window can have.
    pub area: usize,
    /// Where, from a convolution's start, each contiguous run starts.
    pub runs: Vec<u32>,
    pub run_len: usize,
}

impl Windows {
    /// Those of pooling windows of `window` [slices, rows, columns] pixels, so many of them along
    /// each axis, over a convolution whose windows start where `start` says.
    pub fn new(
        window: [usize; 3],
        windows: [usize; 3],
        start: impl Fn([usize; 3]) -> u32,
        runs: Vec<u32>,
        run_len: usize,
    ) -> Self {
        let base = |at| {
            let at = apart(at, windows);
            start([0, 1, 2].map(|axis| at[axis] * window[axis]))
        };
        let (area, mut places) = (window.iter().product(), [0; 256]);
        for (at, place) in places.iter_mut().enumerate().take(area) {
            *place = start(apart(at, window)) - start([0; 3]);
        }
        let bases = (0..windows.iter().product()).map(base).collect();
        Windows { bases, places, area, runs, run_len }
    }

    /// Numbers of one convolution's window.
    pub fn depth(&self) -> usize {
        self.runs.len() * self.run_len
    }
}

impl Job<'_> {
    /// The gradient of `channel` at `window`, and where the window of its winner starts: in the
    /// image, or among the patches.
    #[inline(always)]
    pub unsafe fn winner<const PATCHES: bool>(
        &self,
        window: usize,
        channel: usize,
    ) -> (f32, usize) {
        let (at, windows) = (window * self.channels + channel, self.windows);
        // SAFETY: the window and the channel exist, and a place is there for every byte.
        unsafe {
            let (gradient, winner) = (*self.gradient.add(at), *self.winners.add(at) as usize);
            if PATCHES {
                // Nothing to be read: reading is what takes the time.
                return (gradient, (window * windows.area + winner) * windows.run_len);
            }
            let place = windows.places.get_unchecked(winner);
            (gradient, (windows.bases.get_unchecked(window) + place) as usize)
        }
    }

    /// Floats of a channel's weights.
    #[inline(always)]
    pub fn row<V: Lanes>(&self) -> usize {
        self.windows.depth().next_multiple_of(V::COUNT)
    }
}

/// Some vectors of some runs.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    /// The first run.
    pub run: usize,
    /// The first float in each run.
    pub inside: usize,
}

impl Piece {
    /// Where `R` runs of the piece are in the image, and in the weights of a channel.
    #[inline(always)]
    pub fn places<const R: usize>(self, windows: &Windows) -> ([usize; R], [usize; R]) {
        let (mut image, mut weights) = ([0; R], [0; R]);
        for r in 0..R {
            image[r] = windows.runs[self.run + r] as usize + self.inside;
            weights[r] = (self.run + r) * windows.run_len + self.inside;
        }
        (image, weights)
    }
}

/// Calls `$tile!(piece, runs, vectors, at_once)` until all vectors of all runs, which are whole
/// vectors, had their turn: pieces of so many vectors of so many runs; `at_once` is for the tile.
macro_rules! pieces {
    ($windows:expr, $lanes:expr, $tile:ident:
     $($vectors:literal: $($runs:literal by $at_once:literal),*);*) => {{
        let (runs, each) = ($windows.runs.len(), $windows.run_len / $lanes);
        let mut vector = 0;
        $(while each - vector >= $vectors {
            let mut run = 0;
            $(while runs - run >= $runs {
                let piece = Piece { run, inside: vector * $lanes };
                $tile!(piece, $runs, $vectors, $at_once);
                run += $runs;
            })*
            vector += $vectors;
        })*
    }};
}
pub(super) use pieces;

/// A gradient behind a ReLU.
///
/// # Safety
/// All three hold `len` floats.
#[derive(Clone, Copy)]
pub(super) struct Mask {
    pub dy: *const f32,
    pub y: *const f32,
    pub to: *mut f32,
    pub len: usize,
}

kernel!(pub(super) unsafe fn mask(job: &Mask) = mask_lanes);

/// The gradient where `y` is active, else 0.
///
/// # Safety
/// See [`Mask`].
#[inline(always)]
unsafe fn mask_lanes<V: Lanes>(job: &Mask) {
    for at in (0..job.len).step_by(V::COUNT) {
        let count = V::COUNT.min(job.len - at);
        // SAFETY: `count` floats are left.
        unsafe {
            let y = V::load_up_to(job.y.add(at), count);
            let dy = V::load_up_to(job.dy.add(at), count);
            dy.where_active(y).store_up_to(job.to.add(at), count);
        }
    }
}
