//! The softmax of rows that are never whole: of a block of scores after the other (Milakov and
//! Gimelshein: Online normalizer calculation for softmax, 2018).

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

use super::super::math::{exp, exps};
use super::super::softmax::{TOGETHER, exponentials_below, greatest};
use crate::engine::simd::{Lanes, Level, kernel};

/// What is known of a row after some blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The greatest score.
    top: f32,
    /// Of e to the power of score - top.
    sum: f32,
    /// What was found before the last block is to be multiplied with this.
    pub(super) shrink: f32,
}

impl Row {
    /// Before the first block.
    pub(super) const NONE: Row = Row { top: f32::NEG_INFINITY, sum: 0.0, shrink: 0.0 };

    /// What a score's weight follows from: that is e to the power of score - base, times share.
    pub(super) fn base_and_share(&self) -> [f32; 2] {
        [base(self.top), 1.0 / self.sum]
    }
}

/// Where nothing is above -∞, the difference to that is no number.
fn base(top: f32) -> f32 {
    if top == f32::NEG_INFINITY { 0.0 } else { top }
}

/// A row, for its gradient.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slope {
    /// See [`Row::base_and_share`].
    pub(super) base: f32,
    pub(super) share: f32,
    /// Σ weight · gradient.
    pub(super) mean: f32,
}

/// Makes of the scores of a block, [rows, keys], powers of e: weights that are not divided by their
/// sum.
pub(super) fn powers(level: Level, scores: &mut [f32], rows: &mut [Row]) {
    assert!(scores.len().is_multiple_of(rows.len()));
    let keys = scores.len() / rows.len();
    // SAFETY: so many rows of so many floats.
    unsafe { powers_of(level, keys, scores.as_mut_ptr(), rows) }
}

kernel!(unsafe fn powers_of(keys: usize, scores: *mut f32, rows: &mut [Row]) = powers_body);

/// # Safety
/// There are `keys` scores for each row.
#[inline(always)]
unsafe fn powers_body<V: Lanes>(keys: usize, scores: *mut f32, rows: &mut [Row]) {
    // All tops first: else each row's powers would wait for its own.
    for (i, row) in rows.iter_mut().enumerate() {
        // SAFETY: each row has `keys` scores.
        let top = row.top.max(unsafe { greatest::<V>(keys, scores.add(i * keys)) });
        // Mostly the first block has the greatest already.
        row.shrink = if row.top == top { 1.0 } else { (row.top - base(top)).exp() };
        row.top = top;
    }
    for (i, row) in rows.iter_mut().enumerate() {
        // SAFETY: each row has `keys` scores.
        unsafe {
            let x = scores.add(i * keys);
            let sum = exponentials_below::<V>(keys, base(row.top), false, x, x);
            row.sum = row.sum * row.shrink + sum;
        }
    }
}

/// Makes of the scores of a block their weights, and of the gradients of those (`slopes`) the
/// gradients of the scores.
pub(super) fn slopes(level: Level, scores: &mut [f32], slopes: &mut [f32], rows: &[Slope]) {
    assert!(scores.len() == slopes.len() && scores.len().is_multiple_of(rows.len()));
    let keys = scores.len() / rows.len();
    // SAFETY: so many rows of so many floats.
    unsafe { slopes_of(level, keys, scores.as_mut_ptr(), slopes.as_mut_ptr(), rows) }
}

kernel!(unsafe fn slopes_of(keys: usize, scores: *mut f32, slopes: *mut f32, rows: &[Slope]) = slopes_body);

