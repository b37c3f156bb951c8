//! `Add`: the sum of values of one shape. `Residual { … }` and `a + b` insert it.

use super::concat::enlarged;
use crate::dim::Dim;
use crate::layer::{Arity, Cond, Context, Inferred, LayerDef};
use crate::problem::{Arrival, Problem};

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Add",
    doc: "The sum of values of one shape.",
    arity: Arity::Many,
    args: &[],
    params: &[],
    infer,
};

/// The first input of a residual block is its branch, the second what it is added to.
fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    equal_shapes(cx, "adds")
}

/// The rule of all that works element by element on several values.
pub(crate) fn equal_shapes(cx: &mut Context<'_>, does: &str) -> Result<Inferred, Problem> {
    let inputs = cx.all_floats()?;
    let first = cx.floats()?;
    for other in inputs.iter().skip(1) {
        if first.shape.rank() != other.shape.rank() {
            return Err(unequal(cx, does, first, other));
        }
        for (a, b) in first.shape.dims.iter().zip(&other.shape.dims) {
            let problem = unequal(cx, does, first, other);
            cx.require(Cond::Equal(a.clone(), b.clone()), problem)?;
        }
    }
    Ok(Inferred::shape(first.shape.clone()))
}

fn unequal(cx: &Context<'_>, does: &str, a: &Arrival, b: &Arrival) -> Problem {
    let text = format!(
        "`{}` {does} only equal shapes, but {} {}, and {} {}",
        cx.layer, a.origin, a.shape, b.origin, b.shape
    );
    Problem::new(text).help(match projection(&a.shape.dims, &b.shape.dims) {
        Some(layer) if cx.layer == "Residual" => {
            format!("give the other side the same shape: `skip {{ {layer} }}`")
        }
        Some(layer) => format!("give the second the shape of the first, with `{layer}`"),
        None if cx.layer == "Residual" => {
            "let the branch end with the shape it began with (a `Conv2d` keeps height and width \
             with `padding = same`), or give the other side its shape in `skip { … }`"
                .into()
        }
        None => match (a.shape.dims.as_slice(), b.shape.dims.as_slice()) {
            ([_, a @ ..], [_, b @ ..]) if a.len() == 2 && b.len() == 2 => enlarged(a, b),
            _ => None,
        }
        .unwrap_or_else(|| "both sides must end with the same shape".into()),
    })
}

/// The layer that gives a value of the sizes `from` the sizes `to`, where one can.
fn projection(to: &[Dim], from: &[Dim]) -> Option<String> {
    match (to, from) {
        ([out], [_]) => Some(format!("Linear<{}>", out.written())),
        ([time, out], [other, _]) if time == other => Some(format!("Linear<{}>", out.written())),
        ([out, to @ ..], [_, from @ ..]) if to.len() == 2 && from.len() == 2 => {
            let out = out.written();
            if to == from {
                Some(format!("Conv2d<{out}, 1>"))
            } else if to.iter().zip(from).all(|(to, from)| halves(to, from)) {
                Some(format!("Conv2d<{out}, 1, stride = 2>"))
            } else {
                None
            }
        }
        _ => None,
    }
}

/// Whether a window of one tap in steps of two makes `from` into `to`.
fn halves(to: &Dim, from: &Dim) -> bool {
    matches!((to.known(), from.known()), (Some(to), Some(from)) if to == from.div_ceil(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer_with, join, named};
    use crate::shape::Shape;

    #[test]
    fn equal_shapes_stay() {
        let image = Shape::known(&[16, 8, 8]);
        let (got, _) = infer_with(&DEF, &[], &[image.clone(), image.clone()]).unwrap();
        assert_eq!(got.shape, image);
        let generic = Shape::floats(vec![generic("N"), generic("M")]);
        let (got, deferred) = infer_with(&DEF, &[], &[generic.clone(), generic]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[N, M]".into(), 0));
    }

    #[test]
    fn both_origins_are_named() {
        let problem = join(&DEF, "Residual", &[32, 8, 8], &[16, 8, 8]).unwrap_err();
        assert_eq!(
            problem.text,
            "`Residual` adds only equal shapes, but `Conv2d` (line 8) gives [32, 8, 8], and \
             `MaxPool2d` before it (line 5) gives [16, 8, 8]"
        );
    }

    #[test]
    fn help_gives_the_layer_for_the_other_side() {
        let help = |to: &[usize], from: &[usize]| {
            join(&DEF, "Residual", to, from).unwrap_err().help.unwrap()
        };
        let skip = "give the other side the same shape: `skip ";
        assert_eq!(help(&[32, 8, 8], &[16, 8, 8]), format!("{skip}{{ Conv2d<32, 1> }}`"));
        let half = format!("{skip}{{ Conv2d<32, 1, stride = 2> }}`");
        assert_eq!(help(&[32, 4, 4], &[16, 8, 7]), half);
        assert_eq!(help(&[64], &[32]), format!("{skip}{{ Linear<64> }}`"));
        assert_eq!(help(&[10, 64], &[10, 32]), format!("{skip}{{ Linear<64> }}`"));
        assert!(help(&[16, 28, 28], &[16, 30, 30]).contains("`padding = same`"));
        assert!(help(&[16], &[16, 1, 1]).contains("`skip { … }`"));
    }

    #[test]
    fn an_operator_is_told_without_a_block() {
        let problem = join(&DEF, "+", &[64], &[32]).unwrap_err();
        assert!(problem.text.starts_with("`+` adds only equal shapes"));
        let help = "give the second the shape of the first, with `Linear<64>`";
        assert_eq!(problem.help.unwrap(), help);
        let help = join(&DEF, "+", &[8, 16, 16], &[16, 8, 8]).unwrap_err().help.unwrap();
        assert!(help.starts_with("put `Upsample2d<2>` behind the smaller one"), "{help}");
    }

    #[test]
    fn named_sizes_are_compared_later_and_generic_ones_at_once() {
        let with =
            |dim: Dim| infer_with(&DEF, &[], &[Shape::known(&[8]), Shape::floats(vec![dim])]);
        assert_eq!(with(named("SIDE")).unwrap().1.len(), 1);
        assert!(with(generic("N")).unwrap_err().text.contains("adds only equal shapes"));
        let index = Shape::indices(vec![8.into()]);
        let problem = infer_with(&DEF, &[], &[Shape::known(&[8]), index]).unwrap_err();
        assert!(problem.text.contains("takes floats"), "{}", problem.text);
    }
}
