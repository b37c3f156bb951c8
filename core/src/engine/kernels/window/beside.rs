//! Pooling of one channel: the lanes are windows beside each other, whose taps lie a stride apart.

use super::{Max, Taps, Window};
use crate::engine::simd::Lanes;

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
    let (window, stride) = (job.window, job.window.sizes[2].stride);
    window.runs(slice, |y, taps, count| {
        each_beside::<V>(count, |at, lanes| {
            // SAFETY: the windows from `at` on are there, and their taps lie in the sample.
            unsafe {
                let (mut largest, mut winner) = (V::splat(f32::NEG_INFINITY), V::splat(0.0));
                window.each(taps, |number, pixel| {
                    let x = load::<V>(job.x.add(pixel + at * stride), stride, lanes);
                    (largest, winner) = largest.max_at(winner, x, V::splat(number as f32));
                });
                largest.store_up_to(job.y.add(y + at), lanes);
                if let Some(winners) = job.winners {
                    winner.store_bytes_up_to(winners.add(y + at), lanes);
                }
            }
        });
    });
}

/// The means of all windows, which have one channel.
///
/// # Safety
/// The lengths are the window's.
#[inline(always)]
pub(super) unsafe fn mean<V: Lanes>(window: &Window, x: &[f32], shares: &[f32], y: &mut [f32]) {
    let stride = window.sizes[2].stride;
    for slice in 0..window.sizes[0].output {
        window.runs(slice, |to, taps, count| {
            each_beside::<V>(count, |at, lanes| {
                // SAFETY: the windows from `at` on are there, and their taps lie in the sample.
                unsafe {
                    let mut sum = V::splat(0.0);
                    window.each(taps, |_, pixel| {
                        let from = x.as_ptr().add(pixel + at * stride);
                        sum = sum.add(load::<V>(from, stride, lanes));
                    });
                    let share = V::load_up_to(shares.as_ptr().add(to + at), lanes);
                    sum.mul(share).store_up_to(y.as_mut_ptr().add(to + at), lanes);
                }
            });
        });
    }
}

/// Calls `f(number of the first, how many)` for windows of a run: as many as there are lanes, the last
/// of which may have been there before, or in a short run one by one.
#[inline(always)]
fn each_beside<V: Lanes>(count: usize, mut f: impl FnMut(usize, usize)) {
    let lanes = if count < V::COUNT { 1 } else { V::COUNT };
    for at in (0..count).step_by(lanes) {
        f(at.min(count - lanes), lanes);
    }
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
