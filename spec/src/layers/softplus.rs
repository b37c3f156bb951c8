//! `Softplus`: ln(1 + exp(beta · x)) / beta, and x itself where beta · x > threshold.

use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Softplus",
    doc: "ln(1 + exp(beta · x)) / beta, and x itself where beta · x > threshold.",
    takes: "any",
    keras: "activations.softplus",
    pytorch: "nn.Softplus",
    arity: Arity::One,
    args: &[
        ArgDef::value("beta", ArgKind::POSITIVE, Default::Number(1.0), "sharpness of the bend"),
        ArgDef::value(
            "threshold",
            ArgKind::ANY_NUMBER,
            Default::Number(20.0),
            "value of beta · x above which the result is x",
        ),
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    super::pointwise::keep(cx, &["beta", "threshold"])
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
        assert_eq!(
            attrs(&[]),
            [
                ("beta", Attr::Number(Number::Known(1.0))),
                ("threshold", Attr::Number(Number::Known(20.0)))
            ]
        );
        let mine = Number::Named("MINE".into());
        let got = attrs(&[("beta", Value::Number(mine.clone()))]);
        assert_eq!(got[0], ("beta", Attr::Number(mine)));
    }

    #[test]
    fn indices_are_not_floats() {
        let problem = infer_with(&DEF, &[], &[Shape::indices(vec![100.into()])]).unwrap_err();
        assert_eq!(
            problem.text,
            "`Softplus` takes floats, but `Before` (line 1) gives indices [usize; 100]"
        );
    }
}
