//! `SeparableConv2d`: a `DepthwiseConv2d`, and a `Conv2d` with windows of one pixel behind it.

use super::conv2d::{self, BIAS, DILATION, KERNEL_SIZE, OUT_CHANNELS, PADDING, STRIDE};
use super::depthwise_conv2d::{MULTIPLIER, depthwise};
use crate::args::Value;
use crate::dim::Dim;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "SeparableConv2d",
    doc: "A convolution of each channel for itself (without a bias), then one of all channels of \
          each pixel.",
    takes: "`[channels, height, width]`",
    keras: "SeparableConv2D",
    pytorch: "nn.Conv2d(c, c, k, groups=c), nn.Conv2d(c, out, 1)",
    arity: Arity::One,
    args: &[OUT_CHANNELS, KERNEL_SIZE, MULTIPLIER, STRIDE, PADDING, DILATION, BIAS],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.wire(0)?;
    // A bias here would be one more in the layer behind it.
    let each = depthwise(cx, "depthwise", &input, false)?;
    let mut args = cx.args.only(&["out_channels", "bias"]);
    args.push(("kernel_size", Value::Size(Dim::Known(1))));
    let all = cx.part("pointwise", &conv2d::DEF, &args, &[&each])?;
    Ok(cx.made_of(&all, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, made, size};
    use crate::shape::Shape;

    #[test]
    fn channels_are_mixed_behind_the_windows() {
        let given = [("out_channels", size(6)), ("kernel_size", size(3))];
        let (parts, shape) = made(&DEF, &given, &Shape::known(&[4, 7, 6])).unwrap();
        let expected = [("depthwise", "[4, 1, 3, 3]"), ("pointwise", "[6, 4, 1, 1] [6]")];
        assert_eq!(parts, expected.map(|(name, params)| (name.into(), params.into())));
        assert_eq!(shape, "[6, 5, 4]");
        let more = [given.to_vec(), vec![("multiplier", size(2)), ("bias", Value::Flag(false))]];
        let (parts, _) = made(&DEF, &more.concat(), &Shape::known(&[4, 7, 6])).unwrap();
        let expected = [("depthwise", "[8, 1, 3, 3]"), ("pointwise", "[6, 8, 1, 1]")];
        assert_eq!(parts, expected.map(|(name, params)| (name.into(), params.into())));
        let input = Shape::floats(vec![generic("N"), 8.into(), 8.into()]);
        assert_eq!(made(&DEF, &given, &input).unwrap().1, "[6, 6, 6]");
    }
}
