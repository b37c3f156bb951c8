//! `Crop2d`: images without their border.

use super::border;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Crop2d",
    doc: "Images without some rows and columns at their border.",
    takes: "`[channels, height, width]`",
    keras: "Cropping2D",
    pytorch: "x[:, :, 1:-1, 1:-1]",
    arity: Arity::One,
    args: border::ARGS,
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    border::infer(cx, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{infer, infer_with, named, pair, shape, size};
    use crate::problem::At;
    use crate::shape::Shape;

    #[test]
    fn the_border_goes_away() {
        assert_eq!(shape(&DEF, &[("padding", size(1))], &[3, 8, 5]), Ok("[3, 6, 3]".into()));
        let given = [("padding", pair(2, 0)), ("bottom", size(1)), ("right", size(4))];
        assert_eq!(shape(&DEF, &given, &[3, 8, 5]), Ok("[3, 5, 1]".into()));
        let input = Shape::floats(vec![3.into(), named("SIDE"), 9.into()]);
        let (got, deferred) = infer_with(&DEF, &[("padding", size(1))], &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[3, SIDE - 2, 7]".into(), 1));
    }

    #[test]
    fn something_must_be_left() {
        let problem = infer(&DEF, &[("padding", pair(1, 3))], &[3, 8, 6]).unwrap_err();
        assert_eq!(problem.text, "`Crop2d` takes 6 of 6 columns away: none would be left");
        assert_eq!(problem.at, At::Arg("padding"));
    }
}
