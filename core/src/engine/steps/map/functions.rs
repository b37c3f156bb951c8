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

/// scale · x above zero, depth · (exp(rate · x) - 1) elsewhere: `Elu`, `Celu` and `Selu`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Elu {
    scale: f32,
    depth: f32,
    rate: f32,
}

impl Elu {
    pub(super) fn of(numbers: [f64; 3]) -> Self {
        let [scale, depth, rate] = numbers.map(|x| x as f32);
        Elu { scale, depth, rate }
    }
}

function!(
    Elu,
    |Elu { scale, depth, rate }, x| {
        let below = expm1(x.at_most(V::splat(0.0)).mul(V::splat(rate))).mul(V::splat(depth));
        V::splat(0.0).if_less(x, x.mul(V::splat(scale)), below)
    },
    |y, d| {
        let below = exp(x.at_most(V::splat(0.0)).mul(V::splat(rate)));
        let slope = below.mul(V::splat(depth * rate));
        V::splat(0.0).if_less(x, d.mul(V::splat(scale)), d.mul(slope))
    }
);

#[derive(Clone, Copy)]
pub(super) struct Relu6;
function!(Relu6, |_, x| x.relu().at_most(V::splat(6.0)), |y, d| {
    let below = V::splat(6_f32.next_down()).if_less(x, V::splat(0.0), d);
    below.where_active(x)
});

/// min(max(x + 3, 0), 6) / 6
#[inline(always)]
unsafe fn gate<V: Lanes>(x: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let up = x.add(V::splat(3.0)).at_least(V::splat(0.0)).at_most(V::splat(6.0));
        up.mul(V::splat(1.0 / 6.0))
    }
}

/// `d` where x is between -3 and 3, else 0, also where it is NaN.
#[inline(always)]
unsafe fn between<V: Lanes>(x: V, d: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe {
        let below = x.if_less(V::splat(3.0), d, V::splat(0.0));
        V::splat(-3.0).if_less(x, below, V::splat(0.0))
    }
}

#[derive(Clone, Copy)]
pub(super) struct HardSigmoid;
function!(HardSigmoid, |_, x| gate(x), |y, d| between(x, d.mul(V::splat(1.0 / 6.0))));

#[derive(Clone, Copy)]
pub(super) struct HardSwish;
function!(HardSwish, |_, x| x.mul(gate(x)), |y, d| {
    let rise = between(x, x.mul(V::splat(1.0 / 6.0)));
    d.mul(gate(x).add(rise))
});

#[derive(Clone, Copy)]
pub(super) struct Softsign;
function!(
    Softsign,
    |_, x| {
        let size = x.at_least(x.mul(V::splat(-1.0)));
        x.div(size.add(V::splat(1.0)))
    },
    |y, d| {
        let size = x.at_least(x.mul(V::splat(-1.0))).add(V::splat(1.0));
        // Divided twice, because the square may be infinite; and NaN where the value is.
        d.div(size).div(size).add(y.sub(y))
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

#[derive(Clone, Copy)]
pub(super) struct LogSigmoid;
function!(
    LogSigmoid,
    |_, x| {
        let minus = x.mul(V::splat(-1.0));
        x.at_most(V::splat(0.0)).sub(log1p(exp(x.at_most(minus))))
    },
    |y, d| {
        let one = V::splat(1.0);
        let small = exp(x.at_most(x.mul(V::splat(-1.0))));
        d.mul(x.if_less(V::splat(0.0), one, small)).div(small.add(one))
    }
);

/// x · n / (n + 2) with u = exp(x) and n = u · (u + 2).
#[derive(Clone, Copy)]
pub(super) struct Mish;
function!(
    Mish,
    |_, x| {
        let two = V::splat(2.0);
        let u = exp(x.at_most(V::splat(MISH)));
        let n = u.mul(u.add(two));
        x.mul(n.div(n.add(two)))
    },
    |y, d| {
        // The slope is 1 from there on; infinity times that of the gate would be NaN.
        let x = x.at_most(V::splat(MISH));
        let (one, two) = (V::splat(1.0), V::splat(2.0));
        let u = exp(x);
        let n = u.mul(u.add(two));
        let share = two.div(n.add(two));
        let rise = u.mul(u.add(one)).mul(share).mul(share);
        d.mul(x.mul_add(rise, n.div(n.add(two))))
    }
);
/// From there on the gate is 1 to every digit, and its slope 0.
const MISH: f32 = 20.0;
