//! Pooling: windows over pixel-major images, `x[(row · width + column) · channels + channel]`.

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// Which taps of a window lie in the image, along one axis.
#[derive(Clone, Copy, Debug)]
struct Taps {
    /// The number of the first.
    first: usize,
    count: usize,
    /// Where the first lies.
    at: usize,
}

/// The sizes of a pooling, along height and width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowSizes {
    /// Of the input.
    pub(crate) input: [usize; 2],
    /// Of the output.
    pub(crate) output: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    /// Padding above, below, left, right.
    pub(crate) padding: [usize; 4],
}

/// A window that slides over an image.
#[derive(Debug)]
pub(crate) struct Window {
    channels: usize,
    sizes: WindowSizes,
    taps: [Vec<Taps>; 2],
    level: Level,
}

/// One tap of one window: its number, and where its pixel and the window's result begin.
struct Tap {
    number: usize,
    x: usize,
    y: usize,
}

impl Window {
    pub(crate) fn new(channels: usize, sizes: WindowSizes) -> Self {
        Self::at_level(channels, sizes, Level::best())
    }

    fn at_level(channels: usize, sizes: WindowSizes, level: Level) -> Self {
        let taps = [0, 1].map(|axis| {
            let inside = |at: usize, tap: usize| {
                let padded = at * sizes.stride[axis] + tap * sizes.dilation[axis];
                padded.checked_sub(sizes.padding[2 * axis]).filter(|x| *x < sizes.input[axis])
            };
            let taps = |at: usize| {
                let first = (0..sizes.kernel[axis]).find(|tap| inside(at, *tap).is_some());
                let first = first.unwrap_or(0);
                let count = (first..sizes.kernel[axis]).map_while(|tap| inside(at, tap)).count();
                Taps { first, count, at: inside(at, first).unwrap_or(0) }
            };
            (0..sizes.output[axis]).map(taps).collect()
        });
        Window { channels, sizes, taps, level }
    }

    /// All taps of a window.
    pub(crate) fn size(&self) -> usize {
        self.sizes.kernel[0] * self.sizes.kernel[1]
    }

    /// Whether each window is one pixel, and each pixel a window.
    pub(crate) fn changes_nothing(&self) -> bool {
        let WindowSizes { kernel, stride, padding, .. } = self.sizes;
        (kernel, stride, padding) == ([1; 2], [1; 2], [0; 4])
    }

    /// Floats of an image.
    pub(crate) fn input_len(&self) -> usize {
        self.channels * self.sizes.input[0] * self.sizes.input[1]
    }

    /// Floats of what it gives of an image.
    pub(crate) fn output_len(&self) -> usize {
        self.channels * self.sizes.output[0] * self.sizes.output[1]
    }

    /// How many taps of each window lie in the image, or in the image and its padding; at least 1.
    pub(crate) fn counts(&self, padding: bool) -> Vec<usize> {
        let along = |axis: usize, at: usize| {
            let [before, after] = [self.sizes.padding[2 * axis], self.sizes.padding[2 * axis + 1]];
            let end = before + self.sizes.input[axis] + after;
            let place = |tap: usize| at * self.sizes.stride[axis] + tap * self.sizes.dilation[axis];
            match padding {
                true => (0..self.sizes.kernel[axis]).filter(|tap| place(*tap) < end).count(),
                false => self.taps[axis][at].count,
            }
        };
        let [rows, columns] = self.sizes.output;
        let count = |row, column| (along(0, row) * along(1, column)).max(1);
        (0..rows).flat_map(|row| (0..columns).map(move |column| count(row, column))).collect()
    }

    /// The taps in the image, in order, of the window at this row and column.
    #[inline(always)]
    fn taps(&self, row: usize, column: usize) -> impl Iterator<Item = Tap> {
        let (down, across) = (self.taps[0][row], self.taps[1][column]);
        (0..down.count).flat_map(move |i| {
            (0..across.count).map(move |j| self.tap((row, column), (down, across), (i, j)))
        })
    }

    /// All taps of all windows. Plain loops: where pixels have few channels, an iterator would take
    /// longer than what is done with them.
    #[inline(always)]
    fn each(&self, mut f: impl FnMut(Tap)) {
        let [rows, columns] = self.sizes.output;
        for row in 0..rows {
            for column in 0..columns {
                let (down, across) = (self.taps[0][row], self.taps[1][column]);
                for i in 0..down.count {
                    for j in 0..across.count {
                        f(self.tap((row, column), (down, across), (i, j)));
                    }
                }
            }
        }
    }

    /// Tap (i, j) of those in the image of the window at this row and column.
    #[inline(always)]
    fn tap(
        &self,
        (row, column): (usize, usize),
        (down, across): (Taps, Taps),
        (i, j): (usize, usize),
    ) -> Tap {
        let x = (down.at + i * self.sizes.dilation[0]) * self.sizes.input[1] + across.at;
        Tap {
            number: (down.first + i) * self.sizes.kernel[1] + across.first + j,
            x: (x + j * self.sizes.dilation[1]) * self.channels,
            y: (row * self.sizes.output[1] + column) * self.channels,
        }
    }

