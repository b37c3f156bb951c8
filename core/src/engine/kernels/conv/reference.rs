//! Slow and obvious: what the kernels must compute, in f64 from the definition.

use super::ConvSizes;

pub(super) struct Reference(pub ConvSizes);

impl Reference {
    /// [channels, rows, columns] of a slice.
    fn plane(&self) -> [usize; 3] {
        let s = &self.0;
        let out = |i: usize| {
            let padded = s.input[i + 1] + s.padding[2 * i] + s.padding[2 * i + 1];
            (padded - s.unread[i] - (s.kernel_size[i] - 1) * s.dilation[i] - 1) / s.stride[i] + 1
        };
        [s.out_channels, out(0), out(1)]
    }

    /// Floats of a sample.
    pub fn input_len(&self) -> usize {
        self.0.depth.size * self.0.input.iter().product::<usize>()
    }

    fn slices(&self) -> usize {
        let s = &self.0.depth;
        let padded = s.size + s.before + s.after - s.unread;
        (padded - (s.kernel_size - 1) * s.dilation - 1) / s.stride + 1
    }

    pub fn output(&self) -> [usize; 4] {
        let [channels, rows, columns] = self.plane();
        [channels, self.slices(), rows, columns]
    }

    /// Calls `f(slice in y, in x, in the weights)` for every product of slices.
    fn each_slice(&self, mut f: impl FnMut(usize, usize, usize)) {
        let s = &self.0.depth;
        for to in 0..self.slices() {
            for tap in 0..s.kernel_size {
                let from = to * s.stride + tap * s.dilation;
                if from >= s.before && from - s.before < s.size {
                    f(to, from - s.before, tap);
                }
            }
        }
    }

    /// Calls `f(index in y, in x, in the weights)` for every product.
    fn each(&self, mut f: impl FnMut(usize, usize, usize)) {
        let (y, x) =
            (self.plane().iter().product::<usize>(), self.0.input.iter().product::<usize>());
        self.each_slice(|to, from, slice| {
            self.each_in(slice, |o, i, k| f(to * y + o, from * x + i, k));
        });
    }

    /// Calls `f(index in a slice of y, of x, in the weights)` for every product with these weights.
    fn each_in(&self, slice: usize, mut f: impl FnMut(usize, usize, usize)) {
        let s = &self.0;
        let ([channels, height, width], [outs, rows, columns]) = (s.input, self.plane());
        let (group_in, group_out) = (channels / s.groups, outs / s.groups);
        for oy in 0..rows {
            for ox in 0..columns {
                for o in 0..outs {
                    for i in 0..group_in {
                        for ky in 0..s.kernel_size[0] {
                            for kx in 0..s.kernel_size[1] {
                                let y = oy * s.stride[0] + ky * s.dilation[0];
                                let x = ox * s.stride[1] + kx * s.dilation[1];
                                let (top, left) = (s.padding[0], s.padding[2]);
                                if y < top || x < left || y - top >= height || x - left >= width {
                                    continue;
                                }
                                let pixel = (y - top) * width + x - left;
                                let filter = o * group_in + i;
                                let weight = filter * s.depth.kernel_size + slice;
                                let weight = weight * s.kernel_size[0] + ky;
                                f(
                                    (oy * columns + ox) * outs + o,
                                    pixel * channels + o / group_out * group_in + i,
                                    weight * s.kernel_size[1] + kx,
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    pub fn forward(&self, x: &[f32], weight: &[f32], bias: Option<&[f32]>, relu: bool) -> Vec<f32> {
        let outs = self.0.out_channels;
        let mut y: Vec<f64> = (0..self.output().iter().product::<usize>())
            .map(|i| bias.map_or(0.0, |bias| f64::from(bias[i % outs])))
            .collect();
        self.each(|to, i, k| y[to] += f64::from(x[i]) * f64::from(weight[k]));
        y.iter().map(|&y| if relu && y <= 0.0 { 0.0 } else { y as f32 }).collect()
    }

    pub fn weights(&self, x: &[f32], dy: &[f32]) -> Vec<f32> {
        let mut dw = vec![0.0_f64; self.0.weight_len()];
        self.each(|o, i, k| dw[k] += f64::from(x[i]) * f64::from(dy[o]));
        dw.iter().map(|&x| x as f32).collect()
    }

    pub fn input(&self, dy: &[f32], weight: &[f32]) -> Vec<f32> {
        self.transposed(dy, weight, None, false)
    }

    pub fn transposed(
        &self,
        x: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        relu: bool,
    ) -> Vec<f32> {
        let channels = self.0.input[0];
        let mut y: Vec<f64> = (0..self.input_len())
            .map(|i| bias.map_or(0.0, |bias| f64::from(bias[i % channels])))
            .collect();
        self.each(|o, i, k| y[i] += f64::from(weight[k]) * f64::from(x[o]));
        y.iter().map(|&y| if relu && y <= 0.0 { 0.0 } else { y as f32 }).collect()
    }
}

/// Sums of a channel over the pixels.
pub(super) fn bias(dy: &[f32], channels: usize) -> Vec<f32> {
    let sum = |c| dy.iter().skip(c).step_by(channels).map(|&x| f64::from(x)).sum::<f64>() as f32;
    (0..channels).map(sum).collect()
}

/// The pixels of each window of a max pooling, of `window` [slices, rows, columns].
fn windows([_, depth, height, width]: [usize; 4], window: [usize; 3]) -> Vec<Vec<usize>> {
    let apart = |n: usize, [_, b, c]: [usize; 3]| [n / c / b, n / c % b, n % c];
    let windows = [depth / window[0], height / window[1], width / window[2]];
    let taps = 0..window.iter().product();
    let pixels = |at: [usize; 3]| {
        let pixel = |tap: usize| {
            let tap = apart(tap, window);
            let [z, y, x] = [0, 1, 2].map(|axis| at[axis] * window[axis] + tap[axis]);
            (z * height + y) * width + x
        };
        taps.clone().map(pixel).collect()
    };
    (0..windows.iter().product()).map(|at| pixels(apart(at, windows))).collect()
}

/// Max pooling: the outputs and, for each, where it was in its window.
pub(super) fn pool(y: &[f32], output: [usize; 4], window: [usize; 3]) -> (Vec<f32>, Vec<u8>) {
    let (mut best, mut winners) = (vec![], vec![]);
    for pixels in windows(output, window) {
        for c in 0..output[0] {
            let (mut most, mut winner) = (f32::NEG_INFINITY, 0);
            for (i, pixel) in pixels.iter().enumerate() {
                let value = y[pixel * output[0] + c];
                if value > most || value.is_nan() {
                    (most, winner) = (value, i as u8);
                }
            }
            best.push(most);
            winners.push(winner);
        }
    }
    (best, winners)
}

/// The gradient before pooling and ReLU.
pub(super) fn unpool(
    dy: &[f32],
    pooled: Option<&[f32]>,
    winners: &[u8],
    output: [usize; 4],
    window: [usize; 3],
) -> Vec<f32> {
    let mut out = vec![0.0; output.iter().product()];
    for (at, pixels) in windows(output, window).into_iter().enumerate() {
        for c in 0..output[0] {
            let at = at * output[0] + c;
            if pooled.is_none_or(|y| y[at] > 0.0 || y[at].is_nan()) {
                out[pixels[usize::from(winners[at])] * output[0] + c] = dy[at];
            }
        }
    }
    out
}
