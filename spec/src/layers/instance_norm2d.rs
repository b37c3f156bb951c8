//! `InstanceNorm2d`: each channel of each image with mean 0 and variance 1.

use super::norm;
use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "InstanceNorm2d",
    doc: "Normalizes each channel of each image.",
    takes: "`[channels, height, width]`",
    keras: "GroupNormalization(groups=-1)",
    pytorch: "nn.InstanceNorm2d",
    arity: Arity::One,
    args: &[
        ArgDef::option(
            "affine",
            ArgKind::Flag,
            Default::Flag(false),
            "whether each channel has a scale and a shift that are learned",
        ),
        norm::EPS,
    ],
    params: &["weight", "bias"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, height, width] = cx.image()?;
    let shape = Shape::floats(vec![channels.clone(), height, width]);
    let inferred = norm::affine(cx, &shape, std::slice::from_ref(&channels));
    Ok(inferred.attr("num_groups", Attr::Size(channels)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::infer;

    #[test]
    fn nothing_is_learned_unless_asked_for() {
        let got = infer(&DEF, &[], &[8, 5, 6]).unwrap();
        assert_eq!((got.shape, got.params.len()), (Shape::known(&[8, 5, 6]), 0));
        let got = infer(&DEF, &[("affine", Value::Flag(true))], &[8, 5, 6]).unwrap();
        assert_eq!(got.params[0].dims, [8.into()]);
        assert!(infer(&DEF, &[], &[8]).unwrap_err().text.contains("[channels, height, width]"));
    }
}
