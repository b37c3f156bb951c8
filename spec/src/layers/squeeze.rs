//! `Squeeze`: An axis of size 1 goes away.

use super::axis::numbered;
use crate::args::{ArgDef, ArgKind};
use crate::dim::Dim;
use crate::layer::{Arity, Cond, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Squeeze",
    doc: "An axis of size 1 goes away.",
    takes: "any",
    keras: "ops.squeeze",
    pytorch: "x.squeeze",
    arity: Arity::One,
    args: &[ArgDef::position(
        "axis",
        ArgKind::Size { min: 0 },
        "the axis, counted from 0 without the batch",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let mut dims = input.shape.dims.clone();
    let axis = numbered(cx, "axis", input, dims.len())?;
    let size = dims.remove(axis);
    let text = format!(
        "`{}` takes away axis {axis}, whose size must be 1, but {} {}",
        cx.layer, input.origin, input.shape
    );
    let help = "`Sum`, `Mean`, `Max` and `Select` take away an axis of any size";
    cx.require(Cond::Equal(size, Dim::Known(1)), Problem::new(text).at("axis").help(help))?;
    Ok(Inferred::shape(Shape::floats(dims)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{infer_with, named, shape, size};

    #[test]
    fn an_axis_of_size_one_goes_away() {
        assert_eq!(shape(&DEF, &[("axis", size(1))], &[3, 1, 5]), Ok("[3, 5]".into()));
        assert_eq!(shape(&DEF, &[("axis", size(0))], &[1]), Ok("[]".into()));
        let input = Shape::floats(vec![named("ONE"), 4.into()]);
        let (got, deferred) = infer_with(&DEF, &[("axis", size(0))], &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[4]".into(), 1));
    }

    #[test]
    fn no_other_axis_does() {
        assert_eq!(
            shape(&DEF, &[("axis", size(0))], &[3, 1]).unwrap_err(),
            "`Squeeze` takes away axis 0, whose size must be 1, but `Before` (line 1) gives [3, 1]"
        );
        let error = shape(&DEF, &[("axis", size(2))], &[3, 1]).unwrap_err();
        assert!(error.contains("is an axis from 0 to 1, but it is 2"), "{error}");
    }
}
