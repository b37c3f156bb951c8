//! One axis of a shape: a number, a named constant, a generic size, or something computed.

pub(crate) mod simplify;
mod written;

use crate::size;

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
    /// A const generic of the declaration: it passes through, but nothing is computed with it.
    Generic(String),
    /// A type parameter of the declaration, `Side: Size`, of at least one.
    Type(String),
    /// Computed from named constants and type parameters.
    Computed(Op, Vec<Dim>),
}

/// An operation on sizes: what [`Dim::Computed`] holds. Each is a `const fn` of [`crate::size`],
/// and an operation on types in the runtime.
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

    /// The name of the operation on types, in the runtime's `sizes`.
    pub const fn type_alias(self) -> &'static str {
        match self {
            Op::Add => "Sum",
            Op::Sub => "Diff",
            Op::Mul => "Prod",
            Op::Div => "Quot",
            Op::Reach => "Reach",
            Op::Windows => "Windows",
            Op::WindowsCeil => "WindowsCeil",
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
    /// Computes `op` over `args`, where the layers demand that the result exists: a window is not
    /// larger than its input, nothing larger is taken away.
    pub fn compute(op: Op, args: &[Dim]) -> Result<Dim, SizeError> {
        if let Some(unchanged) = simplify::unchanged(op, args) {
            return Ok(unchanged);
        }
        let known: Option<Vec<usize>> = args.iter().map(Dim::known).collect();
        match known {
            Some(args) => op.eval(&args).map(Dim::Known).ok_or(SizeError::TooLarge),
            None => match args.iter().find_map(Dim::generic) {
                Some(name) => Err(SizeError::Generic(name.to_string())),
                None => simplify::computed(op, args).ok_or(SizeError::TooLarge),
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

    /// Whether the size depends on a type parameter, so that it is a type itself.
    pub fn is_type(&self) -> bool {
        match self {
            Dim::Type(_) => true,
            Dim::Computed(_, args) => args.iter().any(Dim::is_type),
            Dim::Known(_) | Dim::Named(_) | Dim::Generic(_) => false,
        }
    }
}

impl From<usize> for Dim {
    fn from(n: usize) -> Self {
        Dim::Known(n)
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
        assert_eq!(out.map(|d| d.to_string()), Ok("SIDE - 2".into()));
        assert_eq!(side.mul(&Dim::Known(1)), Ok(side.clone()));
    }

    #[test]
    fn generic_sizes_pass_through_but_do_not_compute() {
        let n = Dim::Generic("N".into());
        assert_eq!(n.mul(&Dim::Known(1)), Ok(n.clone()));
        assert_eq!(n.mul(&Dim::Known(2)), Err(SizeError::Generic("N".into())));
        assert_eq!(n.mul(&Dim::Type("Side".into())), Err(SizeError::Generic("N".into())));
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

    #[test]
    fn what_depends_on_a_type_parameter_is_a_type() {
        let side = Dim::Type("Side".into());
        let all = side.mul(&named("WIDTH"));
        assert_eq!(all.as_ref().map(Dim::is_type), Ok(true));
        assert_eq!(all.map(|d| d.to_string()), Ok("Side * WIDTH".into()));
        assert!(!named("WIDTH").is_type() && !Dim::Generic("N".into()).is_type());
    }
}
