//! `Unsqueeze`: A new axis of size 1.

use super::axis::numbered;
use crate::args::{ArgDef, ArgKind};
use crate::dim::Dim;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Unsqueeze",
    doc: "A new axis of size 1.",
    takes: "any",
    keras: "ops.expand_dims",
    pytorch: "x.unsqueeze",
    arity: Arity::One,
    args: &[ArgDef::position(
        "axis",
        ArgKind::Size { min: 0 },
        "the number of the new axis, counted from 0 without the batch",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let mut dims = input.shape.dims.clone();
    let axis = numbered(cx, "axis", input, dims.len() + 1)?;
    dims.insert(axis, Dim::Known(1));
    Ok(Inferred::shape(Shape::floats(dims)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer_with, shape, size};

    #[test]
    fn an_axis_is_put_in() {
        assert_eq!(shape(&DEF, &[("axis", size(1))], &[3, 5]), Ok("[3, 1, 5]".into()));
        assert_eq!(shape(&DEF, &[("axis", size(2))], &[3, 5]), Ok("[3, 5, 1]".into()));
        assert_eq!(shape(&DEF, &[("axis", size(0))], &[]), Ok("[1]".into()));
        let input = Shape::floats(vec![generic("N")]);
        let (got, deferred) = infer_with(&DEF, &[("axis", size(0))], &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[1, N]".into(), 0));
    }

    #[test]
    fn it_stands_among_the_others() {
        assert_eq!(
            shape(&DEF, &[("axis", size(3))], &[3, 5]).unwrap_err(),
            "`axis` of `Unsqueeze` is an axis from 0 to 2, but it is 3: `Before` (line 1) gives [3, 5]"
        );
    }
}
