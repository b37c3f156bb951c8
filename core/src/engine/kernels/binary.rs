//! The binary cross entropy of logits, element by element.

use super::math::{exp, log1p};
use crate::engine::simd::{Lanes, Level, kernel};

/// Overwrites `loss` with max(x, 0) - x·y + ln(1 + exp(-|x|)), and `slope` with its derivative by x,
/// σ(x) - y.
pub(crate) fn cross_entropy(x: &[f32], y: &[f32], loss: &mut [f32], slope: &mut [f32]) {
    cross_entropy_at(Level::best(), x, y, loss, slope);
}

fn cross_entropy_at(level: Level, x: &[f32], y: &[f32], loss: &mut [f32], slope: &mut [f32]) {
    assert!([y.len(), loss.len(), slope.len()].iter().all(|len| *len == x.len()));
    // SAFETY: all are as long as `x`.
    unsafe { entropies(level, x, y.as_ptr(), loss.as_mut_ptr(), slope.as_mut_ptr()) };
}

kernel!(
    unsafe fn entropies(x: &[f32], y: *const f32, loss: *mut f32, slope: *mut f32) = entropy_lanes
);

/// # Safety
/// All hold as many floats as `x`.
#[inline(always)]
unsafe fn entropy_lanes<V: Lanes>(x: &[f32], y: *const f32, loss: *mut f32, slope: *mut f32) {
    for (i, part) in x.chunks(V::COUNT).enumerate() {
        let (at, count) = (i * V::COUNT, part.len());
        // SAFETY: `count` floats are left.
        unsafe {
            let x = V::load_up_to(part.as_ptr(), count);
            let y = V::load_up_to(y.add(at), count);
            let (one, minus) = (V::splat(1.0), V::splat(-1.0));
            let e = exp(x.at_most(x.mul(minus)));
            let large = one.div(one.add(e));
            let p = x.if_less(V::splat(0.0), e.mul(large), large);
            let start = x.mul_add(y.mul(minus), x.relu());
            start.add(log1p(e)).store_up_to(loss.add(at), count);
            p.sub(y).store_up_to(slope.add(at), count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{LENGTHS, close, numbers};
    use super::*;

    #[test]
    fn losses_and_slopes_are_the_formulas() {
        for (len, &level) in LENGTHS.iter().flat_map(|n| Level::all().iter().map(move |l| (*n, l)))
        {
            let mut x: Vec<f32> = numbers(len, 1).iter().map(|x| 20.0 * x).collect();
            x.iter_mut().skip(2).step_by(7).for_each(|x| *x = 0.0);
            x.iter_mut().skip(3).step_by(7).for_each(|x| *x *= 10.0);
            let y = numbers(len, 2);
            let [mut loss, mut slope] = [vec![f32::NAN; len], vec![f32::NAN; len]];
            cross_entropy_at(level, &x, &y, &mut loss, &mut slope);
            let both = x.iter().zip(&y).map(|(x, y)| (f64::from(*x), f64::from(*y)));
            let want = both.clone().map(|(x, y)| x.max(0.0) - x * y + (-x.abs()).exp().ln_1p());
            close("loss", &loss, &want.map(|x| x as f32).collect::<Vec<_>>());
            let want = both.map(|(x, y)| 1.0 / (1.0 + (-x).exp()) - y);
            close("slope", &slope, &want.map(|x| x as f32).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_no_number_stays_one() {
        for &level in Level::all() {
            let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0];
            let y = [1.0, 0.5, 0.5, f32::NAN];
            let [mut loss, mut slope] = [[0.0; 4]; 2];
            cross_entropy_at(level, &x, &y, &mut loss, &mut slope);
            assert!(loss[0].is_nan() && slope[0].is_nan() && loss[3].is_nan() && slope[3].is_nan());
            assert_eq!((loss[2], slope[1], slope[2]), (f32::INFINITY, 0.5, -0.5));
        }
    }
}
