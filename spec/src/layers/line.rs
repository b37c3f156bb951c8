//! What the one-dimensional forms share: they are the two-dimensional ones on images of one row.

use super::window::{self, Window};
use super::{squeeze, unsqueeze};
use crate::args::{ArgDef, ArgKind, Default, Value};
use crate::composite::Wire;
use crate::dim::Dim;
use crate::layer::{Context, Inferred, LayerDef};
use crate::problem::Problem;

pub(super) const KERNEL_SIZE: ArgDef =
    ArgDef::position("kernel_size", ArgKind::Size { min: 1 }, "length of the window");

pub(super) const STRIDE: ArgDef = ArgDef::option(
    "stride",
    ArgKind::Size { min: 1 },
    Default::Absent,
    "step of the window; `kernel_size` where it is left out",
);

pub(super) const PADDING: ArgDef = ArgDef::option(
    "padding",
    ArgKind::Size { min: 0 },
    Default::Size(0),
    "border on both sides, at most half of the window",
);

pub(super) const DILATION: ArgDef = ArgDef::option(
    "dilation",
    ArgKind::Size { min: 1 },
    Default::Size(1),
    "distance between the taps of the window",
);

/// `[channels, length]`
pub(super) fn line(cx: &Context<'_>) -> Result<[Dim; 2], Problem> {
    let input = cx.floats()?;
    match input.shape.dims.as_slice() {
        [channels, length] => Ok([channels.clone(), length.clone()]),
        dims => {
            let problem = cx.takes("[channels, length]", input);
            Err(match dims {
                [length] => problem.help(format!(
                    "a single channel is written too: put `Reshape<[1, {}]>` between them",
                    length.written()
                )),
                [_, _, _] => problem.help("images have the two-dimensional form"),
                _ => problem,
            })
        }
    }
}

/// The size of an argument as that of a row: 1 high, or without a border above and below.
pub(super) fn across(cx: &Context<'_>, name: &str, down: usize) -> Value {
    Value::Pair(Dim::Known(down), cx.args.size(name))
}

/// Says what is wrong with a window, in words about lengths.
pub(super) fn check(cx: &mut Context<'_>, length: &Dim, padding: [Dim; 2]) -> Result<(), Problem> {
    let size = |name: &str| match cx.args.get(name) {
        Some(_) => cx.args.size(name),
        None => Dim::Known(1),
    };
    let (kernel, stride, dilation) = (size("kernel_size"), size("stride"), size("dilation"));
    let window = Window { kernel, stride, dilation, padding, ceil: false };
    window::output(cx, "length", length, &window).map(|_| ())
}

/// As an image of one row.
pub(super) fn image(cx: &mut Context<'_>) -> Result<Wire, Problem> {
    let x = cx.wire(0)?;
    cx.part("image", &unsqueeze::DEF, &[("axis", Value::Size(Dim::Known(1)))], &[&x])
}

/// The two-dimensional form of the image, as a line.
pub(super) fn through(
    cx: &mut Context<'_>,
    (name, def): (&str, &'static LayerDef),
    args: &[(&'static str, Value)],
    image: &Wire,
) -> Result<(Wire, Inferred), Problem> {
    let y = cx.part(name, def, args, &[image])?;
    let axis = [("axis", Value::Size(Dim::Known(1)))];
    let line = cx.part("line", &squeeze::DEF, &axis, &[&y])?;
    Ok((y, cx.made_of(&line, &[])))
}

/// One number of each channel, by a layer of images.
pub(super) fn global(cx: &mut Context<'_>, of: &'static LayerDef) -> Result<Inferred, Problem> {
    line(cx)?;
    let image = image(cx)?;
    let y = cx.part("", of, &[], &[&image])?;
    Ok(cx.made_of(&y, &[]))
}

/// A pooling of the line, by the two-dimensional one with this argument of its own too.
pub(super) fn pool(
    cx: &mut Context<'_>,
    def: &'static LayerDef,
    own: (&'static str, Value),
) -> Result<Inferred, Problem> {
    let [_, length] = line(cx)?;
    let border = cx.args.size("padding");
    check(cx, &length, [border.clone(), border])?;
    let image = image(cx)?;
    let stride = if cx.args.get("stride").is_some() { "stride" } else { "kernel_size" };
    let args = [
        ("kernel_size", across(cx, "kernel_size", 1)),
        ("stride", across(cx, stride, 1)),
        ("padding", across(cx, "padding", 0)),
        ("ceil_mode", Value::Flag(cx.args.flag("ceil_mode"))),
        own,
    ];
    Ok(through(cx, ("pool", def), &args, &image)?.1)
}
