//! What `MaxPool2d` and `AvgPool2d` share: their arguments and the output's shape.

use super::window::{self, Window};
use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::{Dim, Op};
use crate::layer::{Attr, Cond, Context, Inferred};
use crate::problem::Problem;
use crate::shape::Shape;

pub(crate) const KERNEL_SIZE: ArgDef = ArgDef::position(
    "kernel_size",
    ArgKind::Pair { min: 1, same: false },
    "height and width of the window",
);

pub(crate) const STRIDE: ArgDef = ArgDef::option(
    "stride",
    ArgKind::Pair { min: 1, same: false },
    Default::Absent,
    "step of the window; `kernel_size` where it is left out",
);

pub(crate) const PADDING: ArgDef = ArgDef::option(
    "padding",
    ArgKind::Pair { min: 0, same: false },
    Default::Size(0),
    "border around the image, at most half of the window",
);

pub(crate) const CEIL_MODE: ArgDef = ArgDef::option(
    "ceil_mode",
    ArgKind::Flag,
    Default::Flag(false),
    "whether a last window may hang over the end",
);

/// The output's shape with the attributes `kernel_size`, `stride` and `padding`
/// (top, bottom, left, right).
pub(crate) fn infer(cx: &mut Context<'_>, dilation: &[Dim; 2]) -> Result<Inferred, Problem> {
    let [channels, height, width] = cx.image()?;
    let kernel = cx.args.pair("kernel_size").unwrap_or([Dim::Known(1), Dim::Known(1)]);
    let stride = cx.args.pair("stride").unwrap_or(kernel.clone());
    let padding = cx.args.pair("padding").unwrap_or([Dim::Known(0), Dim::Known(0)]);
    check_padding(cx, &padding, &kernel)?;
    let mut dims = vec![channels];
    for (axis, (name, size)) in [("height", height), ("width", width)].iter().enumerate() {
        let window = Window {
            kernel: kernel[axis].clone(),
            stride: stride[axis].clone(),
            dilation: dilation[axis].clone(),
            padding: [padding[axis].clone(), padding[axis].clone()],
            ceil: cx.args.flag("ceil_mode"),
        };
        dims.push(window::output(cx, name, size, &window)?);
    }
    let [vertical, horizontal] = padding;
    let four = vec![vertical.clone(), vertical, horizontal.clone(), horizontal];
    Ok(Inferred::shape(Shape::floats(dims))
        .attr("kernel_size", Attr::Sizes(kernel.to_vec()))
        .attr("stride", Attr::Sizes(stride.to_vec()))
        .attr("padding", Attr::Sizes(four)))
}

/// With more padding than half of it, a window could lie in the padding alone.
pub(super) fn check_padding(
    cx: &mut Context<'_>,
    padding: &[Dim],
    kernel: &[Dim],
) -> Result<(), Problem> {
    for (padding, kernel) in padding.iter().zip(kernel) {
        if padding.known() == Some(0) {
            continue;
        }
        let half = cx.compute(Op::Div, &[kernel.clone(), Dim::Known(2)])?;
        let problem = Problem::new(format!(
            "the padding of `{}` is {padding}, which is more than half of its window of {kernel}",
            cx.layer
        ))
        .at("padding")
        .help(match half.known() {
            Some(half) => format!("write at most `padding = {half}`"),
            None => "use less padding or a larger window".into(),
        });
        cx.require(Cond::AtMost(padding.clone(), half), problem)?;
    }
    Ok(())
}
