//! `DepthwiseConv2d`: a window of its own for each channel: a `Conv2d` whose groups are the channels.

use super::conv2d::{self, BIAS, DILATION, KERNEL_SIZE, PADDING, STRIDE};
use crate::args::{ArgDef, ArgKind, Default, Value};
use crate::composite::Wire;
use crate::dim::Op;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "DepthwiseConv2d",
    doc: "A convolution with windows of its own for each channel: `multiplier` channels from each.",
    takes: "`[channels, height, width]`",
    keras: "DepthwiseConv2D",
    pytorch: "nn.Conv2d(c, c, k, groups=c)",
    arity: Arity::One,
    args: &[KERNEL_SIZE, MULTIPLIER, STRIDE, PADDING, DILATION, BIAS],
    params: &[],
    infer,
};

pub(super) const MULTIPLIER: ArgDef = ArgDef::option(
    "multiplier",
    ArgKind::Size { min: 1 },
    Default::Size(1),
    "how many channels each channel becomes",
);

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.wire(0)?;
    let output = depthwise(cx, "", &input, cx.args.flag("bias"))?;
    Ok(cx.made_of(&output, &[]))
}

/// The convolution of each channel for itself, as a part of this name.
pub(super) fn depthwise(
    cx: &mut Context<'_>,
    name: &str,
    input: &Wire,
    bias: bool,
) -> Result<Wire, Problem> {
    let [channels, _, _] = cx.image()?;
    let out = cx.compute(Op::Mul, &[channels.clone(), cx.args.size("multiplier")])?;
    let mut args = cx.args.only(&["kernel_size", "stride", "padding", "dilation"]);
    args.extend([
        ("out_channels", Value::Size(out)),
        ("groups", Value::Size(channels)),
        ("bias", Value::Flag(bias)),
    ]);
    cx.part(name, &conv2d::DEF, &args, &[input])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, made, named, pair, size};
    use crate::shape::Shape;

    const KERNEL: (&str, Value) = ("kernel_size", Value::Size(crate::dim::Dim::Known(3)));

    #[test]
    fn each_channel_has_windows_of_its_own() {
        let input = Shape::known(&[4, 7, 6]);
        let (parts, shape) = made(&DEF, &[KERNEL], &input).unwrap();
        assert_eq!(
            (parts, shape),
            (vec![("".into(), "[4, 1, 3, 3] [4]".into())], "[4, 5, 4]".into())
        );
        let more = [KERNEL, ("multiplier", size(2)), ("bias", Value::Flag(false))];
        let (parts, shape) = made(&DEF, &more, &input).unwrap();
        assert_eq!((parts, shape), (vec![("".into(), "[8, 1, 3, 3]".into())], "[8, 5, 4]".into()));
        let rest = [("kernel_size", pair(2, 3)), ("stride", size(2)), ("padding", pair(1, 0))];
        assert_eq!(made(&DEF, &rest, &input).unwrap().1, "[4, 4, 2]");
    }

    #[test]
    fn sizes_may_be_generic() {
        let image = |channels| Shape::floats(vec![channels, 8.into(), 8.into()]);
        let (parts, shape) = made(&DEF, &[KERNEL], &image(generic("N"))).unwrap();
        assert_eq!((parts[0].1.as_str(), shape.as_str()), ("[N, 1, 3, 3] [N]", "[N, 6, 6]"));
        let more = [KERNEL, ("multiplier", size(2))];
        let (parts, shape) = made(&DEF, &more, &image(named("C"))).unwrap();
        assert_eq!(
            (parts[0].1.as_str(), shape.as_str()),
            ("[2 * C, 1, 3, 3] [2 * C]", "[2 * C, 6, 6]")
        );
        let text = made(&DEF, &more, &image(generic("N"))).unwrap_err();
        assert!(text.starts_with("`DepthwiseConv2d` would have to compute with the const generic"));
    }

    #[test]
    fn messages_are_about_the_layer_as_written() {
        let text = made(&DEF, &[KERNEL], &Shape::known(&[4, 2, 6])).unwrap_err();
        assert!(text.starts_with("the window of `DepthwiseConv2d` is 3 high"), "{text}");
        let text = made(&DEF, &[KERNEL], &Shape::known(&[4])).unwrap_err();
        assert!(text.starts_with("`DepthwiseConv2d` takes [channels, height, width]"), "{text}");
    }
}
