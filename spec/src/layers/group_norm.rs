//! `GroupNorm`: groups of channels of each sample with mean 0 and variance 1.

use super::norm;
use crate::args::{ArgDef, ArgKind};
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "GroupNorm",
    doc: "Normalizes groups of channels of each sample.",
    takes: "`[channels, …]`",
    keras: "GroupNormalization",
    pytorch: "nn.GroupNorm",
    arity: Arity::One,
    args: &[
        ArgDef::position("num_groups", ArgKind::Size { min: 1 }, "groups of channels"),
        norm::AFFINE,
        norm::EPS,
    ],
    params: &["weight", "bias"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let Some(channels) = input.shape.dims.first().cloned() else {
        return Err(cx.takes("[channels], [channels, length] or [channels, height, width]", input));
    };
    let groups = cx.args.size("num_groups");
    let text = format!("`{}` divides {channels} channels among {groups} groups", cx.layer);
    let problem =
        Problem::new(text).at("num_groups").help("the number of groups must divide the channels");
    cx.require(Cond::Divides(groups.clone(), channels.clone()), problem)?;
    let inferred = norm::affine(cx, &input.shape, &[channels]);
    Ok(inferred.attr("num_groups", Attr::Size(groups)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::Dim;
    use crate::layers::testing::{infer, infer_with, named, size};
    use crate::shape::Shape;

    #[test]
    fn each_channel_has_a_scale_and_a_shift() {
        let given = [("num_groups", size(4))];
        for input in [&[8][..], &[8, 5], &[8, 5, 6]] {
            let got = infer(&DEF, &given, input).unwrap();
            assert_eq!(got.shape, Shape::known(input));
            assert_eq!(got.params[1].dims, [Dim::Known(8)]);
        }
        let input = Shape::floats(vec![named("CHANNELS"), 5.into()]);
        assert_eq!(infer_with(&DEF, &given, &[input]).unwrap().1.len(), 1);
    }

    #[test]
    fn groups_divide_the_channels() {
        let problem = infer(&DEF, &[("num_groups", size(4))], &[6, 5, 5]).unwrap_err();
        assert_eq!(problem.text, "`GroupNorm` divides 6 channels among 4 groups");
        assert_eq!(problem.at, crate::At::Arg("num_groups"));
        let problem = infer(&DEF, &[("num_groups", size(4))], &[]).unwrap_err();
        assert!(problem.text.contains("takes [channels]"), "{}", problem.text);
    }
}
