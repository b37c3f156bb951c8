//! Rows with mean 0 and variance 1: `LayerNorm`.

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// Floats that the forward leaves for the backward, for each row: the mean, what rounding left of
/// it, and 1 / √(variance + eps).
pub(crate) const MOMENTS: usize = 3;

/// A row's (x - mean) / √(variance + eps), times weight plus bias where there are any.
pub(crate) fn forward(
    x: &[f32],
    affine: Option<(&[f32], &[f32])>,
    eps: f32,
    y: &mut [f32],
    moments: &mut [f32],
) {
    forward_at(Level::best(), x, affine, eps, y, moments);
}

fn forward_at(
    level: Level,
    x: &[f32],
    affine: Option<(&[f32], &[f32])>,
    eps: f32,
    y: &mut [f32],
    moments: &mut [f32],
) {
    let n = x.len();
    assert!(y.len() == n && moments.len() == MOMENTS);
    assert!(affine.is_none_or(|(w, b)| w.len() == n && b.len() == n));
    let affine = affine.map(|(w, b)| (w.as_ptr(), b.as_ptr()));
    let (y, moments) = (y.as_mut_ptr(), moments.as_mut_ptr());
    // SAFETY: the lengths are as the kernel wants them.
    unsafe { row_forward(level, x.as_ptr(), affine, eps, y, moments, n) }
}

/// Makes of the gradient of `y`, in place, that of `x`; adds to those of weight and bias.
pub(crate) fn backward(
    x: &[f32],
    moments: &[f32],
    affine: Option<(&[f32], &mut [f32], &mut [f32])>,
    d: &mut [f32],
) {
    backward_at(Level::best(), x, moments, affine, d);
}

fn backward_at(
    level: Level,
    x: &[f32],
    moments: &[f32],
    affine: Option<(&[f32], &mut [f32], &mut [f32])>,
    d: &mut [f32],
) {
    let n = x.len();
    assert!(d.len() == n && moments.len() == MOMENTS);
    let affine = affine.map(|(w, dw, db)| {
        assert!(w.len() == n && dw.len() == n && db.len() == n);
        (w.as_ptr(), dw.as_mut_ptr(), db.as_mut_ptr())
    });
    let (moments, d) = (moments.as_ptr(), d.as_mut_ptr());
    // SAFETY: the lengths are as the kernel wants them.
    unsafe { row_backward(level, x.as_ptr(), moments, affine, d, n) }
}

type Affine = Option<(*const f32, *const f32)>;
type AffineGradient = Option<(*const f32, *mut f32, *mut f32)>;

kernel!(
    /// All of `n` floats, `moments` of [`MOMENTS`].
    unsafe fn row_forward(
        x: *const f32,
        affine: Affine,
        eps: f32,
        y: *mut f32,
        moments: *mut f32,
        n: usize,
    ) = forward_body
);
kernel!(
    /// All of `n` floats, `moments` of [`MOMENTS`].
    unsafe fn row_backward(
        x: *const f32,
        moments: *const f32,
        affine: AffineGradient,
        d: *mut f32,
        n: usize,
    ) = backward_body
);

/// The mean, what rounding left of it, and the variance: two passes, the second of which corrects
/// the first (Chan, Golub and LeVeque: Algorithms for Computing the Sample Variance, 1983).
#[inline(always)]
unsafe fn moments_of<V: Lanes>(x: *const f32, n: usize) -> [f32; 3] {
    let whole = n / V::COUNT * V::COUNT;
    let share = 1.0 / n as f32;
    // SAFETY: the caller vouches for `n` floats.
    unsafe {
        let mut sums = V::splat(0.0);
        for i in (0..n).step_by(V::COUNT) {
            sums = sums.add(V::load_up_to(x.add(i), V::COUNT.min(n - i)));
        }
        let mean = sums.sum() * share;
        let (mut sums, mut squares) = (V::splat(0.0), V::splat(0.0));
        for i in (0..whole).step_by(V::COUNT) {
            let centered = V::load(x.add(i)).sub(V::splat(mean));
            sums = sums.add(centered);
            squares = centered.mul_add(centered, squares);
        }
        let (mut sum, mut square) = (sums.sum(), squares.sum());
        for i in whole..n {
            let centered = *x.add(i) - mean;
            sum += centered;
            square += centered * centered;
        }
        let rest = sum * share;
        let variance = square * share - rest * rest;
        [mean, rest, if variance < 0.0 { 0.0 } else { variance }]
    }
}

#[inline(always)]
unsafe fn forward_body<V: Lanes>(
    x: *const f32,
    affine: Affine,
    eps: f32,
    y: *mut f32,
    moments: *mut f32,
    n: usize,
) {
    // SAFETY: every place is within the `n` floats that the caller vouches for.
    unsafe {
        let [mean, rest, variance] = moments_of::<V>(x, n);
        let scale = 1.0 / (variance + eps).sqrt();
        moments.cast::<[f32; MOMENTS]>().write_unaligned([mean, rest, scale]);
        let (mean, rest, scale) = (V::splat(mean), V::splat(rest), V::splat(scale));
        for i in (0..n).step_by(V::COUNT) {
            let count = V::COUNT.min(n - i);
            let mut value = V::load_up_to(x.add(i), count).sub(mean).sub(rest).mul(scale);
            if let Some((w, b)) = affine {
                let (w, b) = (V::load_up_to(w.add(i), count), V::load_up_to(b.add(i), count));
                value = value.mul_add(w, b);
            }
            value.store_up_to(y.add(i), count);
        }
    }
}

#[inline(always)]
unsafe fn backward_body<V: Lanes>(
    x: *const f32,
    moments: *const f32,
    affine: AffineGradient,
    d: *mut f32,
    n: usize,
) {
    // SAFETY: every place is within the `n` floats that the caller vouches for.
    unsafe {
        let [mean, rest, scale] = moments.cast::<[f32; MOMENTS]>().read_unaligned();
        let (mean, rest, scale) = (V::splat(mean), V::splat(rest), V::splat(scale));
        let (mut sums, mut products) = (V::splat(0.0), V::splat(0.0));
        for i in (0..n).step_by(V::COUNT) {
            let count = V::COUNT.min(n - i);
            let unit = V::load_up_to(x.add(i), count).sub(mean).sub(rest).mul(scale);
            let mut g = V::load_up_to(d.add(i), count);
            if let Some((w, dw, db)) = affine {
                let (dw, db) = (dw.add(i), db.add(i));
                g.mul_add(unit, V::load_up_to(dw, count)).store_up_to(dw, count);
                g.add(V::load_up_to(db, count)).store_up_to(db, count);
                g = g.mul(V::load_up_to(w.add(i), count));
                g.store_up_to(d.add(i), count);
            }
            sums = sums.add(g);
            products = g.mul_add(unit, products);
        }
        let share = -1.0 / n as f32;
        let (sum, product) = (V::splat(sums.sum() * share), V::splat(products.sum() * share));
        for i in (0..n).step_by(V::COUNT) {
            let count = V::COUNT.min(n - i);
            let unit = V::load_up_to(x.add(i), count).sub(mean).sub(rest).mul(scale);
            let g = V::load_up_to(d.add(i), count).add(sum);
            unit.mul_add(product, g).mul(scale).store_up_to(d.add(i), count);
        }
    }
}
