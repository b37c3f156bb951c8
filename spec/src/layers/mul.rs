//! `Mul`: the product of values of one shape, and of a number. `a * b` and `a * 0.5` insert it.

use super::add::equal_shapes;
use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Mul",
    doc: "The product of values of one shape, element by element, and of a number.",
    takes: "`a * b`, `a * 0.5`",
    keras: "Multiply",
    pytorch: "a * b",
    arity: Arity::Many,
    args: &[ArgDef::value("by", ArgKind::ANY_NUMBER, Default::Number(1.0), "a factor of all")],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let by = Attr::Number(cx.args.number("by"));
    Ok(equal_shapes(cx, "multiplies")?.attr("by", by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;
    use crate::layers::testing::{infer_with, join};
    use crate::shape::Shape;

    #[test]
    fn values_of_one_shape_and_a_number() {
        let shapes = [Shape::known(&[4, 8]), Shape::known(&[4, 8])];
        let (got, _) = infer_with(&DEF, &[], &shapes).unwrap();
        assert_eq!(got.shape, shapes[0]);
        assert_eq!(got.attrs, [("by", Attr::Number(Number::Known(1.0)))]);
        assert!(infer_with(&DEF, &[], &shapes[..1]).is_ok());
        let text = join(&DEF, "*", &[64], &[32]).unwrap_err().text;
        assert!(text.starts_with("`*` multiplies only equal shapes, but `Conv2d`"), "{text}");
    }
}
