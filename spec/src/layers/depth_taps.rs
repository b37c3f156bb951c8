//! What `Conv3d` reads, as an image: the slices under the taps of each window's depth are channels,
//! and the places along the depth stand one below the other. It is no layer of the catalogue.

use super::volume::{self, Sizes};
use crate::args::{ArgDef, ArgKind};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "DepthTaps",
    doc: "What `Conv3d` reads, as an image.",
    takes: volume::TAKES,
    keras: "",
    pytorch: "",
    arity: Arity::One,
    args: ARGS,
    params: &[],
    infer,
};

const ARGS: &[ArgDef] = &[
    volume::KERNEL_SIZE,
    ArgDef::position(
        "padding",
        ArgKind::Shape { min: 0 },
        "zeros before and after, of depth, height and width",
    ),
    volume::STRIDE,
    volume::DILATION,
];

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, depth, height, width] = volume::volume(cx)?;
    let mut sides = cx.args.shape("padding").iter().map(|side| side.clone().unwrap_or(0.into()));
    let padding = [(); 3].map(|()| [(); 2].map(|()| sides.next().unwrap_or(Dim::Known(0))));
    let sizes = Sizes {
        kernel: volume::triple(cx, "kernel_size", 1),
        stride: volume::triple(cx, "stride", 1),
        dilation: volume::triple(cx, "dilation", 1),
        padding,
    };
    let output = sizes.output(cx, &[depth, height, width.clone()], false)?;
    let [deep, high, _] = output.as_slice() else { return Err(Problem::new("`DepthTaps`")) };
    let (pitch, step) = (pitch(cx, &sizes, high)?, sizes.stride[1].clone());
    let places = cx.compute(Op::Mul, &[deep.clone(), pitch.clone()])?;
    let last = cx.compute(Op::Sub, &[places, Dim::Known(1)])?;
    let last = cx.compute(Op::Mul, &[last, step.clone()])?;
    let rows = cx.compute(Op::Add, &[last, reach(cx, &sizes)?])?;
    let [left, right] = &sizes.padding[2];
    let columns = cx.compute(Op::Add, &[width, left.clone()])?;
    let columns = cx.compute(Op::Add, &[columns, right.clone()])?;
    let taps = cx.compute(Op::Mul, &[channels, sizes.kernel[0].clone()])?;
    let before = sizes.padding.each_ref().map(|[before, _]| before.clone());
    let along = [&sizes.kernel, &sizes.stride, &sizes.dilation].map(|sizes| sizes[0].clone());
    Ok(Inferred::shape(Shape::floats(vec![taps, rows, columns]))
        .attr("along", Attr::Sizes(along.to_vec()))
        .attr("before", Attr::Sizes(before.to_vec()))
        .attr("pitch", Attr::Size(cx.compute(Op::Mul, &[pitch, step])?)))
}

/// How many places lie between the first ones of two slices: those of a slice, and those whose
/// windows reach over its end.
pub(super) fn pitch(cx: &Context<'_>, sizes: &Sizes, high: &Dim) -> Result<Dim, Problem> {
    let step = sizes.stride[1].clone();
    let over = cx.compute(Op::Add, &[reach(cx, sizes)?, step.clone()])?;
    let over = cx.compute(Op::Sub, &[over, Dim::Known(1)])?;
    let over = cx.compute(Op::Div, &[over, step])?;
    let both = cx.compute(Op::Add, &[high.clone(), over])?;
    cx.compute(Op::Sub, &[both, Dim::Known(1)])
}

fn reach(cx: &Context<'_>, sizes: &Sizes) -> Result<Dim, Problem> {
    cx.compute(Op::Reach, &[sizes.kernel[1].clone(), sizes.dilation[1].clone()])
}
