//! `GaussianNoise`: x + N(0, stddev²) while training, a number for each value; in inference x itself.

use crate::args::{ArgDef, ArgKind, Place};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "GaussianNoise",
    doc: "Adds a random number of mean 0 and this standard deviation to each value while training.",
    takes: "any",
    keras: "GaussianNoise",
    pytorch: "x + stddev * torch.randn_like(x)",
    arity: Arity::One,
    args: &[ArgDef {
        name: "stddev",
        kind: ArgKind::NOT_NEGATIVE,
        place: Place::Value,
        default: None,
        doc: "the standard deviation of the noise",
    }],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    super::pointwise::keep(cx, &["stddev"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;
    use crate::args::Value;
    use crate::layer::Attr;
    use crate::layers::testing::{generic, infer_with, named, shape};
    use crate::shape::Shape;

    #[test]
    fn keeps_any_shape_and_its_deviation() {
        let given = [("stddev", Value::Number(Number::Known(0.1)))];
        assert_eq!(shape(&DEF, &given, &[]), Ok("[]".into()));
        let input = Shape::floats(vec![generic("N"), named("SIDE"), 8.into()]);
        let (got, deferred) = infer_with(&DEF, &given, &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[N, SIDE, 8]".into(), 0));
        assert_eq!(got.attrs, [("stddev", Attr::Number(Number::Known(0.1)))]);
    }

    #[test]
    fn indices_are_not_floats() {
        let given = [("stddev", Value::Number(Number::Named("NOISE".into())))];
        let problem = infer_with(&DEF, &given, &[Shape::indices(vec![100.into()])]).unwrap_err();
        assert_eq!(
            problem.text,
            "`GaussianNoise` takes floats, but `Before` (line 1) gives indices [usize; 100]"
        );
    }
}
