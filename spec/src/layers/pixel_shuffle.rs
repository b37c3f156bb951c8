//! `PixelShuffle`: channels become pixels.

use crate::args::{ArgDef, ArgKind};
use crate::dim::Op;
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "PixelShuffle",
    doc: "Channels become pixels: r² of them a square of r by r (Shi and others, 2016).",
    takes: "`[channels, height, width]`",
    keras: "depth_to_space",
    pytorch: "nn.PixelShuffle",
    arity: Arity::One,
    args: &[ArgDef::position(
        "upscale_factor",
        ArgKind::Size { min: 1 },
        "how many times as high and wide the image becomes",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, height, width] = cx.image()?;
    let factor = cx.args.size("upscale_factor");
    let square = cx.compute(Op::Mul, &[factor.clone(), factor.clone()])?;
    let text = format!("`{}` makes a pixel of {square} channels each, of {channels}", cx.layer);
    let help = format!("the channels must be a multiple of {square}");
    let problem = Problem::new(text).at("upscale_factor").help(help);
    cx.require(Cond::Divides(square.clone(), channels.clone()), problem)?;
    let dims = vec![
        cx.compute(Op::Div, &[channels, square])?,
        cx.compute(Op::Mul, &[height, factor.clone()])?,
        cx.compute(Op::Mul, &[width, factor.clone()])?,
    ];
    Ok(Inferred::shape(Shape::floats(dims)).attr("upscale_factor", Attr::Size(factor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{infer, shape, size};

    #[test]
    fn channels_become_pixels() {
        let two = [("upscale_factor", size(2))];
        assert_eq!(shape(&DEF, &two, &[12, 4, 5]), Ok("[3, 8, 10]".into()));
        let problem = infer(&DEF, &two, &[6, 4, 5]).unwrap_err();
        assert_eq!(problem.text, "`PixelShuffle` makes a pixel of 4 channels each, of 6");
    }
}
