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
    /// Where each pooled window's first convolution starts in the image.
    pub bases: &'a [u32],
    /// Where, from there, that of each winner starts.
    pub places: &'a [u32; 256],
    pub runs: &'a [u32],
    pub run_len: usize,
    pub channels: usize,
    /// Channels of a group, and the group's offset in the image.
    pub group_out: usize,
    pub group_in: usize,
}

impl Job<'_> {
    /// The gradient of `channel` at `window`, and the image from where its winner's window starts.
    #[inline(always)]
    unsafe fn winner(&self, window: usize, channel: usize) -> (f32, usize) {
        let at = window * self.channels + channel;
        // SAFETY: the window and the channel exist, and a place is there for every byte.
        unsafe {
            let place = self.places.get_unchecked(*self.winners.add(at) as usize);
            (*self.gradient.add(at), (*self.bases.get_unchecked(window) + place) as usize)
        }
    }

    #[inline(always)]
    fn group(&self, channel: usize) -> usize {
        channel / self.group_out * self.group_in
    }

    /// Floats of a run's and of a channel's weights.
    #[inline(always)]
    fn rows<V: Lanes>(&self) -> (usize, usize) {
        let run = self.run_len.next_multiple_of(V::COUNT);
        (run, run * self.runs.len())
    }
}

kernel!(pub(super) unsafe fn weight_gradient(job: &Job<'_>) = weight_gradient_lanes);
kernel!(pub(super) unsafe fn input_gradient(job: &Job<'_>) = input_gradient_lanes);

/// Adds to the weights' gradient.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn weight_gradient_lanes<V: Lanes>(job: &Job<'_>) {
    let full = job.run_len / V::COUNT;
    // SAFETY: the vectors lie inside the runs.
    unsafe {
        slots::<V, true>(job, full);
        if job.run_len % V::COUNT > 0 {
            slots::<V, false>(job, 1);
        }
    }
}

/// `each` vectors of every run, in pieces that fit into the registers: whole vectors, or the last
/// of each run.
#[inline(always)]
unsafe fn slots<V: Lanes, const FULL: bool>(job: &Job<'_>, each: usize) {
    let (mut at, all) = (0, each * job.runs.len());
    macro_rules! pieces {
        ($($slots:literal by $channels:literal)*) => {
            $(while at + $slots <= all {
                // SAFETY: the vectors lie inside the runs.
                unsafe { piece::<V, $slots, $channels, FULL>(job, at, each) };
                at += $slots;
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
unsafe fn piece<V: Lanes, const T: usize, const O: usize, const FULL: bool>(
    job: &Job<'_>,
    at: usize,
    each: usize,
) {
    let (row, channel_len) = job.rows::<V>();
    let (mut from, mut to) = ([0; T], [0; T]);
    for t in 0..T {
        let (run, vector) = ((at + t) / each, (at + t) % each);
        let inside = if FULL { vector * V::COUNT } else { job.run_len / V::COUNT * V::COUNT };
        from[t] = job.runs[run] as usize + inside;
        to[t] = run * row + inside;
    }
    let mut channel = 0;
    // SAFETY: the channels exist.
    unsafe {
        while channel + O <= job.channels {
            let weights = job.weights.add(channel * channel_len);
            tile::<V, T, O, FULL>(job, channel, &from, &to, weights);
            channel += O;
        }
        while channel < job.channels {
            let weights = job.weights.add(channel * channel_len);
            tile::<V, T, 1, FULL>(job, channel, &from, &to, weights);
            channel += 1;
        }
    }
}

/// `T` vectors for `O` channels: the sums stay in registers over all windows.
#[inline(always)]
unsafe fn tile<V: Lanes, const T: usize, const O: usize, const FULL: bool>(
    job: &Job<'_>,
    channel: usize,
    from: &[usize; T],
    to: &[usize; T],
    weights: *mut f32,
) {
    let (_, channel_len) = job.rows::<V>();
    let rest = job.run_len % V::COUNT;
    let mut groups = [0; O];
    for o in 0..O {
        groups[o] = job.group(channel + o);
    }
    // SAFETY: the windows and the vectors exist.
    unsafe {
        let mut sums = [[V::splat(0.0); T]; O];
        for window in 0..job.bases.len() {
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
                let to = weights.add(o * channel_len + to[t]);
                V::load(to).add(sums[o][t]).store(to);
            }
        }
    }
}

/// Adds to the image's gradient.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn input_gradient_lanes<V: Lanes>(job: &Job<'_>) {
    let (row, channel_len) = job.rows::<V>();
    let (full, rest) = (job.run_len / V::COUNT, job.run_len % V::COUNT);
    for window in 0..job.bases.len() {
        for channel in 0..job.channels {
            // SAFETY: the windows and the channels exist.
            unsafe {
                let (gradient, place) = job.winner(window, channel);
                if gradient == 0.0 {
                    continue;
                }
                let gradient = V::splat(gradient);
                let image = job.image.add(place + job.group(channel));
                let mut weights = job.weights.add(channel * channel_len);
                for &run in job.runs {
                    let image = image.add(run as usize);
                    for i in 0..full {
                        let (to, weights) = (image.add(i * V::COUNT), weights.add(i * V::COUNT));
                        gradient.mul_add(V::load(weights), V::load(to)).store(to);
                    }
                    if rest > 0 {
                        let (to, weights) =
                            (image.add(full * V::COUNT), weights.add(full * V::COUNT));
                        let sum = gradient.mul_add(V::load(weights), V::load_first(to, rest));
                        sum.store_first(to, rest);
                    }
                    weights = weights.add(row);
                }
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
