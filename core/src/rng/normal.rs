//! The normal distribution of a random word.
//!
//! The area under exp(-x²/2) to the right of 0 is cut into 256 layers of the same size: boxes, of which
//! the lowest has the tail beside it. A number of a box is nearly always under the curve, so that
//! most words take one product and one comparison (Marsaglia and Tsang: The Ziggurat Method for
//! Generating Random Variables, 2000). The tables need `libm`'s functions, which are the same everywhere.

use super::{mix, uniform};
use std::sync::LazyLock;

const LAYERS: usize = 256;
/// Where the tail begins: with it, the layers end at 0.
const TAIL: f64 = 3.654_152_885_361_009;

/// How wide each layer is, from the lowest, and how high the curve is there.
struct Layers {
    widths: [f64; LAYERS + 1],
    heights: [f64; LAYERS + 1],
}

static OF: LazyLock<Layers> = LazyLock::new(Layers::new);

fn curve(x: f64) -> f64 {
    libm::exp(-0.5 * x * x)
}

impl Layers {
    fn new() -> Layers {
        let beyond = (0.5 * std::f64::consts::PI).sqrt() * libm::erfc(TAIL * 0.5_f64.sqrt());
        let area = TAIL * curve(TAIL) + beyond;
        let mut widths = [0.0; LAYERS + 1];
        // The lowest is as wide as if its tail were part of the box.
        (widths[0], widths[1]) = (area / curve(TAIL), TAIL);
        for i in 2..LAYERS {
            let height = curve(widths[i - 1]) + area / widths[i - 1];
            widths[i] = (-2.0 * libm::log(height)).sqrt();
        }
        Layers { widths, heights: widths.map(curve) }
    }
}

/// A number of the normal distribution with mean 0 and standard deviation 1, made of a random word.
///
/// Unlike those of [`Rng::normal`](super::Rng::normal), which come one behind the other, it has no
/// neighbours: whoever has the word has the number.
#[inline]
pub(crate) fn normal(word: u64) -> f64 {
    let layers = &*OF;
    match layers.place(word) {
        (x, _, true) => x,
        _ => layers.beside(word),
    }
}

impl Layers {
    /// A place in a layer, the layer, and whether the place is under the curve for sure.
    #[inline]
    fn place(&self, word: u64) -> (f64, usize, bool) {
        // The layer is made of other bits than the place in it.
        let layer = (word % LAYERS as u64) as usize;
        let x = (2.0 * uniform(word) - 1.0) * self.widths[layer];
        (x, layer, x.abs() < self.widths[layer + 1])
    }

    /// What becomes of a word whose place may be above the curve.
    #[cold]
    fn beside(&self, mut word: u64) -> f64 {
        loop {
            let (x, layer, under) = self.place(word);
            if under {
                return x;
            }
            if layer == 0 {
                return tail(mix(word, 0)).copysign(x);
            }
            let [low, high] = [self.heights[layer], self.heights[layer + 1]];
            if low + uniform(mix(word, 1)) * (high - low) < curve(x) {
                return x;
            }
            word = mix(word, 2);
        }
    }
}

/// A number beyond [`TAIL`]: an exponential one, refused as often as the curve is below that.
fn tail(mut word: u64) -> f64 {
    loop {
        // From 1 down to above 0.
        let [a, b] = [0, 1].map(|i| -libm::log(1.0 - uniform(mix(word, i))));
        let x = a / TAIL;
        if 2.0 * b > x * x {
            return TAIL + x;
        }
        word = mix(word, 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_have_one_area_and_end_at_0() {
        let Layers { widths, heights } = &*OF;
        let area = widths[0] * heights[1];
        for i in 1..LAYERS {
            let layer = widths[i] * (heights[i + 1] - heights[i]);
            assert!((layer / area - 1.0).abs() < 1e-9, "{i}: {layer}, not {area}");
        }
        // Half of the bell and nothing else.
        let half = (0.5 * std::f64::consts::PI).sqrt();
        assert!(LAYERS as f64 * area > half && LAYERS as f64 * area < 1.007 * half);
    }

    /// The share of numbers above x.
    fn above(x: f64) -> f64 {
        0.5 * libm::erfc(x * 0.5_f64.sqrt())
    }

    /// How far the shares of numbers above x are from what they should be, at most, in units in which
    /// one right generator in a thousand is further away than 1.95 (Kolmogorov and Smirnov).
    fn distance(mut numbers: Vec<f64>, above: impl Fn(f64) -> f64) -> f64 {
        numbers.sort_unstable_by(|a, b| b.total_cmp(a));
        let count = numbers.len() as f64;
        let each = numbers.iter().enumerate().map(|(i, x)| {
            [i, i + 1].map(|i| (above(*x) - i as f64 / count).abs()).into_iter().fold(0.0, f64::max)
        });
        each.fold(0.0, f64::max) * count.sqrt()
    }

    #[test]
    fn they_are_normal() {
        const COUNT: usize = 1 << 20;
        let numbers: Vec<f64> = (0..COUNT as u64).map(|i| normal(mix(5, i))).collect();
        for x in [3.0, TAIL, 4.0] {
            let expected = 2.0 * above(x) * COUNT as f64;
            let found = numbers.iter().filter(|number| number.abs() > x).count() as f64;
            assert!((found - expected).abs() < 3.5 * expected.sqrt(), "{x}: {found}, {expected}");
        }
        let moment = |power| numbers.iter().map(|x| x.powi(power)).sum::<f64>() / COUNT as f64;
        let error = |variance: f64| 3.5 * (variance / COUNT as f64).sqrt();
        assert!(moment(1).abs() < error(1.0), "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < error(2.0), "{}", moment(2));
        assert!(moment(3).abs() < error(15.0), "{}", moment(3));
        assert!((moment(4) - 3.0).abs() < error(96.0), "{}", moment(4));
        let distance = distance(numbers, above);
        assert!(distance > 0.2 && distance < 1.95, "{distance}");
    }

    /// Few words get there, so the tail is looked at by itself.
    #[test]
    fn the_tail_is_that_of_the_curve() {
        let numbers: Vec<f64> = (0..100_000).map(|i| tail(mix(6, i))).collect();
        let distance = distance(numbers, |x| above(x) / above(TAIL));
        assert!(distance > 0.2 && distance < 1.95, "{distance}");
    }

    #[test]
    fn neighbours_have_nothing_to_do_with_each_other() {
        const COUNT: u64 = 1 << 18;
        for apart in [1, 2, 64] {
            let products = (0..COUNT).map(|i| normal(mix(9, i)) * normal(mix(9, i + apart)));
            let mean = products.sum::<f64>() / COUNT as f64;
            assert!(mean.abs() < 3.5 / (COUNT as f64).sqrt(), "{apart}: {mean}");
        }
    }

    /// Of the words 0, 2⁶³ and 2⁶⁴ - 1, one that falls beyond the tail's beginning, two that fall beside a
    /// box. The expected numbers come from a program of its own, written in Python.
    #[test]
    fn the_number_of_a_word_never_changes() {
        let words = [0, 1 << 63, u64::MAX, mix(3, 8318), mix(3, 22), mix(3, 24)];
        let expected = [
            -3.660573890294646,
            0.0,
            -0.37898121155868236,
            3.7209323249142914,
            0.7031246194905284,
            -1.1629449809860843,
        ];
        for (word, expected) in words.into_iter().zip(expected) {
            let found = normal(word);
            assert!((found - expected).abs() < 1e-14, "{word}: {found}, not {expected}");
        }
    }
}
