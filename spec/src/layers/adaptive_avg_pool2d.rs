//! `AdaptiveAvgPool2d`: means of windows that are as large as the output's size asks for.

use crate::args::{ArgDef, ArgKind};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "AdaptiveAvgPool2d",
    doc: "The mean of each of h by w windows: row i from ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉, columns likewise.",
    takes: "`[channels, height, width]`",
    keras: "",
    pytorch: "nn.AdaptiveAvgPool2d",
    arity: Arity::One,
    args: &[ArgDef::position(
        "output_size",
        ArgKind::Pair { min: 1, same: false },
        "height and width of the output",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, _, _] = cx.image()?;
    let sides = cx.args.pair("output_size").into_iter().flatten();
    Ok(Inferred::shape(Shape::floats(std::iter::once(channels).chain(sides).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer_with, pair, shape, size};

    #[test]
    fn the_output_is_as_large_as_written() {
        let square = [("output_size", size(7))];
        assert_eq!(shape(&DEF, &square, &[512, 13, 9]), Ok("[512, 7, 7]".into()));
        let uneven = [("output_size", pair(2, 5))];
        assert_eq!(shape(&DEF, &uneven, &[3, 3, 3]), Ok("[3, 2, 5]".into()));
        let error = shape(&DEF, &square, &[512]).unwrap_err();
        assert!(
            error.starts_with("`AdaptiveAvgPool2d` takes [channels, height, width]"),
            "{error}"
        );
    }

    #[test]
    fn any_generic_size_passes() {
        let input = Shape::floats(["C", "H", "W"].map(generic).to_vec());
        let (got, deferred) = infer_with(&DEF, &[("output_size", pair(2, 3))], &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[C, 2, 3]".into(), 0));
    }
}
