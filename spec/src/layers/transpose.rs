//! `Transpose`: Two axes change places.

use super::axis::numbered;
use crate::args::{ArgDef, ArgKind};
use crate::dim::Dim;
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Transpose",
    doc: "Two axes change places.",
    takes: "any",
    keras: "Permute",
    pytorch: "x.transpose",
    arity: Arity::One,
    args: &[
        ArgDef::position(
            "axis0",
            ArgKind::Size { min: 0 },
            "an axis, counted from 0 without the batch",
        ),
        ArgDef::position("axis1", ArgKind::Size { min: 0 }, "the axis it changes places with"),
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let mut dims = input.shape.dims.clone();
    let rank = dims.len();
    let (a, b) = (numbered(cx, "axis0", input, rank)?, numbered(cx, "axis1", input, rank)?);
    let mut order: Vec<Dim> = (0..rank).map(Dim::Known).collect();
    dims.swap(a, b);
    order.swap(a, b);
    Ok(Inferred::shape(Shape::floats(dims)).attr("order", Attr::Sizes(order)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer, infer_with, shape, size};
    use crate::problem::At;

    #[test]
    fn two_axes_change_places() {
        let given = [("axis0", size(0)), ("axis1", size(2))];
        assert_eq!(shape(&DEF, &given, &[3, 8, 5]), Ok("[5, 8, 3]".into()));
        let input = Shape::floats(vec![generic("N"), 4.into(), 2.into()]);
        let (got, deferred) = infer_with(&DEF, &given, &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[2, 4, N]".into(), 0));
    }

    #[test]
    fn both_must_be_there() {
        let given = [("axis0", size(0)), ("axis1", size(2))];
        let problem = infer(&DEF, &given, &[3, 8]).unwrap_err();
        assert_eq!(problem.at, At::Arg("axis1"));
        assert_eq!(
            problem.text,
            "`axis1` of `Transpose` is an axis from 0 to 1, but it is 2: `Before` (line 1) gives \
             [3, 8]"
        );
        assert!(shape(&DEF, &given, &[]).unwrap_err().contains("axis 0 is not there"));
    }
}
