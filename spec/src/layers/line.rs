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
