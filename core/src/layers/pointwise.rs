//! What the activations share.
//!
//! dfdx differentiates each operation by its own formula, and some compositions lose digits or give
//! `0 · ∞` in a branch that is not taken. So a value is computed as exactly as it can be, and its
//! gradient comes from a second expression that is only exact to first order.

use super::{Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;

/// Elements that no gradient flows through.
pub(super) type Plain<E, D> = Tensor<(usize,), E, D>;

/// Where it is true.
pub(super) type Mask<D> = Tensor<(usize,), bool, D>;

/// A copy of the value, cut from the tape.
pub(super) fn cut<E: Float, D: Backend<E>>(x: &Flat<E, D>) -> Result<Plain<E, D>> {
    // Without a new identity it would still be `x` to the tape.
    x.retaped::<NoneTape>().try_mul(E::one()).on_device()
}

/// `x`, but `other` where the mask is true: the input of a branch of `choose` that is not taken
/// there, kept away from values that would make its gradient infinite.
pub(super) fn except<E: Float, D: Backend<E>>(
    mask: &Mask<D>,
    x: Flat<E, D>,
    other: E,
) -> Result<Flat<E, D>> {
    let other = filled(&x, other)?.put_tape(OwnedTape::default());
    mask.clone().try_choose(other, x).on_device()
}

/// `a` where the mask is true, else `b`.
pub(super) fn choose<E: Float, D: Backend<E>>(
    mask: &Mask<D>,
    a: Plain<E, D>,
    b: Plain<E, D>,
) -> Result<Plain<E, D>> {
    mask.clone().try_choose(a, b).on_device()
}

/// As many elements as `like`, all with this value.
pub(super) fn filled<E: Float, D: Backend<E>, T>(
    like: &Tensor<(usize,), E, D, T>,
    value: E,
) -> Result<Plain<E, D>> {
    let count = like.shape().0;
    like.device().try_tensor_from_vec(vec![value; count], (count,)).on_device()
}

/// This value, with the gradient of `carrier`, which must be finite.
pub(super) fn with_gradient_of<E: Float, D: Backend<E>>(
    value: Plain<E, D>,
    carrier: Flat<E, D>,
) -> Result<Flat<E, D>> {
    let same = cut(&carrier)?;
    carrier.try_sub(same).on_device()?.try_add(value).on_device()
}

/// ln(1 + exp(x)) for x up to about 40.
///
/// Its value is ln(w) · u / (w - 1) with u = exp(x), and w = 1 + u as rounded: the error of the
/// logarithm's argument cancels (Goldberg: What Every Computer Scientist Should Know About
/// Floating-Point Arithmetic, 1991, theorem 4).
pub(super) fn log1p_exp<E: Float, D: Backend<E>>(x: Flat<E, D>) -> Result<Flat<E, D>> {
    let one = E::one();
    let u = cut(&x)?.try_exp().on_device()?;
    let w = u.clone().try_add(one).on_device()?;
    let rounded = w.clone().try_sub(one).on_device()?;
    let tiny = w.try_eq(one).on_device()?;
    let ln = w.try_ln().on_device()?;
    let exact = ln.try_mul(u.clone()).on_device()?.try_div(rounded).on_device()?;
    let carrier = x.try_exp().on_device()?.try_add(one).on_device()?.try_ln().on_device()?;
    with_gradient_of(choose(&tiny, u, exact)?, carrier)
}

/// exp(x) - 1 for x up to 0, without loss of digits near 0: (u - 1) · x / ln(u) with u = exp(x) as
/// rounded (Kahan; see Higham: Accuracy and Stability of Numerical Algorithms, 2002, section 1.14).
pub(super) fn expm1<E: Float, D: Backend<E>>(x: Flat<E, D>) -> Result<Flat<E, D>> {
    let z = cut(&x)?;
    let u = z.clone().try_exp().on_device()?;
    let minus = u.clone().try_sub(E::one()).on_device()?;
    let ln = u.clone().try_ln().on_device()?;
    let exact = minus.clone().try_mul(z.clone()).on_device()?.try_div(ln).on_device()?;
    let far = choose(&u.try_le(E::of(0.5)).on_device()?, minus, exact)?;
    let value = choose(&u.try_eq(E::one()).on_device()?, z, far)?;
    with_gradient_of(value, x.try_exp().on_device()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Function = fn(Flat<f32, Cpu>) -> Result<Flat<f32, Cpu>>;

    /// The value of `f` in `f32` is that of `exact` within 4 ulps, and its gradient that of `slope`.
    fn check(f: Function, exact: fn(f64) -> f64, slope: fn(f64) -> f64, numbers: &[f32]) {
        let x = Cpu::default().tensor_from_vec(numbers.to_vec(), (numbers.len(),));
        let y = f(x.leaky_trace()).unwrap();
        let values = y.as_vec();
        let gradient = y.sum::<(), _>().backward().get(&x).as_vec();
        for (i, &x) in numbers.iter().enumerate() {
            let close =
                |a: f32, b: f64| (f64::from(a) / b - 1.0).abs() <= 4.0 * f64::from(f32::EPSILON);
            assert!(close(values[i], exact(f64::from(x))), "{x}: {}", values[i]);
            assert!(close(gradient[i], slope(f64::from(x))), "{x}: gradient {}", gradient[i]);
        }
    }

    #[test]
    fn expm1_keeps_its_digits_near_zero() {
        let numbers = [-1e-30, -1e-9, -3e-8, -1e-6, -0.01, -0.69, -0.7, -3.0, -50.0];
        check(expm1, f64::exp_m1, f64::exp, &numbers);
    }

    #[test]
    fn log1p_exp_keeps_its_digits_far_below_zero() {
        let numbers = [-80.0, -40.0, -17.0, -16.0, -5.0, -0.1, 0.0, 1.0, 20.0, 40.0];
        check(log1p_exp, |x| x.exp().ln_1p(), |x| 1.0 / (1.0 + (-x).exp()), &numbers);
    }
}
