//! Pooling of one channel: the lanes are windows beside each other, whose taps lie a stride apart.

// Loops over the index of an array unroll into registers; iterators over arrays of vectors may not.
#![allow(clippy::needless_range_loop)]

use super::{Max, Taps, Window};
use crate::engine::simd::Lanes;

/// Vectors of windows that are done together, so that finding a tap serves all.
const MANY: usize = 4;

/// The runs of windows of a row.
pub(super) fn runs(columns: &[Taps], stride: usize) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = vec![];
    for (at, taps) in columns.iter().enumerate() {
        match runs.last_mut() {
            Some((first, count)) if columns[*first].is_before(taps, *count * stride) => *count += 1,
            _ => runs.push((at, 1)),
        }
    }
    runs
}

/// The largest of the windows of a slice, which have one channel.
///
/// # Safety
/// See [`Max`](super::Max).
#[inline(always)]
pub(super) unsafe fn max<V: Lanes>(job: &Max<'_>, slice: usize) {
    // SAFETY: that of this function.
    unsafe {
        match job.winners {
            Some(_) => max_of::<V, true>(job, slice),
            None => max_of::<V, false>(job, slice),
        }
    }
}

/// # Safety
/// See [`Max`](super::Max); there are winners if they are `KEPT`.
#[inline(always)]
unsafe fn max_of<V: Lanes, const KEPT: bool>(job: &Max<'_>, slice: usize) {
    for (y, taps, count) in job.window.runs(slice) {
        for (at, many, lanes) in beside::<V>(count) {
            // SAFETY: the windows from `at` on are there, and their taps lie in the sample.
            unsafe {
                match (many, job.window.sizes[2].stride) {
                    (true, 2) => max_at::<V, MANY, 2, KEPT>(job, (y, taps), at, lanes),
                    (true, _) => max_at::<V, MANY, 0, KEPT>(job, (y, taps), at, lanes),
                    _ => max_at::<V, 1, 0, KEPT>(job, (y, taps), at, lanes),
                }
            }
        }
    }
}

/// The largest of `N` vectors of windows from `at` on, each of so many lanes; 0 is any stride.
///
/// # Safety
/// See [`max_of`].
#[inline(always)]
unsafe fn max_at<V: Lanes, const N: usize, const STRIDE: usize, const KEPT: bool>(
    job: &Max<'_>,
    (y, taps): (usize, [Taps; 3]),
    at: usize,
    lanes: usize,
) {
    let stride = if STRIDE > 0 { STRIDE } else { job.window.sizes[2].stride };
    // SAFETY: that of this function.
    unsafe {
        let (mut largest, mut winner) = ([V::splat(f32::NEG_INFINITY); N], [V::splat(0.0); N]);
        job.window.each(taps, |number, pixel| {
            let number = V::splat(number as f32);
            for i in 0..N {
                let from = job.x.add(pixel + (at + i * lanes) * stride);
                let (x, place) = (load::<V>(from, stride, lanes), winner[i]);
                (largest[i], winner[i]) = largest[i].max_at(place, x, number);
            }
        });
        for i in 0..N {
            let to = y + at + i * lanes;
            largest[i].store_up_to(job.y.add(to), lanes);
            if let Some(winners) = job.winners.filter(|_| KEPT) {
                winner[i].store_bytes_up_to(winners.add(to), lanes);
            }
        }
    }
}

