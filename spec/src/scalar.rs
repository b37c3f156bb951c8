//! Functions of one number, as data: what the closure of `Map(|x| x * x.sigmoid())` computes.
//!
//! The closure is called once, with a [`Scalar`] that stands for the number and records what is done
//! with it. So the runtime can differentiate the function and run it on whole vectors, on every
//! device and float type.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::{Mutex, PoisonError};

/// A number that is not known yet: the argument of a `Map`'s closure, and all that is computed from
/// it. It has the operators and functions that can be differentiated, but no comparisons: the same
/// is done for all numbers.
#[derive(Clone, Copy, Debug)]
pub struct Scalar(usize);

/// A function of one number.
#[derive(Clone, Copy)]
pub struct Function(pub fn(Scalar) -> Scalar);

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.expression() == other.expression()
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.expression().fmt(f)
    }
}

/// What a [`Function`] computes: each operation takes the results of earlier ones, by their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// The operations; the first is [`Op::Argument`].
    pub ops: Vec<Op>,
    /// The number of the one that is the function's value.
    pub result: usize,
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// The function's argument.
    Argument,
    /// A number that is always the same.
    Constant(f64),
    /// A function of one number.
    Unary(Unary, usize),
    /// A function of two.
    Binary(Binary, usize, usize),
}

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// -x
    Neg,
    /// |x|, with gradient 0 at 0
    Abs,
    /// max(x, 0)
    Relu,
    /// eˣ
    Exp,
    /// The natural logarithm.
    Ln,
    /// √x
    Sqrt,
    /// sin x
    Sin,
    /// cos x
    Cos,
    /// The hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e⁻ˣ)
    Sigmoid,
    /// x to a whole power.
    Powi(i32),
}

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a · b
    Mul,
    /// a / b
    Div,
}

thread_local! {
    static RECORDED: RefCell<Vec<Op>> = const { RefCell::new(Vec::new()) };
}

impl Function {
    /// Calls the function with a number that records.
    pub fn expression(&self) -> Expression {
        // A function that is asked for while another one records comes back to it.
        let before = RECORDED.replace(vec![Op::Argument]);
        let Scalar(result) = (self.0)(Scalar(0));
        let ops = RECORDED.replace(before);
        // A number that was smuggled out of another function has no meaning here.
        Expression { result: result.min(ops.len() - 1), ops }
    }

    /// The same, made once for each function of the program.
    pub fn known(&self) -> &'static Expression {
        static KNOWN: Mutex<BTreeMap<usize, &'static Expression>> = Mutex::new(BTreeMap::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        // Functions at one address are one function.
        known.entry(self.0 as usize).or_insert_with(|| Box::leak(Box::new(self.expression())))
    }
}

impl Scalar {
    fn record(op: Op) -> Scalar {
        RECORDED.with_borrow_mut(|ops| {
            ops.push(op);
            Scalar(ops.len() - 1)
        })
    }

    fn unary(self, function: Unary) -> Scalar {
        Scalar::record(Op::Unary(function, self.0))
    }

    fn binary(self, function: Binary, other: Scalar) -> Scalar {
        Scalar::record(Op::Binary(function, self.0, other.0))
    }

    /// |x|, with gradient 0 at 0.
    pub fn abs(self) -> Scalar {
        self.unary(Unary::Abs)
    }

    /// max(x, 0)
    pub fn relu(self) -> Scalar {
        self.unary(Unary::Relu)
    }

    /// eˣ
    pub fn exp(self) -> Scalar {
        self.unary(Unary::Exp)
    }

    /// The natural logarithm.
    pub fn ln(self) -> Scalar {
        self.unary(Unary::Ln)
    }

    /// √x
    pub fn sqrt(self) -> Scalar {
        self.unary(Unary::Sqrt)
    }

    /// sin x
    pub fn sin(self) -> Scalar {
        self.unary(Unary::Sin)
    }

    /// cos x
    pub fn cos(self) -> Scalar {
        self.unary(Unary::Cos)
    }

    /// The hyperbolic tangent.
    pub fn tanh(self) -> Scalar {
        self.unary(Unary::Tanh)
    }

    /// 1 / (1 + e⁻ˣ)
    pub fn sigmoid(self) -> Scalar {
        self.unary(Unary::Sigmoid)
    }

    /// x to a whole power.
    pub fn powi(self, power: i32) -> Scalar {
        self.unary(Unary::Powi(power))
    }

    /// The larger of both: b + max(a - b, 0).
    pub fn max(self, other: impl Into<Scalar>) -> Scalar {
        let other = other.into();
        other + (self - other).relu()
    }

    /// The smaller of both: a - max(a - b, 0).
    pub fn min(self, other: impl Into<Scalar>) -> Scalar {
        self - (self - other.into()).relu()
    }
}

impl From<f64> for Scalar {
    fn from(x: f64) -> Scalar {
        Scalar::record(Op::Constant(x))
    }
}

impl Neg for Scalar {
    type Output = Scalar;
    fn neg(self) -> Scalar {
        self.unary(Unary::Neg)
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident;)*) => {
        $(impl<T: Into<Scalar>> $trait<T> for Scalar {
            type Output = Scalar;
            fn $method(self, other: T) -> Scalar {
                self.binary(Binary::$trait, other.into())
            }
        }

        impl $trait<Scalar> for f64 {
            type Output = Scalar;
            fn $method(self, other: Scalar) -> Scalar {
                Scalar::from(self).binary(Binary::$trait, other)
            }
        })*
    };
}

operator! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_becomes_data() {
        let swish = Function(|x| x * (x * 0.5).sigmoid());
        let ops = vec![
            Op::Argument,
            Op::Constant(0.5),
            Op::Binary(Binary::Mul, 0, 1),
            Op::Unary(Unary::Sigmoid, 2),
            Op::Binary(Binary::Mul, 0, 3),
        ];
        assert_eq!(swish.expression(), Expression { ops, result: 4 });
        assert_eq!(swish, Function(|y| y * (y * 0.5).sigmoid()));
        assert_ne!(swish, Function(|x| 2.0 - x.max(1.0)));
        assert_eq!(Function(|x| x).expression(), Expression { ops: vec![Op::Argument], result: 0 });
    }

    #[test]
    fn functions_inside_of_functions_do_not_disturb() {
        let outer = Function(|x| {
            let inner = Function(|x| x.exp() + 1.0).expression();
            x * inner.ops.len() as f64
        });
        assert_eq!(outer, Function(|x| x * 4.0));
    }
}