/// # Safety
/// There are `keys` scores and slopes for each row.
#[inline(always)]
unsafe fn slopes_body<V: Lanes>(keys: usize, scores: *mut f32, slopes: *mut f32, rows: &[Slope]) {
    for (i, row) in rows.iter().enumerate() {
        // SAFETY: each row has `keys` scores and slopes.
        unsafe {
            let (scores, slopes) = (scores.add(i * keys), slopes.add(i * keys));
            let [base, share, mean] = [row.base, row.share, row.mean].map(|x| V::splat(x));
            let many = keys - keys % (TOGETHER * V::COUNT);
            for at in (0..many).step_by(TOGETHER * V::COUNT) {
                let mut weights = [V::splat(0.0); TOGETHER];
                for j in 0..TOGETHER {
                    weights[j] = V::load(scores.add(at + j * V::COUNT)).sub(base);
                }
                weights = exps(weights);
                for j in 0..TOGETHER {
                    let (scores, slopes) =
                        (scores.add(at + j * V::COUNT), slopes.add(at + j * V::COUNT));
                    let weight = weights[j].mul(share);
                    weight.store(scores);
                    V::load(slopes).sub(mean).mul(weight).store(slopes);
                }
            }
            for at in (many..keys).step_by(V::COUNT) {
                let count = V::COUNT.min(keys - at);
                let weight = exp(V::load_up_to(scores.add(at), count).sub(base)).mul(share);
                weight.store_up_to(scores.add(at), count);
                let slope = V::load_up_to(slopes.add(at), count).sub(mean).mul(weight);
                slope.store_up_to(slopes.add(at), count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{LENGTHS, close, numbers};
    use super::*;

    /// Some rows, a row of which all scores are far below the others, one that grows, one that falls.
    fn rows_of(keys: usize) -> Vec<f32> {
        let mut scores = numbers(5 * keys, keys as u32);
        scores[2 * keys..3 * keys].iter_mut().for_each(|x| *x -= 700.0);
        scores[3 * keys..].iter_mut().enumerate().for_each(|(i, x)| *x += i as f32 * 3.0);
        scores[4 * keys..].iter_mut().enumerate().for_each(|(i, x)| *x = 90.0 - i as f32 * 2.0);
        scores
    }

    /// Of each row the weights, and Σ weight · gradient, in f64.
    fn reference(keys: usize, scores: &[f32], d: &[f32]) -> (Vec<f64>, Vec<f64>) {
        let (mut weights, mut means) = (vec![], vec![]);
        for (scores, d) in scores.chunks_exact(keys).zip(d.chunks_exact(keys)) {
            let top = scores.iter().fold(f64::NEG_INFINITY, |top, x| top.max(f64::from(*x)));
            let powers = scores.iter().map(|x| (f64::from(*x) - top).exp()).collect::<Vec<_>>();
            let sum: f64 = powers.iter().sum();
            means.push(powers.iter().zip(d).map(|(p, d)| p / sum * f64::from(*d)).sum());
            weights.extend(powers.iter().map(|power| power / sum));
        }
        (weights, means)
    }

    /// The keys from `first` of all rows.
    fn block(all: &[f32], keys: usize, first: usize, step: usize) -> Vec<f32> {
        let part = first..keys.min(first + step);
        all.chunks_exact(keys).flat_map(|row| row[part.clone()].to_vec()).collect()
    }

    /// What the blocks before have found is made smaller; so are the sums.
    fn forward(level: Level, keys: usize, step: usize, scores: &[f32]) -> (Vec<f32>, Vec<Row>) {
        let mut rows = vec![Row::NONE; scores.len() / keys];
        let mut weights = vec![0.0; scores.len()];
        for first in (0..keys).step_by(step) {
            let mut powers = block(scores, keys, first, step);
            super::powers(level, &mut powers, &mut rows);
            let len = powers.len() / rows.len();
            for ((row, all), new) in
                rows.iter().zip(weights.chunks_exact_mut(keys)).zip(powers.chunks_exact(len))
            {
                all[..first].iter_mut().for_each(|x| *x *= row.shrink);
                all[first..first + len].copy_from_slice(new);
            }
        }
        for (row, all) in rows.iter().zip(weights.chunks_exact_mut(keys)) {
            all.iter_mut().for_each(|x| *x *= row.base_and_share()[1]);
        }
        (weights, rows)
    }

    #[test]
    fn blocks_of_a_row_give_what_the_whole_row_gives() {
        for (keys, &level) in
            LENGTHS.into_iter().flat_map(|n| Level::all().iter().map(move |l| (n, l)))
        {
            for step in [1, 7, 16, 300] {
                let what = format!("{level:?} {keys} {step}");
                let (scores, d) = (rows_of(keys), numbers(5 * keys, 9));
                let (weights, means) = reference(keys, &scores, &d);
                let want: Vec<f32> = weights.iter().map(|x| *x as f32).collect();
                let (got, rows) = forward(level, keys, step, &scores);
                close(&what, &got, &want);
                let slopes: Vec<Slope> = rows
                    .iter()
                    .zip(&means)
                    .map(|(row, mean)| {
                        let [base, share] = row.base_and_share();
                        Slope { base, share, mean: *mean as f32 }
                    })
                    .collect();
                let want_d: Vec<f32> = weights
                    .iter()
                    .zip(&d)
                    .enumerate()
                    .map(|(i, (weight, d))| (weight * (f64::from(*d) - means[i / keys])) as f32)
                    .collect();
                for first in (0..keys).step_by(step) {
                    let [mut x, mut d] = [&scores, &d].map(|all| block(all, keys, first, step));
                    super::slopes(level, &mut x, &mut d, &slopes);
                    close(&what, &x, &block(&want, keys, first, step));
                    close(&what, &d, &block(&want_d, keys, first, step));
                }
            }
        }
    }

    /// A block of which nothing is seen changes nothing, wherever it stands; a row of such blocks is
    /// no number, as is one with an infinity or a NaN.
    #[test]
    fn rows_with_infinities_are_what_their_softmax_is() {
        const NONE: f32 = f32::NEG_INFINITY;
        for &level in Level::all() {
            for hidden in 0..3 {
                let mut scores = numbers(51, 3);
                scores[hidden * 17..][..17].fill(NONE);
                let (got, _) = forward(level, 51, 17, &scores);
                let (want, _) = reference(51, &scores, &[0.0; 51]);
                let want: Vec<f32> = want.iter().map(|x| *x as f32).collect();
                close(&format!("{level:?} {hidden}"), &got, &want);
                for bad in [f32::INFINITY, f32::NAN] {
                    for at in [0, 16, 20, 50] {
                        let mut scores = scores.clone();
                        scores[at] = bad;
                        let (got, rows) = forward(level, 51, 17, &scores);
                        assert!(got[at].is_nan() && rows[0].sum.is_nan(), "{level:?} {bad} {at}");
                    }
                }
            }
            let (got, rows) = forward(level, 51, 17, &[NONE; 51]);
            assert!(got.iter().all(|x| x.is_nan()), "{level:?}");
            let [base, share] = rows[0].base_and_share();
            let (mut x, mut d) = ([NONE; 51], [0.0; 51]);
            super::slopes(level, &mut x, &mut d, &[Slope { base, share, mean: 0.0 }]);
            assert!(x.iter().chain(&d).all(|x| x.is_nan()), "{level:?}");
        }
    }
}
