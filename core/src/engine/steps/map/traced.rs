//! A function of the user's, operation by operation over a block.

use super::{BLOCK, Map, apply, apply_gradient};
use netwright_spec::scalar::{Binary, Expression, Op, Unary};

/// Working memory for a function: the results of all operations, and their gradients.
pub(super) fn scratch_len(expression: &Expression) -> usize {
    2 * expression.ops.len() * BLOCK
}

/// The results of all operations: operation `i` has the block from `i * BLOCK` on.
fn run(expression: &Expression, x: &[f32], results: &mut [f32]) {
    let n = x.len();
    for (number, op) in expression.ops.iter().enumerate() {
        let (before, rest) = results.split_at_mut(number * BLOCK);
        let to = &mut rest[..n];
        let of = |number: usize| &before[number * BLOCK..][..n];
        match *op {
            Op::Argument => to.copy_from_slice(x),
            Op::Constant(c) => to.fill(c as f32),
            Op::Unary(function, a) => unary(function, of(a), to),
            Op::Binary(function, a, b) => {
                let (a, b) = (of(a), of(b));
                let each = to.iter_mut().zip(a.iter().zip(b));
                match function {
                    Binary::Add => each.for_each(|(to, (a, b))| *to = a + b),
                    Binary::Sub => each.for_each(|(to, (a, b))| *to = a - b),
                    Binary::Mul => each.for_each(|(to, (a, b))| *to = a * b),
                    Binary::Div => each.for_each(|(to, (a, b))| *to = a / b),
                }
            }
        }
    }
}

/// `y = f(x)` for a block.
pub(super) fn values(expression: &Expression, x: &[f32], y: &mut [f32], scratch: &mut [f32]) {
    run(expression, x, scratch);
    y.copy_from_slice(&scratch[expression.result * BLOCK..][..y.len()]);
}

/// `d` from the gradient of `f(x)` to that of `x`, for a block.
pub(super) fn gradients(expression: &Expression, x: &[f32], d: &mut [f32], scratch: &mut [f32]) {
    let n = x.len();
    let (results, slopes) = scratch.split_at_mut(expression.ops.len() * BLOCK);
    run(expression, x, results);
    slopes[..expression.ops.len() * BLOCK].fill(0.0);
    slopes[expression.result * BLOCK..][..n].copy_from_slice(d);
    let of = |number: usize| &results[number * BLOCK..][..n];
    for (number, op) in expression.ops.iter().enumerate().rev() {
        let (before, rest) = slopes.split_at_mut(number * BLOCK);
        let dy = &mut rest[..n];
        match *op {
            Op::Argument | Op::Constant(_) => {}
            Op::Unary(function, a) => {
                let da = &mut before[a * BLOCK..][..n];
                unary_gradient(function, of(a), of(number), dy, da);
            }
            Op::Binary(function, a, b) => {
                binary_gradient(function, [of(a), of(b)], dy, &mut before[a * BLOCK..][..n], true);
                binary_gradient(function, [of(a), of(b)], dy, &mut before[b * BLOCK..][..n], false);
            }
        }
    }
    // The argument is the first operation.
    d.copy_from_slice(&slopes[..n]);
}

/// The map that does the same with vectors, if there is one.
fn vectors(function: Unary) -> Option<Map> {
    match function {
        Unary::Relu => Some(Map::Relu),
        Unary::Exp => Some(Map::Exp),
        Unary::Tanh => Some(Map::Tanh),
        Unary::Sigmoid => Some(Map::Sigmoid),
        _ => None,
    }
}

fn unary(function: Unary, x: &[f32], y: &mut [f32]) {
    if let Some(map) = vectors(function) {
        return apply(map, x, y);
    }
    let scalar: fn(f32) -> f32 = match function {
        Unary::Neg => |x| -x,
        Unary::Abs => f32::abs,
        Unary::Ln => f32::ln,
        Unary::Sqrt => f32::sqrt,
        Unary::Sin => f32::sin,
        Unary::Cos => f32::cos,
        Unary::Powi(power) => {
            return y.iter_mut().zip(x).for_each(|(y, x)| *y = x.powi(power));
        }
        Unary::Relu | Unary::Exp | Unary::Tanh | Unary::Sigmoid => return,
    };
    y.iter_mut().zip(x).for_each(|(y, x)| *y = scalar(*x));
}

/// Adds to the gradient of `x`; `dy` is used up.
fn unary_gradient(function: Unary, x: &[f32], y: &[f32], dy: &mut [f32], dx: &mut [f32]) {
    if let Some(map) = vectors(function) {
        apply_gradient(map, x, y, dy);
    } else {
        for ((d, &x), &y) in dy.iter_mut().zip(x).zip(y) {
            *d *= match function {
                Unary::Neg => -1.0,
                Unary::Abs if x == 0.0 => 0.0,
                Unary::Abs => x.signum(),
                Unary::Ln => 1.0 / x,
                Unary::Sqrt => 0.5 / y,
                Unary::Sin => x.cos(),
                Unary::Cos => -x.sin(),
                Unary::Powi(power) => power as f32 * x.powi(power - 1),
                Unary::Relu | Unary::Exp | Unary::Tanh | Unary::Sigmoid => 1.0,
            };
        }
    }
    dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += *dy);
}

/// Adds to the gradient of the first or of the second operand.
fn binary_gradient(function: Binary, [a, b]: [&[f32]; 2], dy: &[f32], to: &mut [f32], first: bool) {
    let each = to.iter_mut().zip(dy).zip(a.iter().zip(b));
    match (function, first) {
        (Binary::Add, _) | (Binary::Sub, true) => each.for_each(|((to, d), _)| *to += d),
        (Binary::Sub, false) => each.for_each(|((to, d), _)| *to -= d),
        (Binary::Mul, true) => each.for_each(|((to, d), (_, b))| *to += d * b),
        (Binary::Mul, false) => each.for_each(|((to, d), (a, _))| *to += d * a),
        (Binary::Div, true) => each.for_each(|((to, d), (_, b))| *to += d / b),
        (Binary::Div, false) => each.for_each(|((to, d), (a, b))| *to -= d * a / (b * b)),
    }
}
