//! What the kernels of the gradients behind max pooling are given: only the winners of the windows
//! have a gradient.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use crate::engine::simd::{Lanes, kernel};

/// The pooled windows of one sample.
///
/// # Safety
/// `gradient` and `winners` hold `windows` × `channels`; what `image` points at holds the window
/// of the convolution at every base + place + group; `weights` holds `channels` rows of runs, each
/// padded to whole vectors.
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
    /// Channels of a group, and the group's offset in the image.
    pub group_out: usize,
    pub group_in: usize,
    /// Holds `area` × `channels` numbers, for the input's gradient.
    pub lists: *mut u32,
}

/// Where the windows are in an image.
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

impl Job<'_> {
    /// The gradient of `channel` at `window`, and where the window of its winner starts.
    #[inline(always)]
    pub unsafe fn winner(&self, window: usize, channel: usize) -> (f32, usize) {
        let at = window * self.channels + channel;
        // SAFETY: the window and the channel exist, and a place is there for every byte.
        unsafe {
            let place = self.windows.places.get_unchecked(*self.winners.add(at) as usize);
            let base = self.windows.bases.get_unchecked(window);
            (*self.gradient.add(at), (base + place) as usize)
        }
    }

    #[inline(always)]
    pub fn group(&self, channel: usize) -> usize {
        channel / self.group_out * self.group_in
    }

    /// Floats of a run's and of a channel's weights.
    #[inline(always)]
    pub fn rows<V: Lanes>(&self) -> (usize, usize) {
        let run = self.windows.run_len.next_multiple_of(V::COUNT);
        (run, run * self.windows.runs.len())
    }
}

/// Where vector `t` of a piece is in the image and in the weights of a channel: of the first
/// `each` vectors of every run, or of the last ones, which are not full.
#[inline(always)]
pub(super) fn vectors<V: Lanes, const T: usize, const FULL: bool>(
    job: &Job<'_>,
    at: usize,
    each: usize,
) -> ([usize; T], [usize; T]) {
    let (row, _) = job.rows::<V>();
    let (mut image, mut weights) = ([0; T], [0; T]);
    let (mut run, mut vector) = (at / each, at % each);
    for t in 0..T {
        let inside = if FULL { vector } else { job.windows.run_len / V::COUNT } * V::COUNT;
        image[t] = job.windows.runs[run] as usize + inside;
        weights[t] = run * row + inside;
        vector += 1;
        if vector == each {
            (run, vector) = (run + 1, 0);
        }
    }
    (image, weights)
}

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
