//! Bands of rows of an image.

use super::ConvSizes;
use std::ops::Range;

impl ConvSizes {
    /// The convolution of the same weights that gives only these rows of the output, and the rows of
    /// the input that it reads; `None` if those are none.
    pub(crate) fn band(&self, rows: Range<usize>) -> Option<(ConvSizes, Range<usize>)> {
        let ([_, height, _], [top, _, left, right]) = (self.input, self.padding);
        let reach = (self.kernel_size[0] - 1) * self.dilation[0] + 1;
        // Places in the padded image.
        let start = rows.start * self.stride[0];
        let end = rows.end.checked_sub(1)? * self.stride[0] + reach;
        let from = start.saturating_sub(top)..end.saturating_sub(top).min(height);
        let (above, below) = (top.saturating_sub(start), end.saturating_sub(top + height));
        let part = ConvSizes {
            input: [self.input[0], from.len(), self.input[2]],
            padding: [above, below, left, right],
            unread: [0, self.unread[1]],
            ..*self
        };
        (!from.is_empty() && above < end - start).then_some((part, from))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::numbers;
    use super::super::{Act, Axis, Conv, ConvPool};
    use super::*;

    fn sizes(height: usize, kernel: usize, stride: usize, dilation: usize) -> ConvSizes {
        ConvSizes {
            input: [16, height, 7],
            depth: Axis::LONE,
            out_channels: 16,
            kernel_size: [kernel, kernel],
            stride: [stride, 1],
            padding: [kernel - 1, kernel / 2, 1, 0],
            dilation: [dilation, 1],
            groups: 1,
            unread: [0; 2],
        }
    }

    #[test]
    fn bands_give_the_same_bits() {
        for (kernel, stride, dilation) in [(1, 1, 1), (3, 1, 1), (3, 2, 1), (2, 1, 3), (5, 3, 1)] {
            let whole = sizes(13, kernel, stride, dilation);
            let conv = Conv::new(whole);
            let (x, weight) = (numbers(16 * 13 * 7, 1), numbers(whole.weight_len(), 2));
            let run = |conv: &Conv, x: &[f32]| {
                let mut packed = vec![0.0; conv.packed_len()];
                conv.pack(&weight, &mut packed);
                let mut y = vec![f32::NAN; conv.output().iter().product()];
                let mut scratch = vec![f32::NAN; conv.scratch_len()];
                conv.forward(x, &packed, None, Act::Relu, &mut y, &mut scratch);
                y
            };
            let [_, _, rows, columns] = conv.output();
            let y = run(&conv, &x);
            for (first, last) in
                (0..rows).step_by(2).flat_map(|a| (a + 1..=rows).map(move |b| (a, b)))
            {
                // A band of padding alone reads nothing.
                let Some((part, from)) = whole.band(first..last) else { continue };
                let got = run(&Conv::new(part), &x[from.start * 16 * 7..from.end * 16 * 7]);
                assert_eq!(got, y[first * columns * 16..last * columns * 16], "{first} {last}");
            }
        }
    }

    #[test]
    fn pooled_bands_give_the_same_bits() {
        let whole = sizes(13, 3, 1, 1);
        let pool = ConvPool::new(whole, [1, 2, 2]);
        let (x, weight) = (numbers(16 * 13 * 7, 1), numbers(whole.weight_len(), 2));
        let run = |pool: &ConvPool, x: &[f32]| {
            let mut packed = vec![0.0; pool.packed_len()];
            pool.pack(&weight, &mut packed);
            let mut y = vec![f32::NAN; pool.output().iter().product()];
            let mut scratch = vec![f32::NAN; pool.scratch_len()];
            pool.forward(x, &packed, None, Act::None, &mut y, None, &mut scratch);
            y
        };
        let ([_, _, rows, columns], y) = (pool.output(), run(&pool, &x));
        for first in 0..rows {
            let (part, from) = whole.band(2 * first..2 * rows).unwrap();
            let got =
                run(&ConvPool::new(part, [1, 2, 2]), &x[from.start * 16 * 7..from.end * 16 * 7]);
            assert_eq!(got, y[first * columns * 16..], "{first}");
        }
    }
}
