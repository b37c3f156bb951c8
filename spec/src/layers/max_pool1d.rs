//! `MaxPool1d`: the largest value of each window of a line.

use super::{line, max_pool2d};
use crate::args::{ArgDef, ArgKind, Default, Value};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "MaxPool1d",
    doc: "The largest value of each window of a line, channel by channel.",
    takes: "`[channels, length]`",
    keras: "MaxPooling1D",
    pytorch: "nn.MaxPool1d",
    arity: Arity::One,
    args: &[
        line::KERNEL_SIZE,
        ArgDef::option(
            "stride",
            ArgKind::Size { min: 1 },
            Default::Absent,
            "step of the window; `kernel_size` where it is left out",
        ),
        ArgDef::option(
            "padding",
            ArgKind::Size { min: 0 },
            Default::Size(0),
            "border on both sides, at most half of the window",
        ),
        line::DILATION,
        ArgDef::option(
            "ceil_mode",
            ArgKind::Flag,
            Default::Flag(false),
            "whether a last window may hang over the end",
        ),
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [_, length] = line::line(cx)?;
    let border = cx.args.size("padding");
    line::check(cx, &length, [border.clone(), border])?;
    let image = line::image(cx)?;
    let stride = if cx.args.get("stride").is_some() { "stride" } else { "kernel_size" };
    let args = [
        ("kernel_size", line::across(cx, "kernel_size", 1)),
        ("stride", line::across(cx, stride, 1)),
        ("padding", line::across(cx, "padding", 0)),
        ("dilation", line::across(cx, "dilation", 1)),
        ("ceil_mode", Value::Flag(cx.args.flag("ceil_mode"))),
    ];
    Ok(line::through(cx, ("pool", &max_pool2d::DEF), &args, &image)?.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{shape, size};

    #[test]
    fn lengths_follow_pytorch() {
        let two = ("kernel_size", size(2));
        assert_eq!(shape(&DEF, std::slice::from_ref(&two), &[4, 21]), Ok("[4, 10]".into()));
        let ceil = [two.clone(), ("ceil_mode", Value::Flag(true))];
        assert_eq!(shape(&DEF, &ceil, &[4, 21]), Ok("[4, 11]".into()));
        let three = [("kernel_size", size(3)), ("stride", size(2)), ("padding", size(1))];
        assert_eq!(shape(&DEF, &three, &[4, 21]), Ok("[4, 11]".into()));
        let error = shape(&DEF, &[two], &[4, 1]).unwrap_err();
        assert!(error.starts_with("the window of `MaxPool1d` is 2 long"), "{error}");
    }
}
