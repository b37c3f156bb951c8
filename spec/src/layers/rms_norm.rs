//! `RmsNorm`: the last axis divided by its root mean square.

use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef, ParamInit};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "RmsNorm",
    doc: "Divides the last axis of each sample by its root mean square.",
    takes: "any",
    keras: "RMSNormalization",
    pytorch: "nn.RMSNorm",
    arity: Arity::One,
    args: &[
        ArgDef::option(
            "affine",
            ArgKind::Flag,
            Default::Flag(true),
            "whether there is a scale that is learned",
        ),
        ArgDef::value("eps", ArgKind::POSITIVE, Default::Number(1e-6), "added to the mean square"),
    ],
    params: &["weight"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let Some(width) = input.shape.dims.last().cloned() else {
        return Err(cx
            .takes("at least one axis", input)
            .help("a scalar becomes one feature with `Reshape<[1]>`"));
    };
    let inferred =
        Inferred::shape(input.shape.clone()).attr("eps", Attr::Number(cx.args.number("eps")));
    Ok(match cx.args.flag("affine") {
        true => inferred.param("weight", vec![width], ParamInit::Ones),
        false => inferred,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer, infer_with};
    use crate::shape::Shape;

    #[test]
    fn the_scale_is_as_long_as_the_last_axis() {
        let got = infer(&DEF, &[], &[7, 12]).unwrap();
        assert_eq!((got.shape, &got.params[0].dims), (Shape::known(&[7, 12]), &vec![12.into()]));
        let input = Shape::floats(vec![generic("N")]);
        assert!(infer_with(&DEF, &[], &[input]).unwrap().1.is_empty());
        assert!(infer(&DEF, &[], &[]).unwrap_err().text.contains("at least one axis"));
    }
}
