//! Rows divided by their root mean square: `RmsNorm`.

#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// y = x / √(mean(x²) + eps) · weight of a row; gives 1 / √(…).
pub(crate) fn forward(x: &[f32], weight: Option<&[f32]>, eps: f32, y: &mut [f32]) -> f32 {
    forward_at(Level::best(), x, weight, eps, y)
}

fn forward_at(level: Level, x: &[f32], weight: Option<&[f32]>, eps: f32, y: &mut [f32]) -> f32 {
    let n = x.len();
    assert!(y.len() == n && weight.is_none_or(|weight| weight.len() == n));
    let (weight, mut scale) = (weight.map(<[f32]>::as_ptr), 0.0);
    // SAFETY: all hold `n` floats.
    unsafe { row_forward(level, x.as_ptr(), weight, eps, y.as_mut_ptr(), &mut scale, n) };
    scale
}

/// Makes of the gradient of `y`, in place, that of `x`; adds to that of the weight. `scale` is what the
/// forward gave.
pub(crate) fn backward(x: &[f32], scale: f32, weight: Option<(&[f32], &mut [f32])>, d: &mut [f32]) {
    backward_at(Level::best(), x, scale, weight, d);
}

fn backward_at(
    level: Level,
    x: &[f32],
    scale: f32,
    weight: Option<(&[f32], &mut [f32])>,
    d: &mut [f32],
) {
    let n = x.len();
    assert!(d.len() == n && weight.as_ref().is_none_or(|(w, dw)| w.len() == n && dw.len() == n));
    let weight = weight.map(|(w, dw)| (w.as_ptr(), dw.as_mut_ptr()));
    // SAFETY: all hold `n` floats.
    unsafe { row_backward(level, x.as_ptr(), scale, weight, d.as_mut_ptr(), n) }
}

kernel!(
    /// All of `n` floats.
    unsafe fn row_forward(
        x: *const f32,
        weight: Option<*const f32>,
        eps: f32,
        y: *mut f32,
        scale: &mut f32,
        n: usize,
    ) = forward_body
);
kernel!(
    /// All of `n` floats.
    unsafe fn row_backward(
        x: *const f32,
        scale: f32,
        weight: Option<(*const f32, *mut f32)>,
        d: *mut f32,
        n: usize,
    ) = backward_body
);

#[inline(always)]
unsafe fn forward_body<V: Lanes>(
    x: *const f32,
    weight: Option<*const f32>,
    eps: f32,
    y: *mut f32,
    scale: &mut f32,
    n: usize,
) {
    // SAFETY: every place is within the `n` floats that the caller vouches for.
    unsafe {
        let mut squares = V::splat(0.0);
        for i in (0..n).step_by(V::COUNT) {
            let x = V::load_up_to(x.add(i), V::COUNT.min(n - i));
            squares = x.mul_add(x, squares);
        }
        *scale = 1.0 / (squares.sum() / n as f32 + eps).sqrt();
        for i in (0..n).step_by(V::COUNT) {
            let count = V::COUNT.min(n - i);
            let mut value = V::load_up_to(x.add(i), count).mul(V::splat(*scale));
            if let Some(weight) = weight {
                value = value.mul(V::load_up_to(weight.add(i), count));
            }
            value.store_up_to(y.add(i), count);
        }
    }
}

#[inline(always)]
unsafe fn backward_body<V: Lanes>(
    x: *const f32,
    scale: f32,
    weight: Option<(*const f32, *mut f32)>,
    d: *mut f32,
    n: usize,
) {
    // SAFETY: every place is within the `n` floats that the caller vouches for.
    unsafe {
        let scale = V::splat(scale);
        let mut products = V::splat(0.0);
        for i in (0..n).step_by(V::COUNT) {
            let count = V::COUNT.min(n - i);
            let unit = V::load_up_to(x.add(i), count).mul(scale);
            let mut g = V::load_up_to(d.add(i), count);
            if let Some((w, dw)) = weight {
                let dw = dw.add(i);
                g.mul_add(unit, V::load_up_to(dw, count)).store_up_to(dw, count);
                g = g.mul(V::load_up_to(w.add(i), count));
                g.store_up_to(d.add(i), count);
            }
            products = g.mul_add(unit, products);
        }
        let product = V::splat(-products.sum() / n as f32);
        for i in (0..n).step_by(V::COUNT) {
            let count = V::COUNT.min(n - i);
            let unit = V::load_up_to(x.add(i), count).mul(scale);
            let g = V::load_up_to(d.add(i), count);
            unit.mul_add(product, g).mul(scale).store_up_to(d.add(i), count);
        }
    }
}
