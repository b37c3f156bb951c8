//! `Concat`: values joined along an axis. `Parallel { … }` and `concat(a, b)` insert it.
//!
//! Without an `axis`, along the channels. These are the first axis of a sample, as in PyTorch: `[channels, height, width]`. Only in
//! `[time, features]`, what `Embedding` and `Linear` give, they are the last.

use super::reduce::written_axis;
use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Concat",
    doc: "Values joined along the channels (the last axis of [time, features], else the first) or \
          another axis.",
    arity: Arity::Many,
    args: &[ArgDef::option(
        "axis",
        ArgKind::Size { min: 0 },
        Default::Absent,
        "number of the joined axis, counted from 0 without the batch; the channels where it is left out",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let inputs = cx.all_floats()?;
    let first = cx.floats()?;
    let mut dims = first.shape.dims.clone();
    let axis = axis(cx, first)?;
    for other in inputs {
        check(cx, first, other, axis)?;
    }
    for other in inputs.iter().skip(1) {
        if let (Some(sum), Some(more)) = (dims.get_mut(axis), other.shape.dims.get(axis)) {
            *sum = cx.compute(Op::Add, &[sum.clone(), more.clone()])?;
        }
    }
    Ok(Inferred::shape(Shape::floats(dims)).attr("axis", Attr::Size(Dim::Known(axis))))
}

/// The axis as written, or that of the channels.
fn axis(cx: &Context<'_>, first: &Arrival) -> Result<usize, Problem> {
    let rank = first.shape.rank();
    if cx.args.get("axis").is_none() || rank == 0 {
        return Ok(usize::from(rank == 2));
    }
    written_axis(cx, first)
}

/// Everything but the joined axis must agree.
fn check(
    cx: &mut Context<'_>,
    first: &Arrival,
    other: &Arrival,
    axis: usize,
) -> Result<(), Problem> {
    if other.shape.rank() == 0 {
        return Err(cx
            .takes("at least one axis", other)
            .help("a scalar becomes one feature with `Reshape<[1]>`"));
    }
    if other.shape.rank() != first.shape.rank() {
        let shapes = "shapes with the same number of axes";
        return Err(unequal(cx, shapes, first, other)
            .help("`Flatten` or `GlobalAvgPool2d` makes an image one axis of features"));
    }
    for (i, (a, b)) in first.shape.dims.iter().zip(&other.shape.dims).enumerate() {
        if i != axis {
            let (shapes, help) = alike(first.shape.rank(), axis, i);
            let problem = unequal(cx, shapes, first, other).help(help);
            cx.require(Cond::Equal(a.clone(), b.clone()), problem)?;
        }
    }
    Ok(())
}

/// What is joined when sizes of axis `i` must agree, and the help when they do not.
fn alike(rank: usize, axis: usize, i: usize) -> (&'static str, &'static str) {
    let image = "a `Conv2d` keeps height and width with `padding = same`; where one branch has a \
                 `stride`, the others need it too";
    match (rank, axis, i) {
        (2, 1, _) => ("[time, features] of the same time", "only the features may differ"),
        (2, 0, _) => ("[time, features] of the same features", "only the time may differ"),
        (3, 0, 1) => ("images of the same height", image),
        (3, 0, 2) => ("images of the same width", image),
        (_, 0, _) => ("shapes that agree after the channels", "only the first sizes may differ"),
        _ => (
            "shapes that differ only along its axis",
            "join along the axis that may differ, with `axis`",
        ),
    }
}

fn unequal(cx: &Context<'_>, joins: &str, a: &Arrival, b: &Arrival) -> Problem {
    Problem::new(format!(
        "`{}` joins {joins}, but {} {}, and {} {}",
        cx.layer, a.origin, a.shape, b.origin, b.shape
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer_with, join, named};

    fn concat(shapes: &[&[usize]]) -> Result<String, String> {
        let shapes: Vec<Shape> = shapes.iter().map(|sizes| Shape::known(sizes)).collect();
        infer_with(&DEF, &[], &shapes)
            .map(|(got, _)| format!("{} {:?}", got.shape, got.attrs[0].1))
            .map_err(|problem| problem.text)
    }

    #[test]
    fn channels_are_added() {
        let joined = |shape: &str, axis: usize| Ok(format!("{shape} Size(Known({axis}))"));
        assert_eq!(concat(&[&[8, 4, 4], &[16, 4, 4], &[8, 4, 4]]), joined("[32, 4, 4]", 0));
        assert_eq!(concat(&[&[10], &[20]]), joined("[30]", 0));
        assert_eq!(concat(&[&[7, 10], &[7, 20]]), joined("[7, 30]", 1));
    }

    #[test]
    fn other_sizes_must_agree() {
        let text = |a: &[usize], b: &[usize]| join(&DEF, "Parallel", a, b).unwrap_err().text;
        assert_eq!(
            text(&[8, 6, 8], &[8, 8, 8]),
            "`Parallel` joins images of the same height, but `Conv2d` (line 8) gives [8, 6, 8], \
             and `MaxPool2d` before it (line 5) gives [8, 8, 8]"
        );
        assert_eq!(
            text(&[8], &[8, 8, 8]),
            "`Parallel` joins shapes with the same number of axes, but `Conv2d` (line 8) gives \
             [8], and `MaxPool2d` before it (line 5) gives [8, 8, 8]"
        );
        assert!(
            text(&[5, 8], &[6, 8])
                .starts_with("`Parallel` joins [time, features] of the same time")
        );
        assert!(text(&[], &[]).starts_with("`Parallel` takes at least one axis, but `Conv2d`"));
    }

    #[test]
    fn any_axis_is_joined() {
        let along = |axis: usize, shapes: [&[usize]; 2]| {
            let shapes = shapes.map(Shape::known);
            let given = [("axis", crate::layers::testing::size(axis))];
            infer_with(&DEF, &given, &shapes).map(|(got, _)| got.shape.to_string())
        };
        assert_eq!(along(0, [&[7, 10], &[3, 10]]), Ok("[10, 10]".into()));
        assert_eq!(along(2, [&[7, 4, 3], &[7, 4, 5]]), Ok("[7, 4, 8]".into()));
        let problem = along(1, [&[7, 4, 3], &[8, 4, 3]]).unwrap_err();
        assert!(problem.text.starts_with("`Concat` joins shapes that differ only along its axis"));
        let problem = along(3, [&[7, 4, 3], &[7, 4, 3]]).unwrap_err();
        assert!(problem.text.contains("from 0 to 2, but it is 3"), "{}", problem.text);
        assert_eq!(problem.at, crate::At::Arg("axis"));
    }

    #[test]
    fn generic_sizes_pass_where_they_are_not_added() {
        let image = |channels: Dim| Shape::floats(vec![channels, generic("H"), named("W")]);
        let (got, deferred) = infer_with(&DEF, &[], &[image(8.into()), image(16.into())]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[24, H, W]".into(), 0));
        let (got, _) = infer_with(&DEF, &[], &[image(8.into()), image(named("C"))]).unwrap();
        assert_eq!(got.shape.to_string(), "[C + 8, H, W]");
        let problem = infer_with(&DEF, &[], &[image(8.into()), image(generic("N"))]).unwrap_err();
        assert!(problem.text.contains("compute with the const generic `N`"), "{}", problem.text);
    }

    #[test]
    fn named_sizes_are_compared_later() {
        let side = Shape::floats(vec![8.into(), named("SIDE"), 4.into()]);
        let (_, deferred) = infer_with(&DEF, &[], &[Shape::known(&[8, 4, 4]), side]).unwrap();
        assert_eq!(deferred[0].cond, Cond::Equal(4.into(), named("SIDE")));
    }
}
