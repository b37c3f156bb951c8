//! `Upsample2d`: every pixel several times.

use crate::args::{ArgDef, ArgKind};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Upsample2d",
    doc: "Every pixel several times: PyTorch's `Upsample` with `mode = \"nearest\"`.",
    takes: "`[channels, height, width]`",
    keras: "UpSampling2D",
    pytorch: "nn.Upsample",
    arity: Arity::One,
    args: &[ArgDef::position(
        "scale",
        ArgKind::Pair { min: 1, same: false },
        "how many times as high and wide the image becomes",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, height, width] = cx.image()?;
    let [down, across] = cx.args.pair("scale").unwrap_or([Dim::Known(1), Dim::Known(1)]);
    let height = cx.compute(Op::Mul, &[height, down.clone()])?;
    let width = cx.compute(Op::Mul, &[width, across.clone()])?;
    let shape = Shape::floats(vec![channels, height, width]);
    Ok(Inferred::shape(shape).attr("scale", Attr::Sizes(vec![down, across])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{pair, shape, size};

    #[test]
    fn height_and_width_grow() {
        assert_eq!(shape(&DEF, &[("scale", size(2))], &[3, 8, 5]), Ok("[3, 16, 10]".into()));
        assert_eq!(shape(&DEF, &[("scale", pair(3, 1))], &[3, 8, 5]), Ok("[3, 24, 5]".into()));
        let error = shape(&DEF, &[("scale", size(2))], &[8]).unwrap_err();
        assert!(error.starts_with("`Upsample2d` takes [channels, height, width]"), "{error}");
    }
}
