//! `AlphaDropout`: the dropout of networks of `Selu`, which keeps mean 0 and variance 1.
//!
//! While training, a value becomes α' = -scale · alpha of `Selu` (-1.758…) with probability p; then all
//! of them become a · x + b with a = ((1 - p)(1 + p · α'²))^(-1/2) and b = -a · α' · p.
//!
//! PyTorch allows p = 1, which leaves nothing; here p is below one.

use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "AlphaDropout",
    doc: "Sets each value to the limit of `Selu` with probability p while training, keeps mean 0 and variance 1.",
    takes: "any",
    keras: "AlphaDropout",
    pytorch: "nn.AlphaDropout",
    arity: Arity::One,
    args: &[ArgDef::value(
        "p",
        ArgKind::PROBABILITY,
        Default::Number(0.5),
        "probability of a dropped value",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    super::pointwise::keep(cx, &["p"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;
    use crate::args::Value;
    use crate::layer::Attr;
    use crate::layers::testing::{generic, infer, infer_with, named, shape};
    use crate::shape::Shape;

    #[test]
    fn keeps_any_shape() {
        assert_eq!(shape(&DEF, &[], &[]), Ok("[]".into()));
        assert_eq!(shape(&DEF, &[], &[3, 4]), Ok("[3, 4]".into()));
        let input = Shape::floats(vec![generic("N"), named("SIDE"), 8.into()]);
        let (got, deferred) = infer_with(&DEF, &[], &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[N, SIDE, 8]".into(), 0));
    }

    #[test]
    fn arguments_become_attributes() {
        let attrs = |given: &[_]| infer(&DEF, given, &[3]).unwrap().attrs;
        assert_eq!(attrs(&[]), [("p", Attr::Number(Number::Known(0.5)))]);
        let mine = Number::Named("MINE".into());
        let got = attrs(&[("p", Value::Number(mine.clone()))]);
        assert_eq!(got[0], ("p", Attr::Number(mine)));
    }

    #[test]
    fn indices_are_not_floats() {
        let problem = infer_with(&DEF, &[], &[Shape::indices(vec![100.into()])]).unwrap_err();
        assert_eq!(
            problem.text,
            "`AlphaDropout` takes floats, but `Before` (line 1) gives indices [usize; 100]"
        );
    }
}
