//! `Map`: a function of the user's, element by element.

use crate::args::{ArgDef, ArgKind, Place};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Map",
    doc: "A function of one number, for each element.",
    arity: Arity::One,
    args: &[ArgDef {
        name: "function",
        kind: ArgKind::Function,
        place: Place::Value,
        default: None,
        doc: "a closure or a function from `Scalar` to `Scalar`, as `|x| x * x.sigmoid()`",
    }],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let shape = cx.floats()?.shape.clone();
    Ok(Inferred::shape(shape).attr("function", Attr::Function(cx.args.function("function"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{infer, infer_with};
    use crate::shape::Shape;

    #[test]
    fn keeps_any_shape_and_its_function() {
        let function = ("function", Value::Function("| x | x".into()));
        let got = infer(&DEF, std::slice::from_ref(&function), &[3, 4]).unwrap();
        assert_eq!(got.shape, Shape::known(&[3, 4]));
        assert_eq!(got.attrs, [("function", Attr::Function("| x | x".into()))]);
        let problem = infer_with(&DEF, &[function], &[Shape::indices(vec![3.into()])]).unwrap_err();
        assert!(problem.text.starts_with("`Map` takes floats"), "{}", problem.text);
    }
}
