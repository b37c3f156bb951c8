//! The kernels of the gradients behind max pooling: only the winners of the windows have one.

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
    unsafe fn winner(&self, window: usize, channel: usize) -> (f32, usize) {
        let at = window * self.channels + channel;
        // SAFETY: the window and the channel exist, and a place is there for every byte.
        unsafe {
            let place = self.windows.places.get_unchecked(*self.winners.add(at) as usize);
            let base = self.windows.bases.get_unchecked(window);
            (*self.gradient.add(at), (base + place) as usize)
        }
    }

    #[inline(always)]
    fn group(&self, channel: usize) -> usize {
        channel / self.group_out * self.group_in
    }

    /// Floats of a run's and of a channel's weights.
    #[inline(always)]
    fn rows<V: Lanes>(&self) -> (usize, usize) {
        let run = self.windows.run_len.next_multiple_of(V::COUNT);
        (run, run * self.windows.runs.len())
    }
}

/// Where vector `t` of a piece is in the image and in the weights of a channel: of the first
/// `each` vectors of every run, or of the last ones, which are not full.
#[inline(always)]
fn vectors<V: Lanes, const T: usize, const FULL: bool>(
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
    let (mut at, all) = (0, each * job.windows.runs.len());
    macro_rules! pieces {
        ($($vectors:literal by $channels:literal)*) => {
            $(while at + $vectors <= all {
                // SAFETY: the vectors lie inside the runs.
                unsafe { gather_piece::<V, $vectors, $channels, FULL>(job, at, each) };
                at += $vectors;
            })*
        };
    }
    if V::REGISTERS >= 32 {
        pieces!(18 by 1  9 by 2  6 by 4  3 by 8  2 by 8  1 by 8);
    } else {
        pieces!(12 by 1  6 by 2  3 by 4  1 by 8);
    }
}

/// `T` vectors for all channels, `O` at a time.
#[inline(always)]
unsafe fn gather_piece<V: Lanes, const T: usize, const O: usize, const FULL: bool>(
    job: &Job<'_>,
    at: usize,
    each: usize,
) {
    let (from, to) = vectors::<V, T, FULL>(job, at, each);
    let mut channel = 0;
    // SAFETY: the channels exist.
    unsafe {
        while channel + O <= job.channels {
            gather_tile::<V, T, O, FULL>(job, channel, &from, &to);
            channel += O;
        }
        while channel < job.channels {
            gather_tile::<V, T, 1, FULL>(job, channel, &from, &to);
            channel += 1;
        }
    }
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

kernel!(pub(super) unsafe fn input_gradient(job: &Job<'_>) = input_gradient_lanes);

/// Adds to the image's gradient: for every winner of a window the sum over the channels that
/// chose it.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn input_gradient_lanes<V: Lanes>(job: &Job<'_>) {
    let (full, rest) = (job.windows.run_len / V::COUNT, job.windows.run_len % V::COUNT);
    for window in job.range.0..job.range.1 {
        for first in (0..job.channels).step_by(job.group_out) {
            let mut counts = [0; 256];
            // SAFETY: the lists hold all channels for every winner.
            unsafe {
                sort(job, window, first, &mut counts);
                for winner in 0..job.windows.area {
                    let len = counts[winner];
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
            $(while at + $vectors <= all {
                // SAFETY: the vectors lie inside the runs.
                unsafe { scatter_tile::<V, $vectors, FULL>(job, at, each, window, list) };
                at += $vectors;
            })*
        };
    }
    if V::REGISTERS >= 32 {
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
