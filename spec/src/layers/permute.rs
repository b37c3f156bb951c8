//! `Permute`: The axes in another order.

use crate::args::{ArgDef, ArgKind};
use crate::dim::Dim;
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Permute",
    doc: "The axes in another order.",
    takes: "any",
    keras: "Permute",
    pytorch: "x.permute",
    arity: Arity::One,
    args: &[ArgDef::position(
        "order",
        ArgKind::Shape { min: 0 },
        "which axis of the input each axis of the output is, counted from 0 without the batch",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let known = |dim: &Option<Dim>| dim.as_ref().and_then(Dim::known);
    let order: Option<Vec<usize>> = cx.args.shape("order").iter().map(known).collect();
    let dims = &input.shape.dims;
    let Some(order) = order.filter(|order| is_order(order, dims.len())) else {
        return Err(not_an_order(cx, input));
    };
    let permuted = order.iter().filter_map(|axis| dims.get(*axis).cloned()).collect();
    let order = order.into_iter().map(Dim::Known).collect();
    Ok(Inferred::shape(Shape::floats(permuted)).attr("order", Attr::Sizes(order)))
}

/// Whether each axis is named once.
fn is_order(order: &[usize], rank: usize) -> bool {
    order.len() == rank && (0..rank).all(|axis| order.contains(&axis))
}

fn not_an_order(cx: &Context<'_>, input: &Arrival) -> Problem {
    let rank = input.shape.rank();
    let text = format!(
        "`{}` names each axis once, from 0 to {}, as numbers, because {} {}",
        cx.layer,
        rank.saturating_sub(1),
        input.origin,
        input.shape
    );
    let turned: Vec<String> = (0..rank).rev().map(|axis| axis.to_string()).collect();
    Problem::new(text).at("order").help(format!(
        "write for example `Permute<[{}]>`, which turns all axes around; the batch is not counted",
        turned.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{generic, infer_with, shape};
    use crate::problem::At;

    fn order(axes: &[usize]) -> [(&'static str, Value); 1] {
        [("order", Value::Shape(axes.iter().map(|axis| Some(Dim::Known(*axis))).collect()))]
    }

    #[test]
    fn axes_change_places() {
        assert_eq!(shape(&DEF, &order(&[1, 0]), &[3, 8]), Ok("[8, 3]".into()));
        assert_eq!(shape(&DEF, &order(&[2, 0, 1]), &[3, 8, 5]), Ok("[5, 3, 8]".into()));
        assert_eq!(shape(&DEF, &order(&[]), &[]), Ok("[]".into()));
        let input = Shape::floats(vec![generic("N"), 4.into()]);
        let (got, deferred) = infer_with(&DEF, &order(&[1, 0]), &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[4, N]".into(), 0));
    }

    #[test]
    fn each_axis_is_named_once() {
        for wrong in [&[0, 0][..], &[0, 2], &[0], &[0, 1, 2]] {
            let problem = infer_with(&DEF, &order(wrong), &[Shape::known(&[3, 8])]).unwrap_err();
            assert_eq!(problem.at, At::Arg("order"));
            assert_eq!(
                problem.text,
                "`Permute` names each axis once, from 0 to 1, as numbers, because `Before` \
                 (line 1) gives [3, 8]"
            );
        }
        let holes = [("order", Value::Shape(vec![None]))];
        assert!(shape(&DEF, &holes, &[3]).is_err());
    }
}
