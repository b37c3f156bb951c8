//! Pooling: windows over pixel-major images, `x[(row · width + column) · channels + channel]`, or
//! over volumes, whose slices lie one behind the other.

mod beside;
#[cfg(test)]
mod reference;
mod scatter;
#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// Which taps of a window lie in the sample, along one axis.
#[derive(Clone, Copy, Debug)]
struct Taps {
    /// The number of the first.
    first: usize,
    count: usize,
    /// Where the first lies.
    at: usize,
}

impl Taps {
    /// Whether the other is the same so many places further.
    fn is_before(&self, other: &Taps, places: usize) -> bool {
        (other.first, other.count, other.at) == (self.first, self.count, self.at + places)
    }
}

/// The sizes of a pooling along one axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowAxis {
    /// Of the input.
    pub(crate) input: usize,
    /// Of the output.
    pub(crate) output: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// Padding before and after.
    pub(crate) padding: [usize; 2],
}

impl WindowAxis {
    /// Windows of this size, side by side.
    pub(crate) fn side_by_side(kernel: usize, output: usize) -> WindowAxis {
        let input = output * kernel;
        WindowAxis { input, output, kernel, stride: kernel, dilation: 1, padding: [0; 2] }
    }

    /// Whether each window is one element, and each element a window.
    pub(crate) fn changes_nothing(&self) -> bool {
        (self.kernel, self.stride, self.padding) == (1, 1, [0; 2])
    }

    /// Whether windows follow each other from the start on; what is left over at the end is cut off.
    pub(crate) fn lies_side_by_side(&self) -> bool {
        (self.stride, self.dilation, self.padding) == (self.kernel, 1, [0; 2])
            && self.output == self.input / self.kernel
    }

    /// Where this tap of this window lies, if it lies in the input.
    fn inside(&self, at: usize, tap: usize) -> Option<usize> {
        let padded = at * self.stride + tap * self.dilation;
        padded.checked_sub(self.padding[0]).filter(|x| *x < self.input)
    }

    fn taps(&self, at: usize) -> Taps {
        let first = (0..self.kernel).find(|tap| self.inside(at, *tap).is_some()).unwrap_or(0);
        let count = (first..self.kernel).map_while(|tap| self.inside(at, tap)).count();
        Taps { first, count, at: self.inside(at, first).unwrap_or(0) }
    }
}

/// The sizes of a pooling, along depth, height and width; an image is one slice.
pub(crate) type WindowSizes = [WindowAxis; 3];

/// A window that slides over an image or a volume.
#[derive(Debug)]
pub(crate) struct Window {
    channels: usize,
    sizes: WindowSizes,
    taps: [Vec<Taps>; 3],
    /// Windows beside each other with the same taps, a stride apart: the first and their number.
    runs: Vec<(usize, usize)>,
    /// For each tap of a window, how far it lies behind the first; of pixels of few channels.
    places: Vec<usize>,
    level: Level,
}

impl Window {
    pub(crate) fn new(channels: usize, sizes: WindowSizes) -> Self {
        Self::at_level(channels, sizes, Level::best())
    }

    fn at_level(channels: usize, sizes: WindowSizes, level: Level) -> Self {
        let taps: [Vec<Taps>; 3] =
            sizes.map(|axis| (0..axis.output).map(|at| axis.taps(at)).collect());
        let runs = beside::runs(&taps[2], sizes[2].stride);
        let places = scatter::places(channels, &sizes);
        Window { channels, sizes, taps, runs, places, level }
    }

    /// The instruction set for lanes that are channels; of one channel, windows beside each other.
    fn fitting(&self) -> Level {
        let [_, _, across] = &self.sizes;
        self.level.fitting(if self.channels == 1 { across.output } else { self.channels })
    }

    /// All taps of a window.
    pub(crate) fn size(&self) -> usize {
        self.sizes.iter().map(|axis| axis.kernel).product()
    }

    /// Whether each window is one pixel, and each pixel a window.
    pub(crate) fn changes_nothing(&self) -> bool {
        self.sizes.iter().all(WindowAxis::changes_nothing)
    }

    /// Floats of a sample.
    pub(crate) fn input_len(&self) -> usize {
        self.sizes.iter().fold(self.channels, |len, axis| len * axis.input)
    }

    /// Floats of what it gives of a sample.
    pub(crate) fn output_len(&self) -> usize {
        self.sizes.iter().fold(self.channels, |len, axis| len * axis.output)
    }

    /// How many taps of each window lie in the sample, or in it and its padding; at least 1.
    pub(crate) fn counts(&self, padding: bool) -> Vec<usize> {
        let along = |(axis, taps): (&WindowAxis, &Vec<Taps>), at: usize| {
            let end = axis.padding[0] + axis.input + axis.padding[1];
            let place = |tap: usize| at * axis.stride + tap * axis.dilation;
            match padding {
                true => (0..axis.kernel).filter(|tap| place(*tap) < end).count(),
                false => taps[at].count,
            }
        };
        let mut counts = vec![1];
        for axis in self.sizes.iter().zip(&self.taps) {
            let windows = |n: usize| (0..axis.0.output).map(move |at| n * along(axis, at));
            counts = counts.into_iter().flat_map(windows).collect();
        }
        counts.into_iter().map(|count| count.max(1)).collect()
    }

