//! `ConvTranspose2d`: the way back through a convolution, with learned windows.

use super::conv2d::check_groups;
use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef, ParamInit};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "ConvTranspose2d",
    doc: "A two-dimensional transposed convolution: the input gradient of a convolution, as a layer.",
    arity: Arity::One,
    args: &[
        ArgDef::position("out_channels", ArgKind::Size { min: 1 }, "channels of the output"),
        ArgDef::position(
            "kernel_size",
            ArgKind::Pair { min: 1, same: false },
            "height and width of the window",
        ),
        ArgDef::option(
            "stride",
            ArgKind::Pair { min: 1, same: false },
            Default::Size(1),
            "distance of the windows in the output",
        ),
        ArgDef::option(
            "padding",
            ArgKind::Pair { min: 0, same: false },
            Default::Size(0),
            "what is taken off each side of the output",
        ),
        ArgDef::option(
            "output_padding",
            ArgKind::Pair { min: 0, same: false },
            Default::Size(0),
            "what the output is longer below and on the right: less than `stride` or `dilation`",
        ),
        ArgDef::option(
            "dilation",
            ArgKind::Pair { min: 1, same: false },
            Default::Size(1),
            "distance between the taps of the window",
        ),
        ArgDef::option(
            "groups",
            ArgKind::Size { min: 1 },
            Default::Size(1),
            "groups of channels that do not see each other",
        ),
        ArgDef::option(
            "bias",
            ArgKind::Flag,
            Default::Flag(true),
            "whether a bias is added to each channel",
        ),
    ],
    params: &["weight", "bias"],
    infer,
};

/// The window along one axis.
struct Window {
    kernel: Dim,
    stride: Dim,
    padding: Dim,
    output_padding: Dim,
    dilation: Dim,
}

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, height, width] = cx.image()?;
    let out = cx.args.size("out_channels");
    let groups = cx.args.size("groups");
    check_groups(cx, &groups, &channels, &out)?;
    let pair = |name: &str, default: usize| {
        let default = || [Dim::Known(default), Dim::Known(default)];
        cx.args.pair(name).unwrap_or_else(default)
    };
    let (kernel, stride, dilation) =
        (pair("kernel_size", 1), pair("stride", 1), pair("dilation", 1));
    let (padding, output_padding) = (pair("padding", 0), pair("output_padding", 0));
    let mut dims = vec![out.clone()];
    for (axis, (name, size)) in [("height", height), ("width", width)].iter().enumerate() {
        let window = Window {
            kernel: kernel[axis].clone(),
            stride: stride[axis].clone(),
            padding: padding[axis].clone(),
            output_padding: output_padding[axis].clone(),
            dilation: dilation[axis].clone(),
        };
        dims.push(output(cx, name, size, &window)?);
    }
    let per_group = cx.compute(Op::Div, &[out.clone(), groups.clone()])?;
    let weight = vec![channels, per_group, kernel[0].clone(), kernel[1].clone()];
    // PyTorch takes the second axis of any weight for the inputs, here too.
    let init = ParamInit::FanIn(weight[1..].to_vec());
    let [vertical, horizontal] = padding;
    let four = vec![vertical.clone(), vertical, horizontal.clone(), horizontal];
    let inferred = Inferred::shape(Shape::floats(dims))
        .attr("stride", Attr::Sizes(stride.to_vec()))
        .attr("padding", Attr::Sizes(four))
        .attr("dilation", Attr::Sizes(dilation.to_vec()))
        .attr("groups", Attr::Size(groups))
        .param("weight", weight, init.clone());
    Ok(if cx.args.flag("bias") { inferred.param("bias", vec![out], init) } else { inferred })
}

/// The size of the output along one axis:
/// `n · stride + dilation · (kernel - 1) + 1 + output_padding - stride - 2 · padding`.
fn output(cx: &mut Context<'_>, axis: &str, input: &Dim, window: &Window) -> Result<Dim, Problem> {
    let reach = cx.compute(Op::Reach, &[window.kernel.clone(), window.dilation.clone()])?;
    let full = cx.compute(Op::Mul, &[input.clone(), window.stride.clone()])?;
    let full = cx.compute(Op::Add, &[full, reach])?;
    let full = cx.compute(Op::Add, &[full, window.output_padding.clone()])?;
    let full = cx.compute(Op::Sub, &[full, window.stride.clone()])?;
    check_output_padding(cx, window)?;
    if window.padding.known() == Some(0) {
        return Ok(full);
    }
    let sides = cx.compute(Op::Mul, &[window.padding.clone(), Dim::Known(2)])?;
    let least = cx.compute(Op::Add, &[sides.clone(), Dim::Known(1)])?;
    let nothing_left = nothing_left(cx, axis, &full, &sides)?;
    cx.require(Cond::AtMost(least, full.clone()), nothing_left)?;
    cx.compute(Op::Sub, &[full, sides])
}

