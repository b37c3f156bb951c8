//! `SpatialDropout2d`: whole channels set to zero with probability p while training, the rest scaled
//! by 1 / (1 - p).

use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "SpatialDropout2d",
    doc: "Sets whole channels to zero with probability p while training, scales the rest by 1 / (1 - p).",
    takes: "`[channels, height, width]`",
    keras: "SpatialDropout2D",
    pytorch: "nn.Dropout2d",
    arity: Arity::One,
    args: &[ArgDef::value(
        "p",
        ArgKind::PROBABILITY,
        Default::Number(0.5),
        "probability of a channel of zeros",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let image = cx.image()?;
    let p = Attr::Number(cx.args.number("p"));
    Ok(Inferred::shape(Shape::floats(image.to_vec())).attr("p", p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::shape;

    #[test]
    fn keeps_the_shape_of_images() {
        assert_eq!(shape(&DEF, &[], &[3, 4, 5]), Ok("[3, 4, 5]".into()));
        assert!(shape(&DEF, &[], &[5]).unwrap_err().contains("[channels, height, width]"));
    }
}
