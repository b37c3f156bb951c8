//! Slow and obvious: what the kernels must compute, tap by tap.

use super::{WindowAxis, WindowSizes};

#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    pub channels: usize,
    pub sizes: WindowSizes,
}

impl Reference {
    pub fn input_len(&self) -> usize {
        self.channels * self.sizes.iter().map(|axis| axis.input).product::<usize>()
    }

    pub fn windows(&self) -> usize {
        self.sizes.iter().map(|axis| axis.output).product()
    }

    /// For each tap of a window, in order: its slice, row and column, counted from the padding's
    /// corner.
    fn places(&self, window: usize) -> Vec<[usize; 3]> {
        let axes = &self.sizes;
        let apart = |n: usize, [_, b, c]: [usize; 3]| [n / c / b, n / c % b, n % c];
        let at = apart(window, axes.map(|axis| axis.output));
        let taps = 0..axes.iter().map(|axis| axis.kernel).product();
        let taps = taps.map(|tap| apart(tap, axes.map(|axis| axis.kernel)));
        let place =
            |tap: usize, at: usize, axis: &WindowAxis| at * axis.stride + tap * axis.dilation;
        taps.map(|tap| [0, 1, 2].map(|i| place(tap[i], at[i], &axes[i]))).collect()
    }

    /// The taps of a window that lie in the sample: their numbers and pixels.
    fn taps(&self, window: usize) -> Vec<(usize, usize)> {
        let inside = |(number, place): (usize, [usize; 3])| {
            let mut pixel = 0;
            for (axis, at) in self.sizes.iter().zip(place) {
                let at = at.checked_sub(axis.padding[0]).filter(|at| *at < axis.input)?;
                pixel = pixel * axis.input + at;
            }
            Some((number, pixel))
        };
        self.places(window).into_iter().enumerate().filter_map(inside).collect()
    }

    pub fn counts(&self, padding: bool) -> Vec<usize> {
        let end = |axis: &WindowAxis| axis.padding[0] + axis.input + axis.padding[1];
        let padded =
            |at: &&[usize; 3]| at.iter().zip(&self.sizes).all(|(at, axis)| *at < end(axis));
        let count = |window: usize| match padding {
            true => self.places(window).iter().filter(padded).count(),
            false => self.taps(window).len(),
        };
        (0..self.windows()).map(|window| count(window).max(1)).collect()
    }

    /// Calls `f(place of the result, numbers of the taps and the places of their values)`.
    fn each(&self, mut f: impl FnMut(usize, &[(usize, usize)])) {
        for window in 0..self.windows() {
            let taps = self.taps(window);
            for channel in 0..self.channels {
                let place =
                    |(number, pixel): &(usize, usize)| (*number, pixel * self.channels + channel);
                f(window * self.channels + channel, &taps.iter().map(place).collect::<Vec<_>>());
            }
        }
    }

    /// The largest of each window, and the number of its tap, 0 where nothing is above −∞.
    pub fn max(&self, x: &[f32]) -> (Vec<f32>, Vec<usize>) {
        let len = self.windows() * self.channels;
        let (mut y, mut winners) = (vec![f32::NEG_INFINITY; len], vec![0; len]);
        self.each(|to, taps| {
            for &(number, from) in taps {
                if x[from] > y[to] || x[from].is_nan() {
                    (y[to], winners[to]) = (x[from], number);
                }
            }
        });
        (y, winners)
    }

    pub fn max_gradient(&self, dy: &[f32], winners: &[usize], dx: &mut [f32]) {
        self.each(|to, taps| {
            for (_, from) in taps.iter().filter(|(number, _)| *number == winners[to]) {
                dx[*from] += dy[to];
            }
        });
    }

    pub fn mean(&self, x: &[f32], shares: &[f32]) -> Vec<f32> {
        let mut y = vec![f32::NAN; self.windows() * self.channels];
        self.each(|to, taps| {
            let sum: f64 = taps.iter().map(|(_, from)| f64::from(x[*from])).sum();
            y[to] = (sum * f64::from(shares[to / self.channels])) as f32;
        });
        y
    }

    pub fn mean_gradient(&self, dy: &[f32], shares: &[f32], dx: &[f32]) -> Vec<f32> {
        let mut dx: Vec<f64> = dx.iter().map(|&x| f64::from(x)).collect();
        self.each(|to, taps| {
            let share = f64::from(dy[to]) * f64::from(shares[to / self.channels]);
            taps.iter().for_each(|(_, from)| dx[*from] += share);
        });
        dx.into_iter().map(|x| x as f32).collect()
    }
}
