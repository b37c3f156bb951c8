//! `Map`: a function of the user's, element by element.

use super::pointwise::filled;
use super::relu::relu;
use super::{Call, Flat, OnDevice};
use crate::backend::{Backend, Float};
use crate::error::Result;
use dfdx::prelude::*;
use netwright_spec::scalar::{Binary, Op, Unary};

pub(super) fn forward<E: Float, D: Backend<E>>(call: &mut Call<'_, E, D>) -> Result<Flat<E, D>> {
    let Some(function) = call.node.function("function") else {
        return Err(call.error("lacks its function"));
    };
    let expression = function.expression();
    let (x, mut tape) = call.input()?.split_tape();
    let mut values: Vec<Tensor<(usize,), E, D>> = Vec::with_capacity(expression.ops.len());
    for op in &expression.ops {
        // The tape goes from operation to operation; the values stay without it, to be used again.
        let (value, rest) = match *op {
            Op::Argument => (x.clone(), tape),
            Op::Constant(c) => (filled(&x, E::of(c))?, tape),
            Op::Unary(function, a) => {
                unary(function, values[a].clone().put_tape(tape))?.split_tape()
            }
            Op::Binary(function, a, b) => {
                // dfdx's operations on two tensors want two: `x * x` is of one.
                let (a, b) = (values[a].clone().put_tape(tape), values[b].clone());
                let (a, tape) = a.try_mul(E::one()).on_device()?.split_tape();
                binary(function, a.put_tape(tape), b)?.split_tape()
            }
        };
        values.push(value);
        tape = rest;
    }
    Ok(values.swap_remove(expression.result).put_tape(tape))
}

fn unary<E: Float, D: Backend<E>>(function: Unary, x: Flat<E, D>) -> Result<Flat<E, D>> {
    match function {
        Unary::Neg => x.try_negate().on_device(),
        Unary::Abs => x.try_abs().on_device(),
        Unary::Relu => relu(x),
        Unary::Exp => x.try_exp().on_device(),
        Unary::Ln => x.try_ln().on_device(),
        Unary::Sqrt => x.try_sqrt().on_device(),
        Unary::Sin => x.try_sin().on_device(),
        Unary::Cos => x.try_cos().on_device(),
        Unary::Tanh => x.try_tanh().on_device(),
        Unary::Sigmoid => x.try_sigmoid().on_device(),
        Unary::Powi(power) => x.try_powi(power).on_device(),
    }
}

fn binary<E: Float, D: Backend<E>>(
    function: Binary,
    a: Flat<E, D>,
    b: Tensor<(usize,), E, D>,
) -> Result<Flat<E, D>> {
    match function {
        Binary::Add => a.try_add(b).on_device(),
        Binary::Sub => a.try_sub(b).on_device(),
        Binary::Mul => a.try_mul(b).on_device(),
        Binary::Div => a.try_div(b).on_device(),
    }
}
