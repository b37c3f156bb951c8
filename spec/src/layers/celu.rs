//! `Celu`: max(x, 0) + alpha · (exp(min(x, 0) / alpha) - 1).

use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Celu",
    doc: "max(x, 0) + alpha · (exp(min(x, 0) / alpha) - 1).",
    takes: "any",
    keras: "activations.celu",
    pytorch: "nn.CELU",
    arity: Arity::One,
    args: &[ArgDef::value(
        "alpha",
        ArgKind::POSITIVE,
        Default::Number(1.0),
        "minus the limit far below zero",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    super::pointwise::keep(cx, &["alpha"])
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
        assert_eq!(attrs(&[]), [("alpha", Attr::Number(Number::Known(1.0)))]);
        let mine = Number::Named("MINE".into());
        let got = attrs(&[("alpha", Value::Number(mine.clone()))]);
        assert_eq!(got[0], ("alpha", Attr::Number(mine)));
    }

    #[test]
    fn indices_are_not_floats() {
        let problem = infer_with(&DEF, &[], &[Shape::indices(vec![100.into()])]).unwrap_err();
        assert_eq!(
            problem.text,
            "`Celu` takes floats, but `Before` (line 1) gives indices [usize; 100]"
        );
    }
}
