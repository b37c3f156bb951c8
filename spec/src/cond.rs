//! Conditions on sizes, and what can be said about them while the macro runs.

use crate::dim::{Dim, simplify};

/// A condition on sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cond {
    /// Both are the same.
    Equal(Dim, Dim),
    /// The first is not larger than the second.
    AtMost(Dim, Dim),
    /// The first divides the second.
    Divides(Dim, Dim),
}

/// What the macro can say about a condition.
pub(crate) enum Decision {
    True,
    False,
    Later,
    Generic(String),
}

impl Cond {
    /// Both sizes.
    pub fn sides(&self) -> [&Dim; 2] {
        let (Cond::Equal(a, b) | Cond::AtMost(a, b) | Cond::Divides(a, b)) = self;
        [a, b]
    }

    /// Decides what the sizes as written say.
    pub(crate) fn decide(&self) -> Decision {
        let [a, b] = self.sides();
        if a == b && a.known() != Some(0) {
            return Decision::True;
        }
        if let (Cond::AtMost(..), Some(0)) | (Cond::Divides(..), Some(1)) = (self, a.known()) {
            return Decision::True;
        }
        match (a.known(), b.known()) {
            (Some(a), Some(b)) if self.holds(a, b) => Decision::True,
            (Some(_), Some(_)) => Decision::False,
            _ => match a.generic().or(b.generic()) {
                Some(name) if !matches!(self, Cond::Equal(..)) => {
                    Decision::Generic(name.to_string())
                }
                Some(_) => Decision::False,
                None => self.decide_expressions(a, b),
            },
        }
    }

    /// What can be said about sizes whose values only the compiler knows.
    fn decide_expressions(&self, a: &Dim, b: &Dim) -> Decision {
        let ((base_a, more_a), (base_b, more_b)) = (simplify::offset(a), simplify::offset(b));
        let decided = match self {
            Cond::Equal(..) if base_a == base_b => Some(more_a == more_b),
            Cond::AtMost(..) if base_a == base_b => Some(more_a <= more_b),
            Cond::AtMost(..) => a.known().filter(|n| *n <= simplify::at_least(b)).map(|_| true),
            Cond::Divides(..) => simplify::factors(b)
                .into_iter()
                .any(|factor| factor == a || self.known_divides(a, factor))
                .then_some(true),
            Cond::Equal(..) => None,
        };
        match decided {
            Some(true) => Decision::True,
            Some(false) => Decision::False,
            None => Decision::Later,
        }
    }

    fn known_divides(&self, a: &Dim, b: &Dim) -> bool {
        matches!((a.known(), b.known()), (Some(a), Some(b)) if self.holds(a, b))
    }

    fn holds(&self, a: usize, b: usize) -> bool {
        match self {
            Cond::Equal(..) => a == b,
            Cond::AtMost(..) => a <= b,
            Cond::Divides(..) => crate::size::divides(a, b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use crate::layer::Context;
    use crate::problem::Problem;

    fn demand(cond: Cond) -> &'static str {
        let args = Args::new();
        let mut context = Context::new("Any", &args, &[]);
        match context.require(cond, Problem::new("wrong")) {
            Err(problem) if problem.text == "wrong" => "wrong",
            Err(_) => "refused",
            Ok(()) if context.deferred.is_empty() => "holds",
            Ok(()) => "later",
        }
    }

    fn plus(dim: &Dim, n: usize) -> Dim {
        dim.add(&n.into()).unwrap()
    }

    #[test]
    fn what_the_expressions_say_is_decided_at_once() {
        for side in [Dim::Type("Side".into()), Dim::Named("SIDE".into())] {
            let (more, most) = (plus(&side, 1), plus(&side, 2));
            assert_eq!(demand(Cond::Equal(plus(&more, 1), most.clone())), "holds");
            assert_eq!(demand(Cond::Equal(side.clone(), more.clone())), "wrong");
            assert_eq!(demand(Cond::AtMost(more.clone(), most.clone())), "holds");
            assert_eq!(demand(Cond::AtMost(most, more)), "wrong");
            let four = side.mul(&4.into()).unwrap();
            assert_eq!(demand(Cond::Divides(2.into(), four.clone())), "holds");
            assert_eq!(demand(Cond::Divides(side.clone(), four.clone())), "holds");
            assert_eq!(demand(Cond::Divides(3.into(), four)), "later");
            assert_eq!(demand(Cond::Equal(side, 4.into())), "later");
        }
    }

    #[test]
    fn type_parameters_are_at_least_one() {
        let side = Dim::Type("Side".into());
        assert_eq!(demand(Cond::AtMost(3.into(), plus(&side, 2))), "holds");
        assert_eq!(demand(Cond::AtMost(3.into(), plus(&side, 1))), "later");
        let side = Dim::Named("SIDE".into());
        assert_eq!(demand(Cond::AtMost(3.into(), plus(&side, 2))), "later");
    }

    #[test]
    fn a_const_generic_is_only_equal_to_itself() {
        let (n, side) = (Dim::Generic("N".into()), Dim::Type("Side".into()));
        assert_eq!(demand(Cond::Equal(n.clone(), n.clone())), "holds");
        assert_eq!(demand(Cond::Equal(n.clone(), side.clone())), "wrong");
        assert_eq!(demand(Cond::AtMost(n, side)), "refused");
    }
}
