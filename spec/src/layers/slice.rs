//! `Slice`: A range of one axis, from `start` up to but not with `end`.

use super::axis::optional;
use super::reduce::AXIS;
use crate::args::{ArgDef, ArgKind};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Slice",
    doc: "A range of one axis, from `start` up to but not with `end`.",
    takes: "any",
    keras: "Cropping1D",
    pytorch: "x[start:end]",
    arity: Arity::One,
    args: &[
        ArgDef::position("start", ArgKind::Size { min: 0 }, "the first element, counted from 0"),
        ArgDef::position("end", ArgKind::Size { min: 1 }, "the element behind the last one"),
        AXIS,
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let axis = optional(cx, input)?;
    let mut dims = input.shape.dims.clone();
    let (start, end) = (cx.args.size("start"), cx.args.size("end"));
    let least = cx.compute(Op::Add, &[start.clone(), Dim::Known(1)])?;
    let empty = Problem::new(format!("`{}` from {start} to {end} is empty", cx.layer)).at("end");
    let empty = empty.help("`end` is the element behind the last one");
    cx.require(Cond::AtMost(least, end.clone()), empty)?;
    if let Some(size) = dims.get_mut(axis) {
        let beyond = format!(
            "`{}` ends at {end}, behind the {size} of axis {axis}: {} {}",
            cx.layer, input.origin, input.shape
        );
        let beyond = Problem::new(beyond).at("end").help("`axis` chooses another axis");
        cx.require(Cond::AtMost(end.clone(), size.clone()), beyond)?;
        *size = cx.compute(Op::Sub, &[end, start.clone()])?;
    }
    Ok(range(dims, start, axis))
}

/// So many elements from `start` on.
pub(crate) fn range(dims: Vec<Dim>, start: Dim, axis: usize) -> Inferred {
    let inferred = Inferred::shape(Shape::floats(dims)).attr("start", Attr::Size(start));
    inferred.attr("axis", Attr::Size(Dim::Known(axis)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{infer, infer_with, named, shape, size};
    use crate::problem::At;

    fn range(start: usize, end: usize) -> Vec<(&'static str, Value)> {
        vec![("start", size(start)), ("end", size(end))]
    }

    #[test]
    fn a_range_is_left() {
        assert_eq!(shape(&DEF, &range(1, 3), &[3, 8]), Ok("[3, 2]".into()));
        let mut given = range(0, 3);
        given.push(("axis", size(0)));
        assert_eq!(shape(&DEF, &given, &[3, 8]), Ok("[3, 8]".into()));
        let input = Shape::floats(vec![named("TIME")]);
        let (got, deferred) = infer_with(&DEF, &range(2, 4), &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[2]".into(), 1));
    }

    #[test]
    fn it_must_be_there_and_not_empty() {
        let problem = infer(&DEF, &range(3, 9), &[4, 8]).unwrap_err();
        assert_eq!(problem.at, At::Arg("end"));
        assert_eq!(
            problem.text,
            "`Slice` ends at 9, behind the 8 of axis 1: `Before` (line 1) gives [4, 8]"
        );
        let problem = infer(&DEF, &range(3, 3), &[4, 8]).unwrap_err();
        assert_eq!(problem.text, "`Slice` from 3 to 3 is empty");
        assert!(shape(&DEF, &range(0, 1), &[]).unwrap_err().contains("takes at least one axis"));
    }
}
