//! The activations as functions on vectors.

use crate::engine::kernels::math::{exp, expm1, log1p, normal, sigmoid, tanh};
use crate::engine::simd::Lanes;

/// A function of each element.
///
/// # Safety
/// The methods' is that of [`Lanes`].
pub(super) trait Function: Copy {
    /// Its value.
    unsafe fn value<V: Lanes>(self, x: V) -> V;
    /// The gradient of `x`, if `d` is that of the value, `y`.
    unsafe fn gradient<V: Lanes>(self, x: V, y: V, d: V) -> V;
}

/// `impl Function`, without what all have in common.
macro_rules! function {
    ($type:ident, |$this:pat_param, $x:ident| $value:expr, |$y:ident, $d:ident| $gradient:expr) => {
        impl Function for $type {
            #[inline(always)]
            unsafe fn value<V: Lanes>(self, $x: V) -> V {
                let $this = self;
                // SAFETY: the caller has the instruction set.
                unsafe { $value }
            }
            #[inline(always)]
            unsafe fn gradient<V: Lanes>(self, $x: V, $y: V, $d: V) -> V {
                let _ = ($x, $y);
                let $this = self;
                // SAFETY: the caller has the instruction set.
                unsafe { $gradient }
            }
        }
    };
}

#[derive(Clone, Copy)]
pub(super) struct Relu;
function!(Relu, |_, x| x.relu(), |y, d| d.where_active(x));

#[derive(Clone, Copy)]
pub(super) struct LeakyRelu(pub(super) f32);
function!(
    LeakyRelu,
    |LeakyRelu(slope), x| V::splat(0.0).if_less(x, x, x.mul(V::splat(slope))),
    |y, d| V::splat(0.0).if_less(x, d, d.mul(V::splat(slope)))
);

#[derive(Clone, Copy)]
pub(super) struct Elu(pub(super) f32);
function!(
    Elu,
    |Elu(alpha), x| {
        let below = expm1(x.at_most(V::splat(0.0))).mul(V::splat(alpha));
        V::splat(0.0).if_less(x, x, below)
    },
    |y, d| {
        let below = exp(x.at_most(V::splat(0.0))).mul(V::splat(alpha));
        V::splat(0.0).if_less(x, d, d.mul(below))
    }
);

#[derive(Clone, Copy)]
pub(super) struct Sigmoid;
function!(Sigmoid, |_, x| sigmoid(x), |y, d| d.mul(y.mul(V::splat(1.0).sub(y))));

#[derive(Clone, Copy)]
pub(super) struct Exp;
function!(Exp, |_, x| exp(x), |y, d| d.mul(y));

#[derive(Clone, Copy)]
pub(super) struct Tanh;
function!(Tanh, |_, x| tanh(x), |y, d| d.mul(V::splat(1.0).sub(y.mul(y))));

#[derive(Clone, Copy)]
pub(super) struct Silu;
function!(Silu, |_, x| x.mul(sigmoid(x)), |y, d| {
    let gate = sigmoid(x);
    d.mul(y.mul_add(V::splat(1.0).sub(gate), gate))
});

#[derive(Clone, Copy)]
pub(super) struct Gelu;
function!(Gelu, |_, x| x.mul(normal(x).0), |y, d| {
    let (cumulative, density) = normal(x);
    // The density is 0 from there on; infinity times it would be NaN.
    let x = x.at_least(V::splat(-20.0)).at_most(V::splat(20.0));
    d.mul(x.mul_add(density, cumulative))
});

/// √(8/π), and that times 0.044715.
const GELU: [f32; 2] = [1.595_769_2, 0.071_354_814];

/// ½ · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))), which is x · sigmoid of twice that.
#[derive(Clone, Copy)]
pub(super) struct GeluTanh;
function!(
    GeluTanh,
    |_, x| {
        let inner = x.mul(x).mul_add(V::splat(GELU[1]), V::splat(GELU[0]));
        x.mul(sigmoid(x.mul(inner)))
    },
    |y, d| {
        // The gate is 0 or 1 from there on; infinity times its slope would be NaN.
        let x = x.at_least(V::splat(-20.0)).at_most(V::splat(20.0));
        let square = x.mul(x);
        let gate = sigmoid(x.mul(square.mul_add(V::splat(GELU[1]), V::splat(GELU[0]))));
        let slope = square.mul_add(V::splat(3.0 * GELU[1]), V::splat(GELU[0]));
        let rise = x.mul(slope).mul(V::splat(1.0).sub(gate));
        d.mul(rise.mul_add(gate, gate))
    }
);

#[derive(Clone, Copy)]
pub(super) struct Softplus {
    pub(super) beta: f32,
    /// Where beta · x is above, the value is x.
    pub(super) threshold: f32,
}
function!(
    Softplus,
    |Softplus { beta, threshold }, x| {
        let (beta, zero) = (V::splat(beta), V::splat(0.0));
        let z = x.mul(beta);
        let small = exp(z.at_most(z.mul(V::splat(-1.0))));
        let bent = z.at_least(zero).add(log1p(small)).div(beta);
        V::splat(threshold).if_less(z, x, bent)
    },
    |y, d| {
        let one = V::splat(1.0);
        let z = x.mul(V::splat(beta));
        let small = exp(z.at_most(z.mul(V::splat(-1.0))));
        let bent = z.if_less(V::splat(0.0), small, one).div(small.add(one));
        V::splat(threshold).if_less(z, d, d.mul(bent))
    }
);
