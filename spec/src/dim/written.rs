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
        (Op::Add, [a, b]) => write!(f, "{a} + {}", of_a_sum(b)),
        (Op::Sub, [a, b]) => write!(f, "{a} - {}", of_a_sum(b)),
        (Op::Mul, [a, b]) => write!(f, "{} * {}", of_a_sum(a), of_a_product(b)),
        (Op::Div, [a, b]) => write!(f, "{} / {}", of_a_sum(a), of_a_product(b)),
        (Op::Windows, [input, reach, Dim::Known(1)]) => {
            write!(f, "{input} - {} + 1", of_a_sum(reach))
        }
        (Op::Windows, [input, reach, stride]) => {
            write!(f, "({input} - {}) / {} + 1", of_a_sum(reach), of_a_product(stride))
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

/// In brackets where it is a sum itself.
fn of_a_sum(dim: &Dim) -> String {
    match dim {
        Dim::Computed(Op::Add | Op::Sub | Op::Windows, _) => format!("({dim})"),
        _ => dim.to_string(),
    }
}

/// In brackets where it is a sum, a product or a quotient itself.
fn of_a_product(dim: &Dim) -> String {
    match dim {
        Dim::Computed(Op::Mul | Op::Div, _) => format!("({dim})"),
        _ => of_a_sum(dim),
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
        assert_eq!(of(Op::Add, &of(Op::Add, &a, &b), &c).to_string(), "A + B + C");
        assert_eq!(of(Op::Sub, &a, &of(Op::Add, &b, &c)).to_string(), "A - (B + C)");
        assert_eq!(of(Op::Mul, &of(Op::Add, &a, &b), &c).to_string(), "(A + B) * C");
    }
}
