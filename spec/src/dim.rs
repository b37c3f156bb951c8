//! One axis of a shape: a number, a named constant, a const generic, or something computed.

use crate::size;
use std::fmt;

/// The size of one axis.
///
/// Two named sizes are equal when they are written alike; whether `SIDE` and `WIDTH` happen to
/// have the same value only const evaluation can tell, see [`crate::layer::Context::require`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// A number known while the macro runs.
    Known(usize),
    /// A constant of the user's, as written: `SIDE`, `cfg::WIDTH`, `{ 2 * SIDE }`.
    Named(String),
    /// A const generic of the declaration.
    Generic(String),
    /// Computed from named constants.
    Computed(Op, Vec<Dim>),
}

/// An operation on sizes: what [`Dim::Computed`] holds. Each is a `const fn` of [`crate::size`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// [`size::add`]
    Add,
    /// [`size::sub`]
    Sub,
    /// [`size::mul`]
    Mul,
    /// [`size::div`]
    Div,
    /// [`size::reach`]
    Reach,
    /// [`size::windows`]
    Windows,
    /// [`size::windows_ceil`]
    WindowsCeil,
}

impl Op {
    /// The name of the `const fn` in [`crate::size`].
    pub const fn function(self) -> &'static str {
        match self {
            Op::Add => "add",
            Op::Sub => "sub",
            Op::Mul => "mul",
            Op::Div => "div",
            Op::Reach => "reach",
            Op::Windows => "windows",
            Op::WindowsCeil => "windows_ceil",
        }
    }

    /// The result for known sizes; `None` on overflow, underflow or division by zero.
    fn eval(self, args: &[usize]) -> Option<usize> {
        match (self, args) {
            (Op::Add, &[a, b]) => a.checked_add(b),
            (Op::Sub, &[a, b]) => a.checked_sub(b),
            (Op::Mul, &[a, b]) => a.checked_mul(b),
            (Op::Div, &[a, b]) => a.checked_div(b),
            (Op::Reach, &[kernel, dilation]) => {
                kernel.saturating_sub(1).checked_mul(dilation)?.checked_add(1)
            }
            (Op::Windows, &[input, reach, stride]) => Some(size::windows(input, reach, stride)),
            (Op::WindowsCeil, &[input, reach, stride, limit]) => {
                Some(size::windows_ceil(input, reach, stride, limit))
            }
            _ => None,
        }
    }
}

/// Why a size could not be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SizeError {
    /// The result does not fit into a `usize`.
    TooLarge,
    /// The const generic of this name would need arithmetic, which stable Rust does not have.
    Generic(String),
}

impl Dim {
    /// Computes `op` over `args`, simplifying what leaves a size unchanged.
    pub fn compute(op: Op, args: &[Dim]) -> Result<Dim, SizeError> {
        if let Some(unchanged) = unchanged(op, args) {
            return Ok(unchanged);
        }
        let known: Option<Vec<usize>> = args.iter().map(Dim::known).collect();
        match known {
            Some(args) => op.eval(&args).map(Dim::Known).ok_or(SizeError::TooLarge),
            None => match args.iter().find_map(Dim::generic) {
                Some(name) => Err(SizeError::Generic(name.to_string())),
                None => Ok(Dim::Computed(op, args.to_vec())),
            },
        }
    }

    /// `self + other`.
    pub fn add(&self, other: &Dim) -> Result<Dim, SizeError> {
        Dim::compute(Op::Add, &[self.clone(), other.clone()])
    }

    /// `self * other`.
    pub fn mul(&self, other: &Dim) -> Result<Dim, SizeError> {
        Dim::compute(Op::Mul, &[self.clone(), other.clone()])
    }

    /// The product of several sizes.
    pub fn product(dims: &[Dim]) -> Result<Dim, SizeError> {
        dims.iter().try_fold(Dim::Known(1), |total, dim| total.mul(dim))
    }

    /// The number, if the macro knows it.
    pub fn known(&self) -> Option<usize> {
        match self {
            Dim::Known(n) => Some(*n),
            _ => None,
        }
    }

    /// The size as a user could write it, for a help text; `…` for a computed one.
    pub fn written(&self) -> String {
        match self {
            Dim::Computed(..) => "…".into(),
            _ => self.to_string(),
        }
    }

