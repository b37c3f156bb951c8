//! `Conv2d`: cross-correlation of an image with learned windows.

use super::window::{self, Window};
use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef, ParamInit};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Conv2d",
    doc: "A two-dimensional convolution (cross-correlation, as in PyTorch and Keras).",
    takes: "`[channels, height, width]`",
    keras: "Conv2D",
    pytorch: "nn.Conv2d",
    arity: Arity::One,
    args: &[OUT_CHANNELS, KERNEL_SIZE, STRIDE, PADDING, DILATION, GROUPS, BIAS],
    params: &["weight", "bias"],
    infer,
};

pub(super) const OUT_CHANNELS: ArgDef =
    ArgDef::position("out_channels", ArgKind::Size { min: 1 }, "channels of the output");
pub(super) const KERNEL_SIZE: ArgDef = ArgDef::position(
    "kernel_size",
    ArgKind::Pair { min: 1, same: false },
    "height and width of the window",
);
pub(super) const STRIDE: ArgDef = ArgDef::option(
    "stride",
    ArgKind::Pair { min: 1, same: false },
    Default::Size(1),
    "step of the window",
);
pub(super) const PADDING: ArgDef = ArgDef::option(
    "padding",
    ArgKind::Pair { min: 0, same: true },
    Default::Size(0),
    "zeros around the image; `same` keeps height and width (stride 1)",
);
pub(super) const DILATION: ArgDef = ArgDef::option(
    "dilation",
    ArgKind::Pair { min: 1, same: false },
    Default::Size(1),
    "distance between the taps of the window",
);
pub(super) const GROUPS: ArgDef = ArgDef::option(
    "groups",
    ArgKind::Size { min: 1 },
    Default::Size(1),
    "groups of channels that do not see each other",
);
pub(super) const BIAS: ArgDef = ArgDef::option(
    "bias",
    ArgKind::Flag,
    Default::Flag(true),
    "whether a bias is added to each channel",
);

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, height, width] = cx.image()?;
    let out = cx.args.size("out_channels");
    let groups = cx.args.size("groups");
    check_groups(cx, &groups, &channels, &out)?;
    let one = || [Dim::Known(1), Dim::Known(1)];
    let kernel = cx.args.pair("kernel_size").unwrap_or_else(one);
    let stride = cx.args.pair("stride").unwrap_or_else(one);
    let dilation = cx.args.pair("dilation").unwrap_or_else(one);
    let given = cx.args.pair("padding");
    let padding = padding(cx, given, [&kernel, &stride, &dilation])?;
    let mut dims = vec![out.clone()];
    for (axis, (name, size)) in [("height", height), ("width", width)].iter().enumerate() {
        // Nothing is computed, so a const generic passes.
        if cx.args.word("padding") == "same" {
            dims.push(size.clone());
            continue;
        }
        let window = Window {
            kernel: kernel[axis].clone(),
            stride: stride[axis].clone(),
            dilation: dilation[axis].clone(),
            padding: padding[axis].clone(),
            ceil: false,
        };
        dims.push(window::output(cx, name, size, &window)?);
    }
    let per_group = cx.compute(Op::Div, &[channels, groups.clone()])?;
    let weight = vec![out.clone(), per_group, kernel[0].clone(), kernel[1].clone()];
    let init = ParamInit::FanIn(weight[1..].to_vec());
    let [[top, bottom], [left, right]] = padding;
    let inferred = Inferred::shape(Shape::floats(dims))
        .attr("stride", Attr::Sizes(stride.to_vec()))
        .attr("padding", Attr::Sizes(vec![top, bottom, left, right]))
        .attr("dilation", Attr::Sizes(dilation.to_vec()))
        .attr("groups", Attr::Size(groups))
        .param("weight", weight, init.clone());
    Ok(if cx.args.flag("bias") { inferred.param("bias", vec![out], init) } else { inferred })
}

/// Of both channels, for `ConvTranspose2d` too.
pub(super) fn check_groups(
    cx: &mut Context<'_>,
    groups: &Dim,
    channels: &Dim,
    out: &Dim,
) -> Result<(), Problem> {
    let layer = cx.layer.to_string();
    for (which, size) in [("input", channels), ("output", out)] {
        let problem = Problem::new(format!(
            "`{layer}` has {groups} groups, which do not divide its {size} {which} channels"
        ))
        .at("groups")
        .help(format!("`groups` must divide both {channels}, the channels of its input, and {out}, those of its output"));
        cx.require(Cond::Divides(groups.clone(), size.clone()), problem)?;
    }
    Ok(())
}

