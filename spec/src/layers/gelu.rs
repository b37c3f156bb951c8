//! `Gelu`: x · Φ(x), with Φ the normal distribution.

use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Gelu",
    doc: "x · Φ(x), with Φ the normal distribution.",
    takes: "any",
    keras: "activations.gelu",
    pytorch: "nn.GELU",
    arity: Arity::One,
    args: &[ArgDef::option(
        "approximate",
        ArgKind::Word(&["none", "tanh"]),
        Default::Word("none"),
        "`tanh` computes 0.5 · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) instead",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let word = cx.args.word("approximate").to_string();
    Ok(super::pointwise::keep(cx, &[])?.attr("approximate", Attr::Word(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{generic, infer, infer_with, shape};
    use crate::shape::Shape;

    #[test]
    fn keeps_any_shape() {
        assert_eq!(shape(&DEF, &[], &[3, 4]), Ok("[3, 4]".into()));
        let (got, _) = infer_with(&DEF, &[], &[Shape::floats(vec![generic("N")])]).unwrap();
        assert_eq!(got.shape.to_string(), "[N]");
    }

    #[test]
    fn is_exact_unless_told_otherwise() {
        let attrs = |given: &[_]| infer(&DEF, given, &[3]).unwrap().attrs;
        assert_eq!(attrs(&[]), [("approximate", Attr::Word("none".into()))]);
        let given = [("approximate", Value::Word("tanh".into()))];
        assert_eq!(attrs(&given), [("approximate", Attr::Word("tanh".into()))]);
    }

    #[test]
    fn indices_are_not_floats() {
        let problem = infer_with(&DEF, &[], &[Shape::indices(vec![])]).unwrap_err();
        assert_eq!(
            problem.text,
            "`Gelu` takes floats, but `Before` (line 1) gives indices [usize]"
        );
    }
}