    /// The largest value of each window, and the number of its tap where `winners` is not empty.
    /// The first of equals wins, a NaN wins over all.
    pub(crate) fn max(&self, x: &[f32], y: &mut [f32], winners: &mut [u8]) {
        assert!(x.len() == self.input_len() && y.len() == self.output_len());
        assert!(winners.is_empty() || winners.len() == y.len() && self.size() <= 256);
        let to = (!winners.is_empty()).then_some(winners.as_mut_ptr());
        let job = Max { window: self, x: x.as_ptr(), y: y.as_mut_ptr(), winners: to };
        // SAFETY: the lengths are the window's.
        unsafe { max(self.level.fitting(self.channels), &job) };
    }

    /// Adds to `dx` at the winners.
    pub(crate) fn max_gradient(&self, dy: &[f32], winners: &[u8], dx: &mut [f32]) {
        // SAFETY: safe code, compiled for each instruction set.
        unsafe { max_gradient(self.level, self, dy, winners, dx) };
    }

    /// As [`max_gradient`](Self::max_gradient), where winners were not kept: where nothing is above
    /// −∞, the first tap wins.
    pub(crate) fn max_gradient_again(&self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let [rows, columns] = self.sizes.output;
        for place in 0..rows * columns {
            for channel in 0..self.channels {
                let mut largest = f32::NEG_INFINITY;
                let first = self.taps(place / columns, place % columns).find(|tap| tap.number == 0);
                let mut winner = first.map(|tap| tap.x + channel);
                for tap in self.taps(place / columns, place % columns) {
                    let x = x[tap.x + channel];
                    if x > largest || x.is_nan() {
                        (largest, winner) = (x, Some(tap.x + channel));
                    }
                }
                if let Some(winner) = winner {
                    dx[winner] += dy[place * self.channels + channel];
                }
            }
        }
    }

    /// The sum of each window, times its share.
    pub(crate) fn mean(&self, x: &[f32], shares: &[f32], y: &mut [f32]) {
        // SAFETY: safe code, compiled for each instruction set.
        unsafe { mean(self.level, self, x, shares, y) };
    }

    /// Adds to `dx`.
    pub(crate) fn mean_gradient(&self, dy: &[f32], shares: &[f32], dx: &mut [f32]) {
        // SAFETY: safe code, compiled for each instruction set.
        unsafe { mean_gradient(self.level, self, dy, shares, dx) };
    }
}

/// # Safety
/// `x` and `y` point at an image and its result, as does `winners`.
struct Max<'a> {
    window: &'a Window,
    x: *const f32,
    y: *mut f32,
    winners: Option<*mut u8>,
}

kernel!(unsafe fn max(job: &Max<'_>) = max_lanes);

/// # Safety
/// See [`Max`].
#[inline(always)]
unsafe fn max_lanes<V: Lanes>(job: &Max<'_>) {
    let window = job.window;
    let [rows, columns] = window.sizes.output;
    for row in 0..rows {
        for column in 0..columns {
            let y = (row * columns + column) * window.channels;
            for first in (0..window.channels).step_by(V::COUNT) {
                let count = V::COUNT.min(window.channels - first);
                // SAFETY: `count` channels are left of every pixel, and taps lie in the image.
                unsafe {
                    let (mut largest, mut place) = (V::splat(f32::NEG_INFINITY), V::splat(0.0));
                    for tap in window.taps(row, column) {
                        let x = V::load_up_to(job.x.add(tap.x + first), count);
                        (largest, place) = largest.max_at(place, x, V::splat(tap.number as f32));
                    }
                    largest.store_up_to(job.y.add(y + first), count);
                    if let Some(winners) = job.winners {
                        place.store_bytes_up_to(winners.add(y + first), count);
                    }
                }
            }
        }
    }
}

kernel!(unsafe fn max_gradient(window: &Window, dy: &[f32], winners: &[u8], dx: &mut [f32]) = max_gradient_body);

#[inline(always)]
unsafe fn max_gradient_body<V: Lanes>(window: &Window, dy: &[f32], winners: &[u8], dx: &mut [f32]) {
    window.each(|tap| {
        let number = tap.number as u8;
        let from = tap.y..tap.y + window.channels;
        let from = dy[from.clone()].iter().zip(&winners[from]);
        for (dx, (dy, winner)) in dx[tap.x..tap.x + window.channels].iter_mut().zip(from) {
            *dx += if *winner == number { *dy } else { 0.0 };
        }
    });
}

kernel!(unsafe fn mean(window: &Window, x: &[f32], shares: &[f32], y: &mut [f32]) = mean_body);

#[inline(always)]
unsafe fn mean_body<V: Lanes>(window: &Window, x: &[f32], shares: &[f32], y: &mut [f32]) {
    y.fill(0.0);
    window.each(|tap| {
        let x = &x[tap.x..tap.x + window.channels];
        for (y, x) in y[tap.y..tap.y + window.channels].iter_mut().zip(x) {
            *y += x;
        }
    });
    for (y, share) in y.chunks_exact_mut(window.channels).zip(shares) {
        for y in y {
            *y *= share;
        }
    }
}

kernel!(unsafe fn mean_gradient(window: &Window, dy: &[f32], shares: &[f32], dx: &mut [f32]) = mean_gradient_body);

#[inline(always)]
unsafe fn mean_gradient_body<V: Lanes>(
    window: &Window,
    dy: &[f32],
    shares: &[f32],
    dx: &mut [f32],
) {
    window.each(|tap| {
        let share = shares[tap.y / window.channels];
        let dy = &dy[tap.y..tap.y + window.channels];
        for (dx, dy) in dx[tap.x..tap.x + window.channels].iter_mut().zip(dy) {
            *dx += dy * share;
        }
    });
}