/// Zeros [before, after] of each axis.
pub(super) fn padding<const N: usize>(
    cx: &mut Context<'_>,
    given: Option<[Dim; N]>,
    [kernel, stride, dilation]: [&[Dim; N]; 3],
) -> Result<[[Dim; 2]; N], Problem> {
    if let Some(sides) = given {
        return Ok(sides.map(|side| [side.clone(), side]));
    }
    let steps: Vec<String> = stride.iter().map(ToString::to_string).collect();
    let problem = Problem::new(format!(
        "`padding = same` of `{}` keeps the size of the {}, which a stride of ({}) cannot",
        cx.layer,
        if N == 3 { "volume" } else { "image" },
        steps.join(", ")
    ))
    .at("padding")
    .help("leave `stride` at 1, or give the padding as a number");
    for step in stride {
        cx.require(Cond::Equal(step.clone(), Dim::Known(1)), problem.clone())?;
    }
    let mut all = [(); N].map(|()| [Dim::Known(0), Dim::Known(0)]);
    for (axis, sides) in all.iter_mut().enumerate() {
        *sides = same(cx, &kernel[axis], &dilation[axis])?;
    }
    Ok(all)
}

/// PyTorch's `same`: `dilation · (kernel - 1)` zeros, the odd one after.
fn same(cx: &Context<'_>, kernel: &Dim, dilation: &Dim) -> Result<[Dim; 2], Problem> {
    let reach = cx.compute(Op::Reach, &[kernel.clone(), dilation.clone()])?;
    let total = cx.compute(Op::Sub, &[reach, Dim::Known(1)])?;
    let before = cx.compute(Op::Div, &[total.clone(), Dim::Known(2)])?;
    let after = cx.compute(Op::Sub, &[total, before.clone()])?;
    Ok([before, after])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{infer, pair, shape, size};

    fn given(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
        [("out_channels", size(32)), ("kernel_size", size(3))]
            .into_iter()
            .filter(|(name, _)| more.iter().all(|(other, _)| name != other))
            .chain(more.iter().cloned())
            .collect()
    }

    #[test]
    fn sizes_follow_pytorch() {
        let conv = |more: &[_], input: &[usize]| shape(&DEF, &given(more), input);
        assert_eq!(conv(&[], &[3, 32, 32]), Ok("[32, 30, 30]".into()));
        assert_eq!(conv(&[("stride", size(2))], &[3, 32, 31]), Ok("[32, 15, 15]".into()));
        assert_eq!(conv(&[("padding", pair(1, 0))], &[3, 8, 8]), Ok("[32, 8, 6]".into()));
        assert_eq!(conv(&[("dilation", size(2))], &[3, 8, 8]), Ok("[32, 4, 4]".into()));
        let same = ("padding", Value::Word("same".into()));
        let even = ("kernel_size", pair(4, 5));
        assert_eq!(conv(&[same, even], &[3, 8, 9]), Ok("[32, 8, 9]".into()));
    }

    #[test]
    fn weight_has_the_channels_of_one_group() {
        let got = infer(&DEF, &given(&[("groups", size(4))]), &[8, 5, 5]).unwrap();
        let dims: Vec<_> = got.params[0].dims.iter().filter_map(Dim::known).collect();
        assert_eq!(dims, [32, 2, 3, 3]);
    }

    #[test]
    fn mistakes_name_the_argument() {
        let wrong = |more: &[_], input: &[usize]| infer(&DEF, &given(more), input).unwrap_err();
        let groups = wrong(&[("groups", size(3))], &[8, 5, 5]);
        assert_eq!(groups.at, crate::At::Arg("groups"));
        assert!(groups.text.contains("3 groups, which do not divide its 8 input channels"));
        let window = wrong(&[], &[3, 2, 9]);
        assert!(window.text.contains("is 3 high"));
        let same =
            wrong(&[("padding", Value::Word("same".into())), ("stride", size(2))], &[3, 8, 8]);
        assert_eq!(same.at, crate::At::Arg("padding"));
    }
}