/// Smaller than the stride or than the dilation, so one of the two quotients is zero.
fn check_output_padding(cx: &mut Context<'_>, window: &Window) -> Result<(), Problem> {
    let Window { stride, dilation, output_padding: more, .. } = window;
    if more.known() == Some(0) {
        return Ok(());
    }
    let help = match (stride.known(), dilation.known()) {
        (Some(stride), Some(dilation)) => {
            let most = stride.max(dilation).saturating_sub(1);
            format!("use an `output_padding` of at most {most}, or a larger `stride`")
        }
        _ => "use a smaller `output_padding`, or a larger `stride`".into(),
    };
    let problem = Problem::new(format!(
        "the output padding of `{}` is {more}, but it must be smaller than its stride of {stride} \
         or its dilation of {dilation}",
        cx.layer
    ))
    .at("output_padding")
    .help(help);
    let by_stride = cx.compute(Op::Div, &[more.clone(), stride.clone()])?;
    let by_dilation = cx.compute(Op::Div, &[more.clone(), dilation.clone()])?;
    let both = cx.compute(Op::Mul, &[by_stride, by_dilation])?;
    cx.require(Cond::Equal(both, Dim::Known(0)), problem)
}

fn nothing_left(cx: &Context<'_>, axis: &str, full: &Dim, sides: &Dim) -> Result<Problem, Problem> {
    let arrival = cx.floats()?;
    let high = if axis == "height" { "high" } else { "wide" };
    let text = format!(
        "the padding of `{}` takes {sides} off its {axis}, but {} {}, which becomes only {full} \
         {high}",
        cx.layer, arrival.origin, arrival.shape
    );
    let help = match full.known() {
        Some(n) => format!("use a `padding` of at most {}", n.saturating_sub(1) / 2),
        None => "use a smaller `padding`".into(),
    };
    Ok(Problem::new(text).at("padding").help(format!("{help}, or a larger window or `stride`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{infer, infer_with, named, pair, shape, size};

    fn given(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
        let both = [("out_channels", size(6)), ("kernel_size", size(3))];
        let kept = both.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| name != other));
        kept.chain(more.iter().cloned()).collect()
    }

    #[test]
    fn sizes_follow_pytorch() {
        let conv = |more: &[_], input: &[usize]| shape(&DEF, &given(more), input);
        assert_eq!(conv(&[], &[4, 5, 6]), Ok("[6, 7, 8]".into()));
        assert_eq!(conv(&[("stride", size(2))], &[4, 5, 6]), Ok("[6, 11, 13]".into()));
        let twice = [("stride", size(2)), ("padding", size(1)), ("output_padding", size(1))];
        assert_eq!(conv(&twice, &[4, 5, 6]), Ok("[6, 10, 12]".into()));
        let two = [("kernel_size", size(2)), ("stride", size(2))];
        assert_eq!(conv(&two, &[4, 5, 6]), Ok("[6, 10, 12]".into()));
        let more =
            [("stride", pair(1, 3)), ("dilation", pair(2, 1)), ("output_padding", pair(1, 2))];
        assert_eq!(conv(&more, &[4, 5, 6]), Ok("[6, 10, 20]".into()));
        assert_eq!(conv(&[("padding", size(2))], &[4, 3, 4]), Ok("[6, 1, 2]".into()));
    }

    #[test]
    fn weight_begins_with_the_input() {
        let got = infer(&DEF, &given(&[("groups", size(2))]), &[4, 5, 5]).unwrap();
        let dims: Vec<_> = got.params[0].dims.iter().filter_map(Dim::known).collect();
        assert_eq!(dims, [4, 3, 3, 3]);
        let fan_in = ParamInit::FanIn([3, 3, 3].map(Dim::Known).into());
        assert!(got.params.iter().all(|param| param.init == fan_in));
    }

    #[test]
    fn named_sizes_leave_their_conditions_to_the_compiler() {
        let named = |text| Value::Size(named(text));
        let given = given(&[("padding", named("P")), ("output_padding", named("MORE"))]);
        let (got, deferred) = infer_with(&DEF, &given, &[Shape::known(&[4, 5, 5])]).unwrap();
        assert_eq!(got.shape.to_string(), "[6, MORE + 7 - 2 * P, MORE + 7 - 2 * P]");
        assert_eq!(deferred.len(), 4);
    }

    #[test]
    fn mistakes_name_the_argument() {
        let wrong = |more: &[_], input: &[usize]| infer(&DEF, &given(more), input).unwrap_err();
        let groups = wrong(&[("groups", size(4))], &[8, 5, 5]);
        assert_eq!(groups.at, crate::At::Arg("groups"));
        assert!(groups.text.contains("4 groups, which do not divide its 6 output channels"));
        let padding = wrong(&[("padding", size(3))], &[3, 2, 9]);
        assert_eq!(padding.at, crate::At::Arg("padding"));
        assert!(padding.text.contains("takes 6 off its height"), "{}", padding.text);
        let more = wrong(&[("output_padding", size(2)), ("stride", size(2))], &[3, 8, 8]);
        assert_eq!(more.at, crate::At::Arg("output_padding"));
        assert!(more.text.contains("is 2, but it must be smaller than its stride of 2"));
        assert!(infer(&DEF, &given(&[("output_padding", size(1))]), &[3, 8, 8]).is_err());
    }
}
