//! Rows with mean 0 and variance 1: `LayerNorm`.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use crate::engine::simd::{Lanes, Level, kernel};

/// Floats that the forward leaves for the backward, for each row: the mean, what rounding left of
/// it, and 1 / √(variance + eps).
pub(crate) const MOMENTS: usize = 3;

/// Rows that are computed side by side: each alone would wait for its own sums.
const FORWARD: usize = 4;
const BACKWARD: usize = 2;

/// Of each row of `width` floats (x - mean) / √(variance + eps), times weight plus bias where there
/// are any.
pub(crate) fn forward(
    width: usize,
    x: &[f32],
    affine: Option<(&[f32], &[f32])>,
    eps: f32,
    y: &mut [f32],
    moments: &mut [f32],
) {
    forward_at(Level::best(), width, x, affine, eps, y, moments);
}

fn forward_at(
    level: Level,
    width: usize,
    x: &[f32],
    affine: Option<(&[f32], &[f32])>,
    eps: f32,
    y: &mut [f32],
    moments: &mut [f32],
) {
    let rows = x.len() / width;
    assert!(x.len() == rows * width && y.len() == x.len() && moments.len() == rows * MOMENTS);
    assert!(affine.is_none_or(|(w, b)| w.len() == width && b.len() == width));
    let affine = affine.map(|(w, b)| (w.as_ptr(), b.as_ptr()));
    let (x, y, moments) = (x.as_ptr(), y.as_mut_ptr(), moments.as_mut_ptr());
    // SAFETY: the lengths are as the kernel wants them.
    unsafe { rows_forward(level, &Forward { n: width, rows, x, affine, eps, y, moments }) }
}

/// Where the gradient of the rows goes: there or on top of what is there.
pub(crate) struct Onto<'a> {
    pub(crate) dx: &'a mut [f32],
    pub(crate) overwrite: bool,
}

/// Adds to the gradients of weight and bias, and gives that of `x`, if somebody wants it; the gradient
/// of `y` is lost.
pub(crate) fn backward(
    width: usize,
    x: &[f32],
    moments: &[f32],
    affine: Option<(&[f32], &mut [f32], &mut [f32])>,
    d: &mut [f32],
    to: Option<Onto<'_>>,
) {
    backward_at(Level::best(), width, x, moments, affine, d, to);
}

fn backward_at(
    level: Level,
    width: usize,
    x: &[f32],
    moments: &[f32],
    affine: Option<(&[f32], &mut [f32], &mut [f32])>,
    d: &mut [f32],
    to: Option<Onto<'_>>,
) {
    let rows = x.len() / width;
    assert!(x.len() == rows * width && d.len() == x.len() && moments.len() == rows * MOMENTS);
    assert!(to.as_ref().is_none_or(|to| to.dx.len() == x.len()));
    let affine = affine.map(|(w, dw, db)| {
        assert!(w.len() == width && dw.len() == width && db.len() == width);
        (w.as_ptr(), dw.as_mut_ptr(), db.as_mut_ptr())
    });
    let (x, moments, d) = (x.as_ptr(), moments.as_ptr(), d.as_mut_ptr());
    let dx = to.map(|to| (to.dx.as_mut_ptr(), to.overwrite));
    // SAFETY: the lengths are as the kernel wants them.
    unsafe { rows_backward(level, &Backward { n: width, rows, x, moments, affine, d, dx }) }
}

/// # Safety
/// `x` and `y` are `rows` × `n` floats, `moments` [`MOMENTS`] for each row, weight and bias `n`.
struct Forward {
    n: usize,
    rows: usize,
    x: *const f32,
    affine: Option<(*const f32, *const f32)>,
    eps: f32,
    y: *mut f32,
    moments: *mut f32,
}

/// # Safety
/// As [`Forward`]; `d` and `dx` are as many floats as `x`.
struct Backward {
    n: usize,
    rows: usize,
    x: *const f32,
    moments: *const f32,
    affine: Option<(*const f32, *mut f32, *mut f32)>,
    d: *mut f32,
    /// Whether it is overwritten.
    dx: Option<(*mut f32, bool)>,
}

kernel!(
    /// # Safety
    /// See [`Forward`].
    unsafe fn rows_forward(job: &Forward) = forward_lanes
);
kernel!(
    /// # Safety
    /// See [`Backward`].
    unsafe fn rows_backward(job: &Backward) = backward_lanes
);

