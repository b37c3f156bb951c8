//! `Select`: One element of one axis, which goes away.

use super::axis::optional;
use super::reduce::AXIS;
use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Select",
    doc: "One element of one axis, which goes away.",
    takes: "any",
    keras: "x[:, index]",
    pytorch: "x.select",
    arity: Arity::One,
    args: &[
        ArgDef::position("index", ArgKind::Size { min: 0 }, "the element, counted from 0"),
        AXIS,
        ArgDef::option(
            "from",
            ArgKind::Word(&["start", "end"]),
            Default::Word("start"),
            "where it is counted from: with `end`, 0 is the last element",
        ),
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let axis = optional(cx, input)?;
    let mut dims = input.shape.dims.clone();
    let (size, index) = (dims.remove(axis), cx.args.size("index"));
    let least = cx.compute(Op::Add, &[index.clone(), Dim::Known(1)])?;
    let text = format!(
        "`{}` takes element {index}, counted from 0, but axis {axis} has {size}: {} {}",
        cx.layer, input.origin, input.shape
    );
    let help = "`axis` chooses another axis; `from = end` counts from the end";
    cx.require(Cond::AtMost(least, size), Problem::new(text).at("index").help(help))?;
    let from = Attr::Word(cx.args.word("from").into());
    let inferred = Inferred::shape(Shape::floats(dims)).attr("index", Attr::Size(index));
    Ok(inferred.attr("axis", Attr::Size(Dim::Known(axis))).attr("from", from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{infer, infer_with, named, shape, size};
    use crate::problem::At;

    #[test]
    fn the_axis_goes_away() {
        assert_eq!(shape(&DEF, &[("index", size(7))], &[3, 8]), Ok("[3]".into()));
        let given = [("index", size(2)), ("axis", size(0))];
        assert_eq!(shape(&DEF, &given, &[3, 8]), Ok("[8]".into()));
        let input = Shape::floats(vec![named("TIME"), 4.into()]);
        let (got, deferred) = infer_with(&DEF, &given, &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[4]".into(), 1));
    }

    #[test]
    fn the_element_must_be_there() {
        let problem = infer(&DEF, &[("index", size(8))], &[3, 8]).unwrap_err();
        assert_eq!(problem.at, At::Arg("index"));
        assert_eq!(
            problem.text,
            "`Select` takes element 8, counted from 0, but axis 1 has 8: `Before` (line 1) gives \
             [3, 8]"
        );
        let text = shape(&DEF, &[("index", size(0))], &[]).unwrap_err();
        assert!(text.contains("takes at least one axis"), "{text}");
    }
}
