//! What a size that is not a number becomes: the shortest expression for it.
//!
//! An offset is gathered into one number (`(Side + 2) - 2` is `Side`), so that a convolution with
//! padding keeps its size visibly, and shapes that are the same are written alike. That is right
//! where nothing larger was taken away than there was, which the layers demand before they compute.

use super::{Dim, Op};

/// `1 * x`, `x + 0`, `x / 1`, `x / x` and a window of one tap are `x` itself, so a const generic passes.
pub(super) fn unchanged(op: Op, args: &[Dim]) -> Option<Dim> {
    let is = |dim: &Dim, n: usize| dim.known() == Some(n);
    match (op, args) {
        (Op::Mul, [a, b]) if is(a, 1) => Some(b.clone()),
        (Op::Mul, [a, b]) if is(b, 1) => Some(a.clone()),
        (Op::Add, [a, b]) if is(a, 0) => Some(b.clone()),
        (Op::Add | Op::Sub, [a, b]) if is(b, 0) => Some(a.clone()),
        (Op::Div, [a, b]) if is(b, 1) => Some(a.clone()),
        (Op::Div, [a, b]) if a == b && !is(a, 0) => Some(Dim::Known(1)),
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

/// The expression for arguments that are not all numbers; `None` where an offset does not fit.
pub(super) fn computed(op: Op, args: &[Dim]) -> Option<Dim> {
    match (op, args) {
        (Op::Add, [a, b]) => add(a, b),
        (Op::Sub, [a, Dim::Known(n)]) => shift(a, -i128::try_from(*n).ok()?),
        (Op::Sub, [a, b]) => subtract(a, b),
        (Op::Mul, [a, b]) => multiply(a, b),
        (Op::Div, [a, b]) => Some(divide(a, b)),
        // The same as `(input - reach) / stride + 1` without taking anything away, most often.
        (Op::Windows, [input, Dim::Known(reach), Dim::Known(stride)]) => {
            let offset = i128::try_from(*stride).ok()? - i128::try_from(*reach).ok()?;
            Dim::compute(Op::Div, &[shift(input, offset)?, Dim::Known(*stride)]).ok()
        }
        _ => Some(Dim::Computed(op, args.to_vec())),
    }
}

fn add(a: &Dim, b: &Dim) -> Option<Dim> {
    match ((a, offset(a)), (b, offset(b))) {
        ((Dim::Known(n), _), (x, _)) | ((x, _), (Dim::Known(n), _)) => {
            shift(x, i128::try_from(*n).ok()?)
        }
        ((_, (a, m)), (_, (b, n))) => {
            shift(&Dim::Computed(Op::Add, vec![a.clone(), b.clone()]), m.checked_add(n)?)
        }
    }
}

fn subtract(a: &Dim, b: &Dim) -> Option<Dim> {
    match (offset(a), offset(b)) {
        ((base, m), (same, n)) if base == same => {
            usize::try_from(m.checked_sub(n)?.max(0)).ok().map(Dim::Known)
        }
        _ => Some(Dim::Computed(Op::Sub, vec![a.clone(), b.clone()])),
    }
}

/// The size without the number that is added to it, and that number.
pub(crate) fn offset(dim: &Dim) -> (&Dim, i128) {
    let number = |n: usize| i128::try_from(n).unwrap_or(i128::MAX);
    let Dim::Computed(op, args) = dim else { return (dim, 0) };
    match (op, args.as_slice()) {
        (Op::Add, [base, Dim::Known(n)]) => (base, number(*n)),
        (Op::Sub, [base, Dim::Known(n)]) => (base, -number(*n)),
        _ => (dim, 0),
    }
}

fn shift(dim: &Dim, by: i128) -> Option<Dim> {
    let (base, already) = offset(dim);
    let by = already.checked_add(by)?;
    let n = Dim::Known(usize::try_from(by.unsigned_abs()).ok()?);
    Some(match by {
        0 => base.clone(),
        1.. => Dim::Computed(Op::Add, vec![base.clone(), n]),
        _ => Dim::Computed(Op::Sub, vec![base.clone(), n]),
    })
}

fn multiply(a: &Dim, b: &Dim) -> Option<Dim> {
    let (numbers, rest): (Vec<&Dim>, Vec<&Dim>) =
        factors(a).into_iter().chain(factors(b)).partition(|factor| factor.known().is_some());
    let number =
        numbers.iter().filter_map(|n| n.known()).try_fold(1usize, |n, m| n.checked_mul(m))?;
    Some(match number {
        0 => Dim::Known(0),
        1 => product(&rest),
        _ => {
            let number = Dim::Known(number);
            product(&[&[&number], rest.as_slice()].concat())
        }
    })
}

/// What is multiplied: `[4, Width]` for `4 * Width`.
pub(crate) fn factors(dim: &Dim) -> Vec<&Dim> {
    match dim {
        Dim::Computed(Op::Mul, args) => args.iter().flat_map(factors).collect(),
        _ => vec![dim],
    }
}

fn product(factors: &[&Dim]) -> Dim {
    let mut factors = factors.iter().copied().cloned();
    let first = factors.next().unwrap_or(Dim::Known(1));
    factors.fold(first, |total, factor| Dim::Computed(Op::Mul, vec![total, factor]))
}

/// A factor of both goes away: the layers divide only by what is not zero.
fn divide(a: &Dim, b: &Dim) -> Dim {
    let mut rest = factors(a);
    match rest.iter().position(|factor| *factor == b) {
        Some(same) => {
            rest.remove(same);
            product(&rest)
        }
        None => Dim::Computed(Op::Div, vec![a.clone(), b.clone()]),
    }
}

/// A number that the size is not below: type parameters are at least one.
pub(crate) fn at_least(dim: &Dim) -> usize {
    let Dim::Computed(op, args) = dim else {
        return match dim {
            Dim::Known(n) => *n,
            Dim::Type(_) => 1,
            _ => 0,
        };
    };
    match (op, args.as_slice()) {
        (Op::Add, [a, b]) => at_least(a).saturating_add(at_least(b)),
        (Op::Mul, [a, b]) => at_least(a).saturating_mul(at_least(b)),
        (Op::Sub, [a, Dim::Known(n)]) => at_least(a).saturating_sub(*n),
        (Op::Div, [a, Dim::Known(n)]) => at_least(a).checked_div(*n).unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side() -> Dim {
        Dim::Type("Side".into())
    }

    fn text(op: Op, args: &[Dim]) -> String {
        Dim::compute(op, args).map_or_else(|e| format!("{e:?}"), |dim| dim.to_string())
    }

    fn windows(input: &Dim, reach: usize, stride: usize) -> Dim {
        Dim::compute(Op::Windows, &[input.clone(), reach.into(), stride.into()]).unwrap()
    }

    #[test]
    fn offsets_become_one_number() {
        let padded = side().add(&2.into()).unwrap();
        assert_eq!(windows(&padded, 3, 1), side());
        assert_eq!(windows(&side(), 3, 1).to_string(), "Side - 2");
        assert_eq!(padded.add(&padded).unwrap().to_string(), "Side + Side + 4");
        assert_eq!(text(Op::Sub, &[padded.clone(), 3.into()]), "Side - 1");
        assert_eq!(text(Op::Sub, &[padded, side()]), "2");
        assert_eq!(text(Op::Sub, &[side(), Dim::Named("N".into())]), "Side - N");
    }

    #[test]
    fn windows_in_larger_steps_are_a_quotient() {
        assert_eq!(windows(&side(), 2, 2).to_string(), "Side / 2");
        assert_eq!(windows(&side(), 3, 2).to_string(), "(Side - 1) / 2");
        assert_eq!(windows(&side().add(&2.into()).unwrap(), 3, 2).to_string(), "(Side + 1) / 2");
        let kernel = Dim::Named("K".into());
        assert_eq!(text(Op::Windows, &[side(), kernel, 1.into()]), "Side - K + 1");
    }

    #[test]
    fn a_quotient_of_windows_is_their_number() {
        let eval = |dim: &Dim, side: usize| -> usize {
            fn value(dim: &Dim, side: usize) -> usize {
                match dim {
                    Dim::Known(n) => *n,
                    Dim::Computed(op, args) => {
                        let args: Vec<usize> = args.iter().map(|arg| value(arg, side)).collect();
                        op.eval(&args).unwrap()
                    }
                    _ => side,
                }
            }
            value(dim, side)
        };
        for (side_now, pad, reach, stride) in (1..12)
            .flat_map(|n| (0..4).flat_map(move |p| (1..6).map(move |r| (n, p, r))))
            .flat_map(|(n, p, r)| (1..4).map(move |s| (n, p, r, s)))
        {
            if side_now + pad >= reach {
                let padded = side().add(&pad.into()).unwrap();
                let expected = crate::size::windows(side_now + pad, reach, stride);
                assert_eq!(eval(&windows(&padded, reach, stride), side_now), expected);
            }
        }
    }

    #[test]
    fn factors_are_gathered_and_cancelled() {
        let wide = side().mul(&2.into()).unwrap().mul(&3.into()).unwrap();
        assert_eq!(wide.to_string(), "6 * Side");
        assert_eq!(text(Op::Div, &[wide.clone(), side()]), "6");
        assert_eq!(text(Op::Div, &[wide.clone(), 6.into()]), "Side");
        assert_eq!(text(Op::Div, &[wide, 4.into()]), "6 * Side / 4");
        assert_eq!(text(Op::Div, &[side(), side()]), "1");
        assert_eq!(text(Op::Mul, &[side(), 0.into()]), "0");
    }

    #[test]
    fn an_offset_that_does_not_fit_is_an_error() {
        let large = side().add(&usize::MAX.into()).unwrap();
        assert_eq!(text(Op::Add, &[large, 1.into()]), "TooLarge");
        let wide = side().mul(&usize::MAX.into()).unwrap();
        assert_eq!(text(Op::Mul, &[wide, 2.into()]), "TooLarge");
    }

    #[test]
    fn bounds_follow_the_expression() {
        assert_eq!(at_least(&side().add(&2.into()).unwrap()), 3);
        assert_eq!(at_least(&windows(&side(), 2, 2)), 0);
        assert_eq!(at_least(&Dim::Named("N".into())), 0);
    }
}