    /// Calls `f(place of the result, taps along each axis)` for the windows of a slice.
    #[inline(always)]
    fn windows(&self, slice: usize, mut f: impl FnMut(usize, [Taps; 3])) {
        let [_, rows, columns] = &self.taps;
        let mut y = slice * rows.len() * columns.len() * self.channels;
        for down in rows {
            for across in columns {
                f(y, [self.taps[0][slice], *down, *across]);
                y += self.channels;
            }
        }
    }

    /// The runs of a slice: the place of the first result, its taps, and the number of windows. No
    /// closure takes them: a large one would not be compiled for the instruction set.
    fn runs(&self, slice: usize) -> impl Iterator<Item = (usize, [Taps; 3], usize)> {
        let [_, rows, columns] = &self.taps;
        let (row, first_row) = (columns.len() * self.channels, slice * rows.len());
        rows.iter().enumerate().flat_map(move |(number, down)| {
            let y = (first_row + number) * row;
            self.runs.iter().map(move |&(first, count)| {
                let taps = [self.taps[0][slice], *down, columns[first]];
                (y + first * self.channels, taps, count)
            })
        })
    }

    /// Calls `f(number, place of the pixel)` for the taps of a window in the sample, in order. Plain
    /// loops: where pixels have few channels, an iterator would take longer than what is done with
    /// them.
    #[inline(always)]
    fn each(&self, [deep, down, across]: [Taps; 3], mut f: impl FnMut(usize, usize)) {
        let [depth, height, width] = &self.sizes;
        for h in 0..deep.count {
            let slice = (deep.at + h * depth.dilation) * height.input + down.at;
            let plane = (deep.first + h) * height.kernel + down.first;
            for i in 0..down.count {
                let pixel = (slice + i * height.dilation) * width.input + across.at;
                let row = (plane + i) * width.kernel + across.first;
                for j in 0..across.count {
                    f(row + j, (pixel + j * width.dilation) * self.channels);
                }
            }
        }
    }

    /// Calls `f(place of the first)` for the rows of a window in the sample.
    #[inline(always)]
    fn each_row(&self, [deep, down, across]: [Taps; 3], mut f: impl FnMut(usize)) {
        let [depth, height, width] = &self.sizes;
        for h in 0..deep.count {
            let slice = (deep.at + h * depth.dilation) * height.input + down.at;
            for i in 0..down.count {
                f(((slice + i * height.dilation) * width.input + across.at) * self.channels);
            }
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
        unsafe { max(self.fitting(), &job) };
    }

    /// Overwrites `dx` with zeros where it is the first gradient, and adds to it at the winners.
    pub(crate) fn max_gradient(&self, dy: &[f32], winners: &[u8], dx: &mut [f32], first: bool) {
        self.slice_by_slice(dx, first, |slice, dx| {
            if self.channels <= scatter::FEW {
                return scatter::max_gradient(self, slice, dy, winners, dx);
            }
            // SAFETY: safe code, compiled for each instruction set.
            unsafe { max_gradient(self.level, self, slice, dy, winners, dx) };
        });
    }

    /// As [`max_gradient`](Self::max_gradient), where winners were not kept: where nothing is above
    /// −∞, the first tap wins.
    pub(crate) fn max_gradient_again(&self, x: &[f32], dy: &[f32], dx: &mut [f32], first: bool) {
        self.slice_by_slice(dx, first, |slice, dx| {
            self.windows(slice, |y, taps| {
                for channel in 0..self.channels {
                    let (mut largest, mut winner) = (f32::NEG_INFINITY, None);
                    self.each(taps, |number, pixel| {
                        let x = x[pixel + channel];
                        if x > largest || x.is_nan() || number == 0 {
                            (largest, winner) = (x, Some(pixel + channel));
                        }
                    });
                    if let Some(winner) = winner {
                        dx[winner] += dy[y + channel];
                    }
                }
            });
        });
    }

    /// Calls `f` for each slice of the results. Where `dx` is the first gradient, zeros are written
    /// no further than a slice needs: they are still near when it adds to them.
    fn slice_by_slice(&self, dx: &mut [f32], first: bool, mut f: impl FnMut(usize, &mut [f32])) {
        assert_eq!(dx.len(), self.input_len());
        let len = dx.len() / self.sizes[0].input;
        let mut done = if first { 0 } else { dx.len() };
        for (slice, taps) in self.taps[0].iter().enumerate() {
            let last = taps.at + taps.count.saturating_sub(1) * self.sizes[0].dilation;
            let end = done.max((last + 1) * len);
            dx[done..end].fill(0.0);
            done = end;
            f(slice, dx);
        }
        dx[done..].fill(0.0);
    }

    /// The sum of each window, times its share.
    pub(crate) fn mean(&self, x: &[f32], shares: &[f32], y: &mut [f32]) {
        assert!(x.len() == self.input_len() && y.len() == self.output_len());
        assert_eq!(shares.len() * self.channels, y.len());
        // SAFETY: the lengths are the window's.
        unsafe { mean(self.fitting(), self, x, shares, y) };
    }

    /// Overwrites `dx` where it is the first gradient, else adds to it.
    pub(crate) fn mean_gradient(&self, dy: &[f32], shares: &[f32], dx: &mut [f32], first: bool) {
        self.slice_by_slice(dx, first, |slice, dx| {
            if self.channels == 1 {
                return scatter::mean_gradient(self, slice, dy, shares, dx);
            }
            // SAFETY: safe code, compiled for each instruction set.
            unsafe { mean_gradient(self.level, self, slice, dy, shares, dx) };
        });
    }
}

/// # Safety
/// `x` and `y` point at a sample and its result, as does `winners`.
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
    for slice in 0..window.sizes[0].output {
        if window.channels == 1 {
            // SAFETY: that of this function.
            unsafe { beside::max::<V>(job, slice) };
            continue;
        }
        window.windows(slice, |y, taps| {
            for first in (0..window.channels).step_by(V::COUNT) {
                let count = V::COUNT.min(window.channels - first);
                // SAFETY: `count` channels are left of every pixel, and taps lie in the sample.
                unsafe {
                    let (mut largest, mut winner) = (V::splat(f32::NEG_INFINITY), V::splat(0.0));
                    window.each(taps, |number, pixel| {
                        let x = V::load_up_to(job.x.add(pixel + first), count);
                        (largest, winner) = largest.max_at(winner, x, V::splat(number as f32));
                    });
                    largest.store_up_to(job.y.add(y + first), count);
                    if let Some(winners) = job.winners {
                        winner.store_bytes_up_to(winners.add(y + first), count);
                    }
                }
            }
        });
    }
}

