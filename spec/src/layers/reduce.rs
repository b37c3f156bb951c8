//! What `Sum`, `Mean` and `Max` share: an axis that goes away, and how any layer finds its axis.

use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::Dim;
use crate::layer::{Attr, Context, Inferred};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

pub(crate) const AXIS: ArgDef = ArgDef::option(
    "axis",
    ArgKind::Size { min: 0 },
    Default::Absent,
    "number of the axis, counted from 0 without the batch; the last one where it is left out",
);

/// The rule of `Sum`, `Mean` and `Max`.
pub(crate) fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let mut dims = input.shape.dims.clone();
    let Some(last) = dims.len().checked_sub(1) else {
        return Err(cx.takes("at least one axis", input));
    };
    let axis = match cx.args.get("axis") {
        Some(_) => written_axis(cx, input)?,
        None => last,
    };
    dims.remove(axis);
    Ok(Inferred::shape(Shape::floats(dims)).attr("axis", Attr::Size(Dim::Known(axis))))
}

/// An axis that decides the shape, so it must be a number.
pub(crate) fn written_axis(cx: &Context<'_>, input: &Arrival) -> Result<usize, Problem> {
    let (written, rank) = (cx.args.size("axis"), input.shape.rank());
    let text = match written.known() {
        Some(axis) if axis < rank => return Ok(axis),
        Some(axis) => format!(
            "`axis` of `{}` counts the axes of a sample from 0 to {}, but it is {axis}: {} {}",
            cx.layer,
            rank.saturating_sub(1),
            input.origin,
            input.shape
        ),
        None => format!(
            "`axis` of `{}` decides the shape and must be a number, not {written}",
            cx.layer
        ),
    };
    Err(Problem::new(text)
        .at("axis")
        .help("write for example `axis = 0`; the batch is not counted"))
}
