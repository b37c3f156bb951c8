//! Gradients of pooling where pixels have few channels: float by float, each to where it belongs, since
//! no vector would be full.

use super::{Taps, Window, WindowAxis, WindowSizes};

/// Channels that are done one by one: a few take less time than all taps of a window.
pub(super) const FEW: usize = 4;

/// How far each tap lies behind the first, in floats; none where that is not asked for.
pub(super) fn places(channels: usize, [z, y, x]: &WindowSizes) -> Vec<usize> {
    let along = |axis: &WindowAxis| (0..axis.kernel * axis.dilation).step_by(axis.dilation);
    let mut places = vec![];
    if channels > FEW || z.kernel * y.kernel * x.kernel > 256 {
        return places;
    }
    for slice in along(z) {
        for row in along(y) {
            let pixel = (slice * y.input + row) * x.input;
            places.extend(along(x).map(|column| (pixel + column) * channels));
        }
    }
    places
}

/// Adds to the winners of a slice of the results.
pub(super) fn max_gradient(
    window: &Window,
    slice: usize,
    dy: &[f32],
    winners: &[u8],
    dx: &mut [f32],
) {
    let (channels, stride) = (window.channels, window.sizes[2].stride * window.channels);
    for (y, taps, count) in window.runs(slice) {
        let len = count * channels;
        let (dy, winners) = (&dy[y..y + len], &winners[y..y + len]);
        let windows = dy.chunks_exact(channels).zip(winners.chunks_exact(channels)).enumerate();
        let first = window.first(taps);
        // Where the first tap is inside, each winner is.
        if taps.iter().any(|taps| taps.first > 0 || taps.count == 0) {
            for (number, (dy, winners)) in windows {
                window.each(taps, |tap, pixel| {
                    for ((dx, dy), winner) in
                        dx[pixel + number * stride..].iter_mut().zip(dy).zip(winners)
                    {
                        *dx += if usize::from(*winner) == tap { *dy } else { 0.0 };
                    }
                });
            }
        } else if channels == 1 {
            add_to_winners(dy, winners, &window.places, &mut dx[first..], stride);
        } else {
            for (number, (dy, winners)) in windows {
                for (channel, (dy, winner)) in dy.iter().zip(winners).enumerate() {
                    let tap = window.places[usize::from(*winner)];
                    dx[first + number * stride + tap + channel] += dy;
                }
            }
        }
    }
}

/// Adds to the winners of windows of one channel, so many floats apart. A function of its own: what it
/// writes is none of what it reads, which a compiler must know.
#[inline(never)]
fn add_to_winners(dy: &[f32], winners: &[u8], places: &[usize], dx: &mut [f32], stride: usize) {
    for (number, (dy, winner)) in dy.iter().zip(winners).enumerate() {
        dx[number * stride + places[usize::from(*winner)]] += dy;
    }
}

/// Adds the gradients of one channel, times their shares, to all taps of a slice of the results.
pub(super) fn mean_gradient(
    window: &Window,
    slice: usize,
    dy: &[f32],
    shares: &[f32],
    dx: &mut [f32],
) {
    let [_, _, WindowAxis { stride, dilation, .. }] = window.sizes;
    for (y, taps, count) in window.runs(slice) {
        let (dy, shares, across) = (&dy[y..y + count], &shares[y..y + count], taps[2].count);
        // Where no tap is another window's, row by row; else the next addition would wait for the last.
        if dilation == 1 && (across <= stride || count < across) {
            window.each_row(taps, |row| match across {
                2 => add_beside(dy, shares, &mut dx[row..], stride, 2),
                4 => add_beside(dy, shares, &mut dx[row..], stride, 4),
                _ => add_beside(dy, shares, &mut dx[row..], stride, across),
            });
            continue;
        }
        window.each(taps, |_, pixel| match stride {
            2 => add_apart(dy, shares, &mut dx[pixel..], 2),
            _ => add_apart(dy, shares, &mut dx[pixel..], stride),
        });
    }
}

/// Adds to so many taps of each window of a row.
#[inline(always)]
fn add_beside(dy: &[f32], shares: &[f32], row: &mut [f32], stride: usize, taps: usize) {
    for (number, (dy, share)) in dy.iter().zip(shares).enumerate() {
        let part = dy * share;
        row[number * stride..][..taps].iter_mut().for_each(|dx| *dx += part);
    }
}

/// Adds to one tap of each window of a row.
#[inline(always)]
fn add_apart(dy: &[f32], shares: &[f32], places: &mut [f32], stride: usize) {
    for (dx, (dy, share)) in places.iter_mut().step_by(stride).zip(dy.iter().zip(shares)) {
        *dx += dy * share;
    }
}

impl Window {
    /// Where the first of these taps lies.
    fn first(&self, [deep, down, across]: [Taps; 3]) -> usize {
        let [_, height, width] = &self.sizes;
        ((deep.at * height.input + down.at) * width.input + across.at) * self.channels
    }
}
