//! What the layers share that move, cut or name axes: which axis is meant, as a number.

use crate::layer::Context;
use crate::problem::{Arrival, Problem};

/// The axis that this argument names, below `rank`. It decides the shape, so it must be a number.
pub(crate) fn numbered(
    cx: &Context<'_>,
    name: &'static str,
    input: &Arrival,
    rank: usize,
) -> Result<usize, Problem> {
    let written = cx.args.size(name);
    let text = match written.known() {
        Some(axis) if axis < rank => return Ok(axis),
        Some(axis) if rank == 0 => format!(
            "`{}` takes at least one axis, so axis {axis} is not there: {} {}",
            cx.layer, input.origin, input.shape
        ),
        Some(axis) => format!(
            "`{name}` of `{}` is an axis from 0 to {}, but it is {axis}: {} {}",
            cx.layer,
            rank.saturating_sub(1),
            input.origin,
            input.shape
        ),
        None => format!(
            "`{name}` of `{}` decides the shape and must be a number, not {written}",
            cx.layer
        ),
    };
    Err(Problem::new(text).at(name).help("axes are counted from 0; the batch is not counted"))
}

/// The axis that the option `axis` names, or the last one.
pub(crate) fn optional(cx: &Context<'_>, input: &Arrival) -> Result<usize, Problem> {
    let rank = input.shape.rank();
    match (cx.args.get("axis"), rank.checked_sub(1)) {
        (_, None) => Err(cx.takes("at least one axis", input)),
        (None, Some(last)) => Ok(last),
        (Some(_), Some(_)) => numbered(cx, "axis", input, rank),
    }
}