/// # Safety
/// See [`Forward`].
#[inline(always)]
unsafe fn forward_lanes<V: Lanes>(job: &Forward) {
    let whole = job.rows - job.rows % FORWARD;
    // SAFETY: the rows are the job's.
    unsafe {
        (0..whole).step_by(FORWARD).for_each(|row| job.some::<V, FORWARD>(row));
        (whole..job.rows).for_each(|row| job.some::<V, 1>(row));
    }
}

/// # Safety
/// See [`Backward`].
#[inline(always)]
unsafe fn backward_lanes<V: Lanes>(job: &Backward) {
    let whole = job.rows - job.rows % BACKWARD;
    // SAFETY: the rows are the job's.
    unsafe {
        (0..whole).step_by(BACKWARD).for_each(|row| job.some::<V, BACKWARD>(row));
        (whole..job.rows).for_each(|row| job.some::<V, 1>(row));
    }
}

impl Forward {
    /// `R` rows from this one.
    #[inline(always)]
    unsafe fn some<V: Lanes, const R: usize>(&self, row: usize) {
        let n = self.n;
        // SAFETY: every place is within the rows.
        unsafe {
            let x = self.x.add(row * n);
            let found = moments_of::<V, R>(x, n);
            let mut units = [Unit::new([0.0; MOMENTS]); R];
            for r in 0..R {
                let [mean, rest, variance] = found[r];
                let moments = [mean, rest, 1.0 / (variance + self.eps).sqrt()];
                units[r] = Unit::new(moments);
                let to = self.moments.add((row + r) * MOMENTS);
                to.cast::<[f32; MOMENTS]>().write_unaligned(moments);
            }
            let y = self.y.add(row * n);
            for i in (0..n).step_by(V::COUNT) {
                let count = V::COUNT.min(n - i);
                let affine = self
                    .affine
                    .map(|(w, b)| (V::load_up_to(w.add(i), count), V::load_up_to(b.add(i), count)));
                for r in 0..R {
                    let mut value = units[r].of(V::load_up_to(x.add(r * n + i), count));
                    if let Some((w, b)) = affine {
                        value = value.mul_add(w, b);
                    }
                    value.store_up_to(y.add(r * n + i), count);
                }
            }
        }
    }
}

impl Backward {
    /// `R` rows from this one.
    #[inline(always)]
    unsafe fn some<V: Lanes, const R: usize>(&self, row: usize) {
        // SAFETY: the rows are the job's.
        unsafe {
            let mut units = [Unit::<V>::new([0.0; MOMENTS]); R];
            for (r, unit) in units.iter_mut().enumerate() {
                let moments = self.moments.add((row + r) * MOMENTS);
                *unit = Unit::new(moments.cast::<[f32; MOMENTS]>().read_unaligned());
            }
            let sums = self.affine_gradient(row, &units);
            if let Some((dx, overwrite)) = self.dx {
                self.input_gradient(row, &units, sums, dx, overwrite);
            }
        }
    }

    /// Adds to the gradients of weight and bias, leaves in `d` its product with the weight, and gives
    /// the sums of that, and of that times the unit, by -n.
    #[inline(always)]
    unsafe fn affine_gradient<V: Lanes, const R: usize>(
        &self,
        row: usize,
        units: &[Unit<V>; R],
    ) -> [[V; 2]; R] {
        let n = self.n;
        // SAFETY: every place is within the rows.
        unsafe {
            let (x, d) = (self.x.add(row * n), self.d.add(row * n));
            let mut sums = [[V::splat(0.0); 2]; R];
            for i in (0..n).step_by(V::COUNT) {
                let count = V::COUNT.min(n - i);
                let (mut g, mut unit) = ([V::splat(0.0); R], [V::splat(0.0); R]);
                for r in 0..R {
                    unit[r] = units[r].of(V::load_up_to(x.add(r * n + i), count));
                    g[r] = V::load_up_to(d.add(r * n + i), count);
                }
                if let Some((w, dw, db)) = self.affine {
                    let (dw, db) = (dw.add(i), db.add(i));
                    let w = V::load_up_to(w.add(i), count);
                    let (mut of_w, mut of_b) = (V::load_up_to(dw, count), V::load_up_to(db, count));
                    for r in 0..R {
                        (of_w, of_b) = (g[r].mul_add(unit[r], of_w), of_b.add(g[r]));
                        g[r] = g[r].mul(w);
                        g[r].store_up_to(d.add(r * n + i), count);
                    }
                    of_w.store_up_to(dw, count);
                    of_b.store_up_to(db, count);
                }
                for r in 0..R {
                    let [sum, product] = sums[r];
                    sums[r] = [sum.add(g[r]), g[r].mul_add(unit[r], product)];
                }
            }
            let share = -1.0 / n as f32;
            for r in 0..R {
                let [sum, product] = sums[r];
                sums[r] = [V::splat(sum.sum() * share), V::splat(product.sum() * share)];
            }
            sums
        }
    }

