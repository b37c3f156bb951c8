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
        return Err(unequal(cx, shapes, first, other).help(to_features(first, other)));
    }
    for (i, (a, b)) in first.shape.dims.iter().zip(&other.shape.dims).enumerate() {
        if i != axis {
            let (shapes, help) = alike(&first.shape.dims, &other.shape.dims, axis, i);
            let problem = unequal(cx, shapes, first, other).help(help);
            cx.require(Cond::Equal(a.clone(), b.clone()), problem)?;
        }
    }
    Ok(())
}

/// How the one with more axes gets the one axis of the other.
fn to_features(a: &Arrival, b: &Arrival) -> String {
    let most = if a.shape.rank() > b.shape.rank() { &a.shape } else { &b.shape };
    match (most.dims.as_slice(), a.shape.rank().min(b.shape.rank())) {
        ([_, features], 1) => format!(
            "`Mean<axis = 0>` makes {most} features: [{}], and `Flatten` keeps them all",
            features.written()
        ),
        _ => "`Flatten` or `GlobalAvgPool2d` makes an image one axis of features".into(),
    }
}

/// What is joined when sizes of axis `i` must agree, and the help when they do not.
fn alike(a: &[Dim], b: &[Dim], axis: usize, i: usize) -> (&'static str, String) {
    let (shapes, help) = match (a.len(), axis, i) {
        (2, 1, _) => ("[time, features] of the same time", "only the features may differ"),
        (2, 0, _) => ("[time, features] of the same features", "only the time may differ"),
        (3, 0, 1) => return ("images of the same height", images(&a[1..], &b[1..])),
        (3, 0, 2) => return ("images of the same width", images(&a[1..], &b[1..])),
        (_, 0, _) => ("shapes that agree after the channels", "only the first sizes may differ"),
        _ => (
            "shapes that differ only along its axis",
            "join along the axis that may differ, with `axis`",
        ),
    };
    (shapes, help.into())
}

/// How images of these heights and widths become equal.
fn images(a: &[Dim], b: &[Dim]) -> String {
    if let Some(help) = enlarged(a, b) {
        return help;
    }
    let odd = |large: usize, small: usize| large % 2 == 1 && large - 1 == small;
    let rounded = |(a, b): (&Dim, &Dim)| match (a.known(), b.known()) {
        (Some(a), Some(b)) => a == b || odd(a, b) || odd(b, a),
        _ => a == b || [a, b].iter().any(|dim| matches!(dim, Dim::Computed(Op::Mul, _))),
    };
    if a.iter().zip(b).all(rounded) {
        return "a `stride` of 2 rounds odd sizes down: take an input whose sizes can be halved \
                every time, or enlarge with a `ConvTranspose2d` that has `output_padding = 1`"
            .into();
    }
    SAME.into()
}

/// The layer that makes the smaller image as large as the other, where one can.
pub(super) fn enlarged(a: &[Dim], b: &[Dim]) -> Option<String> {
    let known = |dims: &[Dim]| dims.iter().map(Dim::known).collect::<Option<Vec<_>>>();
    let (a, b) = (known(a)?, known(b)?);
    let (large, small) = if a > b { (a, b) } else { (b, a) };
    let scale = large.first()?.checked_div(*small.first()?).filter(|scale| *scale > 1)?;
    let times = |(large, small): (&usize, &usize)| Some(*large) == small.checked_mul(scale);
    let all = large.iter().zip(&small).all(times);
    all.then(|| {
        format!("put `Upsample2d<{scale}>` behind the smaller one, or give both the same `stride`")
    })
}

/// What keeps height and width.
const SAME: &str = "a `Conv2d` keeps height and width with `padding = same`, a pooling layer with \
                    `stride = 1` and `padding`; where one branch has a `stride`, the others need \
                    it too";

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
    fn help_knows_how_images_become_equal() {
        let help = |a: &[usize], b: &[usize]| join(&DEF, "concat", a, b).unwrap_err().help.unwrap();
        assert!(help(&[8, 6, 8], &[8, 24, 32]).starts_with("put `Upsample2d<4>` behind the"));
        assert!(help(&[8, 8, 8], &[4, 4, 4]).starts_with("put `Upsample2d<2>` behind the"));
        assert!(help(&[8, 15, 16], &[8, 14, 16]).starts_with("a `stride` of 2 rounds odd sizes"));
        assert!(help(&[8, 16, 16], &[8, 15, 15]).starts_with("a `Conv2d` keeps height and width"));
        assert!(help(&[8, 8, 8], &[8, 16, 8]).starts_with("a `Conv2d` keeps height and width"));
        assert!(
            help(&[32], &[20, 32]).starts_with("`Mean<axis = 0>` makes [20, 32] features: [32]")
        );
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
