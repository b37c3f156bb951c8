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
    window.runs(slice, |y, taps, count| {
        let len = count * channels;
        let (dy, winners) = (&dy[y..y + len], &winners[y..y + len]);
        let windows = dy.chunks_exact(channels).zip(winners.chunks_exact(channels)).enumerate();
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
            return;
        }
        let first = window.first(taps);
        if channels == 1 {
            for (number, (dy, winner)) in dy.iter().zip(winners).enumerate() {
                dx[first + number * stride + window.places[usize::from(*winner)]] += dy;
            }
            return;
        }
        for (number, (dy, winners)) in windows {
            for (channel, (dy, winner)) in dy.iter().zip(winners).enumerate() {
                let tap = window.places[usize::from(*winner)];
                dx[first + number * stride + tap + channel] += dy;
            }
        }
    });
}

/// Adds the gradients of one channel, times their shares, to all taps of a slice of the results.
pub(super) fn mean_gradient(
    window: &Window,
    slice: usize,
    dy: &[f32],
    shares: &[f32],
    dx: &mut [f32],
) {
    let stride = window.sizes[2].stride;
    window.runs(slice, |y, taps, count| {
        let windows = dy[y..y + count].iter().zip(&shares[y..y + count]);
        window.each(taps, |_, pixel| {
            let places = dx[pixel..].iter_mut().step_by(stride);
            for (dx, (dy, share)) in places.zip(windows.clone()) {
                *dx += dy * share;
            }
        });
    });
}

impl Window {
    /// Where the first of these taps lies.
    fn first(&self, [deep, down, across]: [Taps; 3]) -> usize {
        let [_, height, width] = &self.sizes;
        ((deep.at * height.input + down.at) * width.input + across.at) * self.channels
    }
}