    #[inline(always)]
    unsafe fn input_gradient<V: Lanes, const R: usize>(
        &self,
        row: usize,
        units: &[Unit<V>; R],
        sums: [[V; 2]; R],
        dx: *mut f32,
        overwrite: bool,
    ) {
        let n = self.n;
        // SAFETY: every place is within the rows.
        unsafe {
            for r in 0..R {
                let at = (row + r) * n;
                let (x, d, dx) = (self.x.add(at), self.d.add(at), dx.add(at));
                let [sum, product] = sums[r];
                for i in (0..n).step_by(V::COUNT) {
                    let count = V::COUNT.min(n - i);
                    let unit = units[r].of(V::load_up_to(x.add(i), count));
                    let g = V::load_up_to(d.add(i), count).add(sum);
                    let mut gradient = unit.mul_add(product, g).mul(units[r].scale);
                    if !overwrite {
                        gradient = gradient.add(V::load_up_to(dx.add(i), count));
                    }
                    gradient.store_up_to(dx.add(i), count);
                }
            }
        }
    }
}

/// What makes units of a row's floats.
#[derive(Clone, Copy)]
struct Unit<V> {
    mean: V,
    rest: V,
    scale: V,
}

impl<V: Lanes> Unit<V> {
    /// # Safety
    /// That of the vectors.
    #[inline(always)]
    unsafe fn new([mean, rest, scale]: [f32; MOMENTS]) -> Self {
        // SAFETY: the caller's.
        unsafe { Unit { mean: V::splat(mean), rest: V::splat(rest), scale: V::splat(scale) } }
    }

    /// # Safety
    /// That of the vectors.
    #[inline(always)]
    unsafe fn of(&self, x: V) -> V {
        // SAFETY: the caller's.
        unsafe { x.sub(self.mean).sub(self.rest).mul(self.scale) }
    }
}

/// Of `R` rows the mean, what rounding left of it, and the variance: two passes, the second of which
/// corrects the first (Chan, Golub and LeVeque: Algorithms for Computing the Sample Variance, 1983).
#[inline(always)]
unsafe fn moments_of<V: Lanes, const R: usize>(x: *const f32, n: usize) -> [[f32; 3]; R] {
    let whole = n / V::COUNT * V::COUNT;
    let share = 1.0 / n as f32;
    // SAFETY: the caller vouches for `R` rows of `n` floats.
    unsafe {
        let mut sums = [V::splat(0.0); R];
        for i in (0..n).step_by(V::COUNT) {
            for r in 0..R {
                let x = V::load_up_to(x.add(r * n + i), V::COUNT.min(n - i));
                sums[r] = sums[r].add(x);
            }
        }
        let mut means = [0.0; R];
        for r in 0..R {
            means[r] = sums[r].sum() * share;
        }
        let (mut sums, mut squares) = ([V::splat(0.0); R], [V::splat(0.0); R]);
        for i in (0..whole).step_by(V::COUNT) {
            for r in 0..R {
                let centered = V::load(x.add(r * n + i)).sub(V::splat(means[r]));
                sums[r] = sums[r].add(centered);
                squares[r] = centered.mul_add(centered, squares[r]);
            }
        }
        let mut found = [[0.0; 3]; R];
        for r in 0..R {
            let (mut sum, mut square) = (sums[r].sum(), squares[r].sum());
            for i in whole..n {
                let centered = *x.add(r * n + i) - means[r];
                sum += centered;
                square += centered * centered;
            }
            let rest = sum * share;
            let variance = square * share - rest * rest;
            found[r] = [means[r], rest, if variance < 0.0 { 0.0 } else { variance }];
        }
        found
    }
}