    /// The const generic's name, if this is one.
    pub fn generic(&self) -> Option<&str> {
        match self {
            Dim::Generic(name) => Some(name),
            _ => None,
        }
    }
}

/// `1 * x`, `x + 0`, `x / 1` and a window of one tap are `x` itself, so a const generic passes.
fn unchanged(op: Op, args: &[Dim]) -> Option<Dim> {
    let is = |dim: &Dim, n: usize| dim.known() == Some(n);
    match (op, args) {
        (Op::Mul, [a, b]) if is(a, 1) => Some(b.clone()),
        (Op::Mul, [a, b]) if is(b, 1) => Some(a.clone()),
        (Op::Add, [a, b]) if is(a, 0) => Some(b.clone()),
        (Op::Add | Op::Sub, [a, b]) if is(b, 0) => Some(a.clone()),
        (Op::Div, [a, b]) if is(b, 1) => Some(a.clone()),
        (Op::Reach, [kernel, dilation]) if is(dilation, 1) => Some(kernel.clone()),
        (Op::Reach, [kernel, _]) if is(kernel, 1) => Some(Dim::Known(1)),
        (Op::Windows, [input, reach, stride]) if is(reach, 1) && is(stride, 1) => {
            Some(input.clone())
        }
        (Op::WindowsCeil, [input, reach, stride, limit])
            if is(reach, 1) && is(stride, 1) && input == limit =>
        {
            Some(input.clone())
        }
        _ => None,
    }
}

impl From<usize> for Dim {
    fn from(n: usize) -> Self {
        Dim::Known(n)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Known(n) => write!(f, "{n}"),
            Dim::Named(text) | Dim::Generic(text) => f.write_str(text),
            Dim::Computed(op, args) => write_computed(f, *op, args),
        }
    }
}

fn write_computed(f: &mut fmt::Formatter<'_>, op: Op, args: &[Dim]) -> fmt::Result {
    match (op, args) {
        (Op::Add, [a, b]) => write!(f, "({a} + {b})"),
        (Op::Sub, [a, b]) => write!(f, "({a} - {b})"),
        (Op::Mul, [a, b]) => write!(f, "{a} * {b}"),
        (Op::Div, [a, b]) => write!(f, "{a} / {b}"),
        (Op::Windows, [input, reach, Dim::Known(1)]) => write!(f, "({input} - {reach} + 1)"),
        (Op::Windows, [input, reach, stride]) => {
            write!(f, "(({input} - {reach}) / {stride} + 1)")
        }
        _ => {
            write!(f, "{}(", op.function())?;
            for (i, arg) in args.iter().enumerate() {
                write!(f, "{}{arg}", if i == 0 { "" } else { ", " })?;
            }
            f.write_str(")")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Dim {
        Dim::Named(text.into())
    }

    #[test]
    fn known_sizes_are_computed() {
        assert_eq!(Dim::Known(16).mul(&Dim::Known(36)), Ok(Dim::Known(576)));
        assert_eq!(Dim::Known(usize::MAX).add(&Dim::Known(1)), Err(SizeError::TooLarge));
    }

    #[test]
    fn named_sizes_are_kept_as_an_expression() {
        let side = named("SIDE");
        let out = Dim::compute(Op::Windows, &[side.clone(), Dim::Known(3), Dim::Known(1)]);
        assert_eq!(out.map(|d| d.to_string()), Ok("(SIDE - 3 + 1)".into()));
        assert_eq!(side.mul(&Dim::Known(1)), Ok(side.clone()));
    }

    #[test]
    fn generic_sizes_pass_through_but_do_not_compute() {
        let n = Dim::Generic("N".into());
        assert_eq!(n.mul(&Dim::Known(1)), Ok(n.clone()));
        assert_eq!(n.mul(&Dim::Known(2)), Err(SizeError::Generic("N".into())));
    }

    #[test]
    fn a_window_of_one_tap_keeps_a_generic_size_only_in_steps_of_one() {
        let n = Dim::Generic("N".into());
        let ceil = |stride: usize, limit: &Dim| {
            Dim::compute(Op::WindowsCeil, &[n.clone(), 1.into(), stride.into(), limit.clone()])
        };
        assert_eq!(ceil(1, &n), Ok(n.clone()));
        assert_eq!(ceil(2, &n), Err(SizeError::Generic("N".into())));
        assert_eq!(ceil(1, &Dim::Known(3)), Err(SizeError::Generic("N".into())));
    }
}
