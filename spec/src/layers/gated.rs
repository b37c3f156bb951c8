//! What `Glu` and `Swiglu` share: an axis of which one half opens the other.

use super::reduce::{AXIS, written_axis};
use crate::args::ArgDef;
use crate::dim::{Dim, Op};
use crate::layer::{Attr, Cond, Context, Inferred};
use crate::problem::Problem;
use crate::shape::Shape;

pub(crate) const ARGS: &[ArgDef] = &[AXIS];

/// The axis is half as long.
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
    let size = dims.get(axis).cloned().unwrap_or(Dim::Known(0));
    let odd = Problem::new(format!(
        "`{}` halves axis {axis} of its input and needs an even size there, but {} {}",
        cx.layer, input.origin, input.shape
    ))
    .at("axis")
    .help("make the layer before it twice as wide as what is wanted behind");
    cx.require(Cond::Divides(Dim::Known(2), size.clone()), odd)?;
    let half = cx.compute(Op::Div, &[size, Dim::Known(2)])?;
    if let Some(dim) = dims.get_mut(axis) {
        *dim = half;
    }
    Ok(Inferred::shape(Shape::floats(dims)).attr("axis", Attr::Size(Dim::Known(axis))))
}
