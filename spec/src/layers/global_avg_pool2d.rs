//! `GlobalAvgPool2d`: the mean of each channel.

use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "GlobalAvgPool2d",
    doc: "The mean of each channel over height and width.",
    takes: "`[channels, height, width]`",
    keras: "GlobalAveragePooling2D",
    pytorch: "x.mean((2, 3))",
    arity: Arity::One,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, _, _] = cx.image()?;
    Ok(Inferred::shape(Shape::floats(vec![channels])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer_with, shape};

    #[test]
    fn leaves_the_channels() {
        assert_eq!(shape(&DEF, &[], &[512, 7, 7]), Ok("[512]".into()));
    }

    #[test]
    fn any_generic_size_passes() {
        let input = Shape::floats(["C", "H", "W"].map(generic).to_vec());
        let (got, deferred) = infer_with(&DEF, &[], &[input]).unwrap();
        assert_eq!(got.shape.to_string(), "[C]");
        assert!(deferred.is_empty());
    }

    #[test]
    fn a_vector_is_no_image() {
        assert_eq!(
            shape(&DEF, &[], &[512]).unwrap_err(),
            "`GlobalAvgPool2d` takes [channels, height, width], but `Before` (line 1) gives [512]"
        );
    }
}