/// The means of all windows, which have one channel.
///
/// # Safety
/// The lengths are the window's.
#[inline(always)]
pub(super) unsafe fn mean<V: Lanes>(window: &Window, x: &[f32], shares: &[f32], y: &mut [f32]) {
    let [_, _, across] = &window.sizes;
    let mut job = Mean { window, x, shares, y };
    for (to, taps, count) in (0..window.sizes[0].output).flat_map(|slice| window.runs(slice)) {
        if count < V::COUNT && taps[2].count >= V::COUNT && across.dilation == 1 {
            for at in 0..count {
                let x = &x[at * across.stride..];
                // SAFETY: the taps lie in the sample.
                job.y[to + at] =
                    unsafe { sum_along::<V>(window, taps, x.as_ptr()) } * shares[to + at];
            }
            continue;
        }
        for (at, many, lanes) in beside::<V>(count) {
            // SAFETY: the windows from `at` on are there, and their taps lie in the sample.
            unsafe {
                match (many, across.stride) {
                    (true, 2) => mean_at::<V, MANY, 2>(&mut job, (to, taps), at, lanes),
                    (true, _) => mean_at::<V, MANY, 0>(&mut job, (to, taps), at, lanes),
                    _ => mean_at::<V, 1, 0>(&mut job, (to, taps), at, lanes),
                }
            }
        }
    }
}

struct Mean<'a> {
    window: &'a Window,
    x: &'a [f32],
    shares: &'a [f32],
    y: &'a mut [f32],
}

/// The means of `N` vectors of windows from `at` on, each of so many lanes; 0 is any stride.
///
/// # Safety
/// See [`mean`].
#[inline(always)]
unsafe fn mean_at<V: Lanes, const N: usize, const STRIDE: usize>(
    job: &mut Mean<'_>,
    (to, taps): (usize, [Taps; 3]),
    at: usize,
    lanes: usize,
) {
    let stride = if STRIDE > 0 { STRIDE } else { job.window.sizes[2].stride };
    // SAFETY: that of this function.
    unsafe {
        let mut sums = [V::splat(0.0); N];
        job.window.each(taps, |_, pixel| {
            for i in 0..N {
                let from = job.x.as_ptr().add(pixel + (at + i * lanes) * stride);
                sums[i] = sums[i].add(load::<V>(from, stride, lanes));
            }
        });
        for i in 0..N {
            let to = to + at + i * lanes;
            let share = V::load_up_to(job.shares.as_ptr().add(to), lanes);
            sums[i].mul(share).store_up_to(job.y.as_mut_ptr().add(to), lanes);
        }
    }
}

/// The sum of a window whose rows are long: the lanes are taps beside each other.
///
/// # Safety
/// The taps lie in the sample, in rows of at least a vector.
#[inline(always)]
unsafe fn sum_along<V: Lanes>(window: &Window, taps: [Taps; 3], x: *const f32) -> f32 {
    // SAFETY: the vectors lie in the rows.
    unsafe {
        let mut sums = [V::splat(0.0); 2];
        window.each_row(taps, |row| {
            let (from, len) = (x.add(row), taps[2].count);
            let whole = len - len % V::COUNT;
            for (i, at) in (0..whole).step_by(V::COUNT).enumerate() {
                sums[i % 2] = sums[i % 2].add(V::load(from.add(at)));
            }
            if whole < len {
                sums[0] = sums[0].add(V::load_first(from.add(whole), len - whole));
            }
        });
        sums[0].add(sums[1]).sum()
    }
}

/// The windows of a run: the number of the first, whether they are many vectors, and the lanes of each.
/// Many vectors while there are so many, then one, the last of which may have been there before, or in a
/// short run one by one.
fn beside<V: Lanes>(count: usize) -> impl Iterator<Item = (usize, bool, usize)> {
    let lanes = if count < V::COUNT { 1 } else { V::COUNT };
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        let many = at + MANY * V::COUNT <= count;
        next += if many { MANY * V::COUNT } else { lanes };
        (at < count).then(|| (if many { at } else { at.min(count - lanes) }, many, lanes))
    })
}

/// The floats of one lane, or of all.
///
/// # Safety
/// They are there, `step` apart.
#[inline(always)]
unsafe fn load<V: Lanes>(from: *const f32, step: usize, lanes: usize) -> V {
    // SAFETY: that of this function.
    unsafe { if lanes == 1 { V::load_up_to(from, 1) } else { V::load_apart(from, step) } }
}
