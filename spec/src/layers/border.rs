//! What the layers share that add or take away rows and columns at the border of images.

use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::{Dim, Op};
use crate::layer::{Attr, Cond, Context, Inferred};
use crate::problem::Problem;
use crate::shape::Shape;

pub(super) const ARGS: &[ArgDef] = &[
    ArgDef::position(
        "padding",
        ArgKind::Pair { min: 0, same: false },
        "rows above and below, columns to the left and to the right",
    ),
    ArgDef::option(
        "bottom",
        ArgKind::Size { min: 0 },
        Default::Absent,
        "rows below; those above where it is left out",
    ),
    ArgDef::option(
        "right",
        ArgKind::Size { min: 0 },
        Default::Absent,
        "columns to the right; those to the left where it is left out",
    ),
];

/// Rows above and below, columns to the left and to the right.
fn border(cx: &Context<'_>) -> [Dim; 4] {
    let [top, left] = cx.args.pair("padding").unwrap_or([Dim::Known(0), Dim::Known(0)]);
    let other = |name: &str, same: &Dim| match cx.args.get(name) {
        Some(_) => cx.args.size(name),
        None => same.clone(),
    };
    let (bottom, right) = (other("bottom", &top), other("right", &left));
    [top, bottom, left, right]
}

/// An image with the border added, or taken away.
pub(super) fn infer(cx: &mut Context<'_>, adds: bool) -> Result<Inferred, Problem> {
    let [channels, height, width] = cx.image()?;
    let border = border(cx);
    let mut dims = vec![channels];
    for (axis, (size, sides)) in [height, width].into_iter().zip(border.chunks(2)).enumerate() {
        let both = cx.compute(Op::Add, sides)?;
        if adds {
            dims.push(cx.compute(Op::Add, &[size, both])?);
            continue;
        }
        let what = ["rows", "columns"][axis];
        let text = format!("`{}` takes {both} of {size} {what} away: none would be left", cx.layer);
        let least = cx.compute(Op::Add, &[both.clone(), Dim::Known(1)])?;
        cx.require(Cond::AtMost(least, size.clone()), Problem::new(text).at("padding"))?;
        dims.push(cx.compute(Op::Sub, &[size, both])?);
    }
    Ok(Inferred::shape(Shape::floats(dims)).attr("padding", Attr::Sizes(border.to_vec())))
}
