//! `Conv1d`: cross-correlation of a line with learned windows.

use super::{conv2d, line, zero_pad2d};
use crate::args::{ArgDef, ArgKind, Default, Value};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Conv1d",
    doc: "A one-dimensional convolution: `Conv2d` of one row.",
    takes: "`[channels, length]`",
    keras: "Conv1D",
    pytorch: "nn.Conv1d",
    arity: Arity::One,
    args: &[
        ArgDef::position("out_channels", ArgKind::Size { min: 1 }, "channels of the output"),
        line::KERNEL_SIZE,
        ArgDef::option("stride", ArgKind::Size { min: 1 }, Default::Size(1), "step of the window"),
        ArgDef::option(
            "padding",
            ArgKind::SizeOr { min: 0, words: &["same", "causal"] },
            Default::Size(0),
            "zeros on both sides; `same` keeps the length (stride 1), `causal` has them before alone",
        ),
        line::DILATION,
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
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, length] = line::line(cx)?;
    let (word, none) = (cx.args.word("padding").to_string(), Dim::Known(0));
    let reach = cx.compute(Op::Reach, &[cx.args.size("kernel_size"), cx.args.size("dilation")])?;
    let before = cx.compute(Op::Sub, &[reach, Dim::Known(1)])?;
    let border = cx.args.size("padding");
    match word.as_str() {
        "same" => {}
        "causal" => line::check(cx, &length, [before.clone(), none.clone()])?,
        _ => line::check(cx, &length, [border.clone(), border.clone()])?,
    }
    let mut image = line::image(cx)?;
    if word == "causal" {
        let left = Value::Pair(none.clone(), before);
        let args = [("padding", left), ("right", Value::Size(none.clone()))];
        image = cx.part("pad", &zero_pad2d::DEF, &args, &[&image])?;
    }
    let padding = match word.as_str() {
        "same" => Value::Word(word),
        "causal" => Value::Size(none),
        _ => line::across(cx, "padding", 0),
    };
    let args = [
        ("out_channels", Value::Size(cx.args.size("out_channels"))),
        ("kernel_size", line::across(cx, "kernel_size", 1)),
        ("stride", line::across(cx, "stride", 1)),
        ("padding", padding),
        ("dilation", line::across(cx, "dilation", 1)),
        ("groups", Value::Size(cx.args.size("groups"))),
        ("bias", Value::Flag(cx.args.flag("bias"))),
    ];
    let (conv, inferred) = line::through(cx, ("", &conv2d::DEF), &args, &image)?;
    let per_group = cx.compute(Op::Div, &[channels, cx.args.size("groups")])?;
    let weight = vec![cx.args.size("out_channels"), per_group, cx.args.size("kernel_size")];
    cx.part_param(&conv, "weight", weight);
    Ok(inferred)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{infer, shape, size};
    use crate::problem::At;

    fn conv(more: &[(&'static str, Value)], input: &[usize]) -> Result<String, String> {
        let given = [&[("out_channels", size(8)), ("kernel_size", size(3))], more].concat();
        shape(&DEF, &given, input)
    }

    #[test]
    fn lengths_follow_pytorch() {
        assert_eq!(conv(&[], &[4, 20]), Ok("[8, 18]".into()));
        assert_eq!(
            conv(&[("stride", size(2)), ("padding", size(1))], &[4, 20]),
            Ok("[8, 10]".into())
        );
        assert_eq!(conv(&[("dilation", size(3))], &[4, 20]), Ok("[8, 14]".into()));
        for word in ["same", "causal"] {
            let word = [("padding", Value::Word(word.into())), ("dilation", size(2))];
            assert_eq!(conv(&word, &[4, 20]), Ok("[8, 20]".into()));
        }
    }

    #[test]
    fn mistakes_are_told_in_lengths() {
        let given = [("out_channels", size(8)), ("kernel_size", size(7))];
        let problem = infer(&DEF, &given, &[4, 5]).unwrap_err();
        assert_eq!(problem.at, At::Arg("kernel_size"));
        assert_eq!(
            problem.text,
            "the window of `Conv1d` is 7 long, but `Before` (line 1) gives [4, 5], which is 5 long"
        );
        let problem = infer(&DEF, &given, &[50]).unwrap_err();
        assert!(problem.help.unwrap().contains("`Reshape<[1, 50]>`"));
        assert!(conv(&[("groups", size(3))], &[4, 20]).unwrap_err().contains("3 groups"));
    }
}
