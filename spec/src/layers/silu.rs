//! `Silu`: x · sigmoid(x), also called swish.

use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Silu",
    doc: "x · sigmoid(x), also called swish.",
    takes: "any",
    keras: "activations.silu",
    pytorch: "nn.SiLU",
    arity: Arity::One,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    super::pointwise::keep(cx, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer_with, named, shape};
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
    fn indices_are_not_floats() {
        let problem = infer_with(&DEF, &[], &[Shape::indices(vec![100.into()])]).unwrap_err();
        assert_eq!(
            problem.text,
            "`Silu` takes floats, but `Before` (line 1) gives indices [usize; 100]"
        );
    }
}
