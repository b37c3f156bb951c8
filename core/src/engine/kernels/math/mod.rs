//! Exponentials and what follows from them, on vectors: within about 2 ulp of the exact values.
//! NaN stays NaN.

// Counted loops over arrays of registers are unrolled; iterators are not always.
#![allow(clippy::needless_range_loop)]

#[cfg(test)]
mod tests;

use crate::engine::simd::Lanes;

/// Adding and subtracting it rounds floats up to 2²² to whole numbers.
const ROUNDER: f32 = 12_582_912.0;
/// ln 2 in two parts: the first has few digits, so that its product with a whole number is exact.
const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// Of (eˣ - 1 - x) / x² in ±ln 2 / 2 (Moshier's Cephes, expf).
const EXP: [f32; 6] =
    [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
/// Of (artanh x - x) / x³ in x²: 1/17, 1/15, … 1/3.
const ARTANH: [f32; 8] =
    [1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0];
/// Of exp(z²) · erfc(z) / (2t) in t = 1 / (1 + 0.35 z), for z from 0 to 10.7: interpolated at
/// Chebyshev's points.
const ERFC: [f32; 10] = [
    0.018_892_14,
    -0.077_951_69,
    0.087_593_71,
    -0.010_284_086,
    0.041_101_62,
    0.073_984_705,
    0.075_383_67,
    0.093_967_39,
    0.098_570_94,
    0.098_741_6,
];

/// The polynomial with these coefficients, the highest power first: even and odd powers apart, which
/// need not wait for each other.
#[inline(always)]
unsafe fn polynomial<V: Lanes>(x: V, coefficients: &[f32]) -> V {
    // SAFETY: the caller has the instruction set.
    let [y] = unsafe { polynomials([x], coefficients) };
    y
}

/// That of several numbers, which take each step together: none waits for its own step before.
#[inline(always)]
unsafe fn polynomials<V: Lanes, const N: usize>(x: [V; N], coefficients: &[f32]) -> [V; N] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let [mut one, mut other] = [[V::splat(coefficients[0]); N], [V::splat(coefficients[1]); N]];
        let mut square = x;
        for i in 0..N {
            square[i] = x[i].mul(x[i]);
        }
        for &c in &coefficients[2..] {
            for i in 0..N {
                (one[i], other[i]) = (other[i], one[i].mul_add(square[i], V::splat(c)));
            }
        }
        for i in 0..N {
            one[i] = one[i].mul_add(x[i], other[i]);
        }
        one
    }
}

/// x = n · ln 2 + r with whole n and r in ±ln 2 / 2; n, r and eʳ - 1.
#[inline(always)]
unsafe fn reduced<V: Lanes>(x: V) -> (V, V) {
    // SAFETY: the caller has the instruction set.
    let ([n], [e]) = unsafe { all_reduced([x]) };
    (n, e)
}

/// [`reduced`] of several numbers, which take each step together.
#[inline(always)]
unsafe fn all_reduced<V: Lanes, const N: usize>(x: [V; N]) -> ([V; N], [V; N]) {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let rounder = V::splat(ROUNDER);
        let (mut n, mut r) = (x, x);
        for i in 0..N {
            n[i] = x[i].mul_add(V::splat(std::f32::consts::LOG2_E), rounder).sub(rounder);
        }
        for i in 0..N {
            r[i] = n[i].mul_add(V::splat(-LN2[0]), x[i]);
            r[i] = n[i].mul_add(V::splat(-LN2[1]), r[i]);
        }
        let mut e = polynomials(r, &EXP);
        for i in 0..N {
            e[i] = e[i].mul_add(r[i].mul(r[i]), r[i]);
        }
        (n, e)
    }
}

/// eˣ, with overflow to infinity and gradual underflow to 0.
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn exp<V: Lanes>(x: V) -> V {
    // SAFETY: the caller has the instruction set.
    let [y] = unsafe { exps([x]) };
    y
}

/// That of several numbers, which take each step together.
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn exps<V: Lanes, const N: usize>(mut x: [V; N]) -> [V; N] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        for x in &mut x {
            *x = x.at_least(V::splat(-104.0)).at_most(V::splat(89.0));
        }
        let (n, e) = all_reduced(x);
        // 2ⁿ in two factors: the product may be outside of what one can be.
        let rounder = V::splat(ROUNDER);
        for i in 0..N {
            let half = n[i].mul_add(V::splat(0.5), rounder).sub(rounder);
            x[i] = e[i].add(V::splat(1.0)).mul(half.pow2()).mul(n[i].sub(half).pow2());
        }
        x
    }
}

/// eˣ - 1 for x up to 0.
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn expm1<V: Lanes>(x: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (n, e) = reduced(x.at_least(V::splat(-87.0)));
        let scale = n.pow2();
        e.mul_add(scale, scale.sub(V::splat(1.0)))
    }
}

/// ln(1 + u) for u from 0 to 1: 2 · artanh(u / (2 + u)).
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn log1p<V: Lanes>(u: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let twice = u.div(u.mul_add(V::splat(0.5), V::splat(1.0)));
        let square = twice.mul(twice).mul(V::splat(0.25));
        polynomial(square, &ARTANH).mul(square).mul_add(twice, twice)
    }
}

/// 1 / (1 + exp(-x))
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn sigmoid<V: Lanes>(x: V) -> V {
    // SAFETY: the caller has the instruction set.
    let [y] = unsafe { sigmoids([x]) };
    y
}

/// That of several numbers, which take each step together.
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn sigmoids<V: Lanes, const N: usize>(mut x: [V; N]) -> [V; N] {
    // SAFETY: the caller has the instruction set.
    unsafe {
        // Beyond, 2ⁿ is infinite, and its inverse 0.
        let (low, high) = (V::splat(-87.0), V::splat(89.0));
        for x in &mut x {
            *x = x.mul(V::splat(-1.0)).at_least(low).at_most(high);
        }
        let (n, e) = all_reduced(x);
        let one = V::splat(1.0);
        for i in 0..N {
            x[i] = e[i].add(one).mul(n[i].pow2()).add(one);
        }
        for x in &mut x {
            *x = one.div(*x);
        }
        x
    }
}

/// The hyperbolic tangent: -e / (2 + e) with e of -2|x|, and the sign of x.
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn tanh<V: Lanes>(x: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (twice, minus) = (x.add(x), V::splat(-1.0));
        let e = expm1(twice.at_most(twice.mul(minus)));
        let y = e.div(e.add(V::splat(2.0)));
        x.if_less(V::splat(0.0), y, y.mul(minus))
    }
}

/// The normal distribution: Φ(x), and its density.
///
/// # Safety
/// That of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn normal<V: Lanes>(x: V) -> (V, V) {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let (one, minus) = (V::splat(1.0), V::splat(-1.0));
        // Beyond, both are 0 or 1 to every digit.
        let size = x.at_least(x.mul(minus)).at_most(V::splat(15.0));
        let bell = exp(size.mul(size).mul(V::splat(-0.5)));
        let slope = V::splat(0.35 * std::f32::consts::FRAC_1_SQRT_2);
        let t = one.div(size.mul_add(slope, one));
        let tail = polynomial(t, &ERFC).mul(t).mul(bell);
        let cumulative = x.if_less(V::splat(0.0), tail, one.sub(tail));
        let density = bell.mul(V::splat(0.398_942_3));
        (cumulative, density)
    }
}
