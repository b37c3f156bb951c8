//! Against `libm` in f64, on all instruction sets of this machine.

use super::*;
use crate::engine::simd::{Level, kernel};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    Exp,
    Expm1,
    Log1p,
    Sigmoid,
    Tanh,
    Normal,
    Density,
}

#[inline(always)]
unsafe fn body<V: Lanes>(which: Which, x: *const f32, y: *mut f32, n: usize) {
    for i in (0..n).step_by(V::COUNT) {
        let count = V::COUNT.min(n - i);
        // SAFETY: within the `n` floats that the caller vouches for.
        unsafe {
            let x = V::load_up_to(x.add(i), count);
            let value = match which {
                Which::Exp => exp(x),
                Which::Expm1 => expm1(x),
                Which::Log1p => log1p(x),
                Which::Sigmoid => sigmoid(x),
                Which::Tanh => tanh(x),
                Which::Normal => normal(x).0,
                Which::Density => normal(x).1,
            };
            value.store_up_to(y.add(i), count);
        }
    }
}
kernel!(unsafe fn all(which: Which, x: *const f32, y: *mut f32, n: usize) = body);

fn exact(which: Which, x: f64) -> f64 {
    match which {
        Which::Exp => libm::exp(x),
        Which::Expm1 => libm::expm1(x),
        Which::Log1p => libm::log1p(x),
        Which::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
        Which::Tanh => libm::tanh(x),
        Which::Normal => 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
        Which::Density => libm::exp(-0.5 * x * x) * 0.398_942_280_401_432_7,
    }
}

/// The largest error in ulps, for results that are no denormals.
fn worst(which: Which, numbers: &[f32]) -> f64 {
    let mut largest = 0.0_f64;
    for &level in Level::all() {
        let mut y = vec![0.0; numbers.len()];
        // SAFETY: both hold that many floats.
        unsafe { all(level, which, numbers.as_ptr(), y.as_mut_ptr(), y.len()) };
        for (&x, &y) in numbers.iter().zip(&y) {
            let exact = exact(which, f64::from(x));
            let rounded = exact as f32;
            if y == rounded || y.is_nan() && rounded.is_nan() {
                continue;
            }
            let ulp = f64::from(rounded.abs().max(f32::MIN_POSITIVE).next_up())
                - f64::from(rounded.abs().max(f32::MIN_POSITIVE));
            let error = (f64::from(y) - exact).abs() / ulp;
            assert!(error.is_finite(), "{which:?} of {x}: {y}, not {exact}");
            largest = largest.max(error);
        }
    }
    largest
}

fn between(low: f32, high: f32) -> Vec<f32> {
    let steps = 100_003;
    let mut numbers: Vec<f32> =
        (0..=steps).map(|i| low + (high - low) * (i as f32 / steps as f32)).collect();
    let tiny = [1e-3, 1e-5, 1e-9, 1e-20, 1e-38, 1e-42, 0.0];
    numbers.extend(tiny.iter().flat_map(|x| [*x, -x]).filter(|x| (low..=high).contains(x)));
    numbers.push(f32::NAN);
    numbers
}

/// Where the exponential is no number any more, or hardly one.
#[test]
fn sigmoid_ends_at_zero() {
    let x = between(-120.0, -80.0);
    for &level in Level::all() {
        let mut y = vec![f32::NAN; x.len()];
        // SAFETY: both hold that many floats.
        unsafe { all(level, Which::Sigmoid, x.as_ptr(), y.as_mut_ptr(), y.len()) };
        for (x, y) in x.iter().zip(y).filter(|(x, _)| !x.is_nan()) {
            let exact = exact(Which::Sigmoid, f64::from(*x));
            assert!((f64::from(y) - exact).abs() <= 1e-6 * exact + 1e-38, "{x}: {y}, not {exact}");
        }
    }
}

#[test]
fn functions_are_exact_to_a_few_ulps() {
    let both = [f32::INFINITY, f32::NEG_INFINITY, 1e4, -1e4, f32::MAX, f32::MIN];
    let around = |low, high| [&between(low, high)[..], &both].concat();
    let bounds = [
        (Which::Exp, around(-110.0, 95.0), 2.0),
        (Which::Expm1, [&between(-100.0, 0.0)[..], &[-1e4, f32::NEG_INFINITY]].concat(), 2.0),
        (Which::Expm1, between(-1.5, 0.0), 2.0),
        (Which::Log1p, between(0.0, 1.0), 2.0),
        (Which::Sigmoid, around(-80.0, 20.0), 3.0),
        (Which::Tanh, around(-10.0, 10.0), 2.5),
        (Which::Normal, around(-2.5, 8.0), 8.0),
        (Which::Density, around(-2.5, 2.5), 8.0),
    ];
    let found: Vec<_> = bounds.iter().map(|(which, x, _)| (which, worst(*which, x))).collect();
    for ((_, _, bound), (_, error)) in bounds.iter().zip(&found) {
        assert!(error <= bound, "{found:?}");
    }
}