kernel!(unsafe fn max_gradient(window: &Window, slice: usize, dy: &[f32], winners: &[u8], dx: &mut [f32]) = max_gradient_body);

#[inline(always)]
unsafe fn max_gradient_body<V: Lanes>(
    window: &Window,
    slice: usize,
    dy: &[f32],
    winners: &[u8],
    dx: &mut [f32],
) {
    window.windows(slice, |y, taps| {
        let (dy, winners) = (&dy[y..y + window.channels], &winners[y..y + window.channels]);
        window.each(taps, |number, pixel| {
            let number = number as u8;
            let dx = &mut dx[pixel..pixel + window.channels];
            for (dx, (dy, winner)) in dx.iter_mut().zip(dy.iter().zip(winners)) {
                *dx += if *winner == number { *dy } else { 0.0 };
            }
        });
    });
}

kernel!(unsafe fn mean(window: &Window, x: &[f32], shares: &[f32], y: &mut [f32]) = mean_body);

#[inline(always)]
unsafe fn mean_body<V: Lanes>(window: &Window, x: &[f32], shares: &[f32], y: &mut [f32]) {
    if window.channels == 1 {
        // SAFETY: that of this function.
        return unsafe { beside::mean::<V>(window, x, shares, y) };
    }
    let (mut shares, channels) = (shares.iter(), window.channels);
    for slice in 0..window.sizes[0].output {
        window.windows(slice, |at, taps| {
            let Some(share) = shares.next() else { return };
            for first in (0..channels).step_by(V::COUNT) {
                let count = V::COUNT.min(channels - first);
                let y = &mut y[at + first..at + first + count];
                // SAFETY: `count` floats are there, of every slice.
                unsafe {
                    let mut sum = V::splat(0.0);
                    window.each(taps, |_, pixel| {
                        let x = &x[pixel + first..pixel + first + count];
                        sum = sum.add(V::load_up_to(x.as_ptr(), count));
                    });
                    sum.mul(V::splat(*share)).store_up_to(y.as_mut_ptr(), count);
                }
            }
        });
    }
}

kernel!(unsafe fn mean_gradient(window: &Window, slice: usize, dy: &[f32], shares: &[f32], dx: &mut [f32]) = mean_gradient_body);

#[inline(always)]
unsafe fn mean_gradient_body<V: Lanes>(
    window: &Window,
    slice: usize,
    dy: &[f32],
    shares: &[f32],
    dx: &mut [f32],
) {
    window.windows(slice, |y, taps| {
        let (dy, share) = (&dy[y..y + window.channels], shares[y / window.channels]);
        window.each(taps, |_, pixel| {
            let dx = &mut dx[pixel..pixel + window.channels];
            for (dx, dy) in dx.iter_mut().zip(dy) {
                *dx += dy * share;
            }
        });
    });
}
