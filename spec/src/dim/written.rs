//! Sizes as text: what messages and documentation show.

use super::{Dim, Op};
use std::fmt;

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Known(n) => write!(f, "{n}"),
            Dim::Named(text) | Dim::Generic(text) | Dim::Type(text) => f.write_str(text),
            Dim::Computed(op, args) => write_computed(f, *op, args),
        }
    }
}

fn write_computed(f: &mut fmt::Formatter<'_>, op: Op, args: &[Dim]) -> fmt::Result {
    match (op, args) {
        (Op::Add, [a, b]) => write!(f, "({} + {b})", open(a)),
        (Op::Sub, [a, b]) => write!(f, "({} - {b})", open(a)),
        (Op::Mul, [a, b]) => write!(f, "{a} * {}", closed(b)),
        (Op::Div, [a, b]) => write!(f, "{a} / {}", closed(b)),
        (Op::Windows, [input, reach, Dim::Known(1)]) => {
            write!(f, "({} - {reach} + 1)", open(input))
        }
        (Op::Windows, [input, reach, stride]) => {
            write!(f, "(({} - {reach}) / {} + 1)", open(input), closed(stride))
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

/// The left side of a sum without its brackets.
fn open(dim: &Dim) -> String {
    let text = dim.to_string();
    match dim {
        Dim::Computed(Op::Add | Op::Sub, _) => {
            let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
            inner.map_or(text.clone(), String::from)
        }
        _ => text,
    }
}

/// The right side of a product or quotient, in brackets where it is one itself.
fn closed(dim: &Dim) -> String {
    match dim {
        Dim::Computed(Op::Mul | Op::Div, _) => format!("({dim})"),
        _ => dim.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_stand_where_they_mean_something() {
        let dim = |text: &str| Dim::Type(text.into());
        let of = |op: Op, a: &Dim, b: &Dim| Dim::Computed(op, vec![a.clone(), b.clone()]);
        let (a, b, c) = (dim("A"), dim("B"), dim("C"));
        assert_eq!(of(Op::Div, &a, &of(Op::Mul, &b, &c)).to_string(), "A / (B * C)");
        assert_eq!(of(Op::Mul, &of(Op::Div, &a, &b), &c).to_string(), "A / B * C");
        assert_eq!(of(Op::Add, &of(Op::Add, &a, &b), &c).to_string(), "(A + B + C)");
        assert_eq!(of(Op::Sub, &a, &of(Op::Add, &b, &c)).to_string(), "(A - (B + C))");
        assert_eq!(of(Op::Mul, &of(Op::Add, &a, &b), &c).to_string(), "(A + B) * C");
    }
}
