//! Slow and obvious: what the kernels must compute, tap by tap.

use super::WindowSizes;

#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    pub channels: usize,
    pub sizes: WindowSizes,
}

impl Reference {
    pub fn input_len(&self) -> usize {
        self.channels * self.sizes.input.iter().product::<usize>()
    }

    pub fn windows(&self) -> usize {
        self.sizes.output.iter().product()
    }

    /// For each tap of a window, in order: its row and column, counted from the padding's corner.
    fn places(&self, window: usize) -> Vec<[usize; 2]> {
        let s = &self.sizes;
        let at = [window / s.output[1], window % s.output[1]];
        let place = |tap: [usize; 2]| [0, 1].map(|i| at[i] * s.stride[i] + tap[i] * s.dilation[i]);
        let taps = 0..s.kernel[0] * s.kernel[1];
        taps.map(|tap| place([tap / s.kernel[1], tap % s.kernel[1]])).collect()
    }

    /// The taps of a window that lie in the image: their numbers and pixels.
    fn taps(&self, window: usize) -> Vec<(usize, usize)> {
        let [height, width] = self.sizes.input;
        let (top, left) = (self.sizes.padding[0], self.sizes.padding[2]);
        let inside = |(number, [row, column]): (usize, [usize; 2])| {
            let (row, column) = (row.checked_sub(top)?, column.checked_sub(left)?);
            (row < height && column < width).then_some((number, row * width + column))
        };
        self.places(window).into_iter().enumerate().filter_map(inside).collect()
    }

    pub fn counts(&self, padding: bool) -> Vec<usize> {
        let ([height, width], [top, bottom, left, right]) = (self.sizes.input, self.sizes.padding);
        let padded =
            |at: &&[usize; 2]| at[0] < top + height + bottom && at[1] < left + width + right;
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
