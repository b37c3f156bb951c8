//! `ConvTranspose1d`: the transpose of a convolution, along a line.

use super::{conv_transpose2d, line};
use crate::args::{ArgDef, ArgKind, Default, Value};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

const fn size(name: &'static str, min: usize, default: usize, doc: &'static str) -> ArgDef {
    ArgDef::option(name, ArgKind::Size { min }, Default::Size(default), doc)
}

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "ConvTranspose1d",
    doc: "The transpose of a convolution along a line: `ConvTranspose2d` of one row.",
    takes: "`[channels, length]`",
    keras: "Conv1DTranspose",
    pytorch: "nn.ConvTranspose1d",
    arity: Arity::One,
    args: &[
        ArgDef::position("out_channels", ArgKind::Size { min: 1 }, "channels of the output"),
        line::KERNEL_SIZE,
        size("stride", 1, 1, "step of the window over the output"),
        size("padding", 0, 0, "how much is taken away on both sides of the output"),
        size("output_padding", 0, 0, "how much longer the output is at its end"),
        line::DILATION,
        size("groups", 1, 1, "groups of channels that do not see each other"),
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
    let [channels, _] = line::line(cx)?;
    let image = line::image(cx)?;
    let args = [
        ("out_channels", Value::Size(cx.args.size("out_channels"))),
        ("kernel_size", line::across(cx, "kernel_size", 1)),
        ("stride", line::across(cx, "stride", 1)),
        ("padding", line::across(cx, "padding", 0)),
        ("output_padding", line::across(cx, "output_padding", 0)),
        ("dilation", line::across(cx, "dilation", 1)),
        ("groups", Value::Size(cx.args.size("groups"))),
        ("bias", Value::Flag(cx.args.flag("bias"))),
    ];
    let (conv, inferred) = line::through(cx, ("", &conv_transpose2d::DEF), &args, &image)?;
    let per_group: Dim =
        cx.compute(Op::Div, &[cx.args.size("out_channels"), cx.args.size("groups")])?;
    cx.part_param(&conv, "weight", vec![channels, per_group, cx.args.size("kernel_size")]);
    Ok(inferred)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{shape, size};

    #[test]
    fn lengths_follow_pytorch() {
        let given = [("out_channels", size(6)), ("kernel_size", size(4)), ("stride", size(2))];
        assert_eq!(shape(&DEF, &given, &[4, 10]), Ok("[6, 22]".into()));
        let more = [&given[..], &[("padding", size(1)), ("output_padding", size(1))]].concat();
        assert_eq!(shape(&DEF, &more, &[4, 10]), Ok("[6, 21]".into()));
        assert!(shape(&DEF, &given, &[4]).unwrap_err().contains("[channels, length]"));
    }
}
