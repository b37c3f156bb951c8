//! `Reshape`: the same elements in the same order, seen with another shape.

use crate::args::{ArgDef, ArgKind};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Cond, Context, Inferred, LayerDef};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Reshape",
    doc: "The same elements with another shape; one size may be `_`.",
    takes: "any",
    keras: "Reshape",
    pytorch: "x.reshape",
    arity: Arity::One,
    args: &[ArgDef::position(
        "shape",
        ArgKind::Shape,
        "shape of the output without the batch axis; `_` is computed",
    )],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let wanted = cx.args.shape("shape");
    let holes = wanted.iter().filter(|dim| dim.is_none()).count();
    if holes > 1 {
        return Err(two_holes(cx, wanted));
    }
    let given: Vec<Dim> = wanted.iter().flatten().cloned().collect();
    let (given_rest, input_rest) = cancel(&given, &input.shape.dims);
    let given_rest = cx.product(&given_rest)?;
    let input_rest = cx.product(&input_rest)?;
    let problem = mismatch(cx, wanted, &given, input);
    if holes == 0 {
        cx.require(Cond::Equal(given_rest, input_rest), problem)?;
        return Ok(Inferred::shape(Shape::floats(given)));
    }
    cx.require(Cond::Divides(given_rest.clone(), input_rest.clone()), problem)?;
    let hole = cx.compute(Op::Div, &[input_rest, given_rest])?;
    let dims = wanted.iter().map(|dim| dim.clone().unwrap_or(hole.clone())).collect();
    Ok(Inferred::shape(Shape::floats(dims)))
}

/// Takes away what is not a number and stands on both sides, so that `[N, 4, 4]` can become
/// `[N, 16]` without computing with `N`.
fn cancel(given: &[Dim], input: &[Dim]) -> (Vec<Dim>, Vec<Dim>) {
    let mut input = input.to_vec();
    let mut rest = Vec::new();
    for dim in given {
        match input.iter().position(|other| other == dim && dim.known().is_none()) {
            Some(i) => {
                input.remove(i);
            }
            None => rest.push(dim.clone()),
        }
    }
    (rest, input)
}

fn written(wanted: &[Option<Dim>]) -> String {
    let sizes: Vec<String> =
        wanted.iter().map(|dim| dim.as_ref().map_or("_".into(), Dim::to_string)).collect();
    format!("`Reshape<[{}]>`", sizes.join(", "))
}

fn two_holes(cx: &Context<'_>, wanted: &[Option<Dim>]) -> Problem {
    Problem::new(format!("`{}` can compute one `_`, but {} has more", cx.layer, written(wanted)))
        .at("shape")
        .help("write all sizes but one")
}

fn mismatch(cx: &Context<'_>, wanted: &[Option<Dim>], given: &[Dim], input: &Arrival) -> Problem {
    let layer = written(wanted);
    let one_element = |n: &Dim| if n.known() == Some(1) { "element" } else { "elements" };
    let expected = match (Dim::product(given), given.len() == wanted.len()) {
        (Ok(n), true) => format!("{layer} has {n} {}", one_element(&n)),
        (Ok(n), false) => format!("{layer} takes a multiple of {n} elements"),
        (Err(_), _) => format!("{layer} has another number of elements than its input"),
    };
    let with = input.shape.numel().map_or(String::new(), |n| format!(" with {n}"));
    let problem =
        Problem::new(format!("{expected}, but {} {}{with}", input.origin, input.shape)).at("shape");
    match cx.args.shape("shape").len() {
        0 => problem.help("`[]` is a scalar: it has one element"),
        _ => problem.help("the sizes must multiply to the same number; `_` stands for one of them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{generic, infer_with, named};

    fn known(sizes: &[usize]) -> Vec<Dim> {
        sizes.iter().copied().map(Dim::Known).collect()
    }

    /// The output's shape and the number of deferred conditions; 0 stands for `_`.
    fn reshape(wanted: &[Dim], input: Vec<Dim>) -> Result<(String, usize), Problem> {
        let hole = |dim: &Dim| Some(dim.clone()).filter(|dim| dim.known() != Some(0));
        let given = [("shape", Value::Shape(wanted.iter().map(hole).collect()))];
        infer_with(&DEF, &given, &[Shape::floats(input)])
            .map(|(inferred, deferred)| (inferred.shape.to_string(), deferred.len()))
    }

    #[test]
    fn elements_are_kept() {
        let plain = |wanted: &[usize], input: &[usize]| reshape(&known(wanted), known(input));
        assert_eq!(plain(&[3, 4, 4], &[48]), Ok(("[3, 4, 4]".into(), 0)));
        assert_eq!(plain(&[3, 0], &[2, 6]), Ok(("[3, 4]".into(), 0)));
        assert_eq!(plain(&[1], &[]), Ok(("[1]".into(), 0)));
        assert_eq!(plain(&[], &[1, 1]), Ok(("[]".into(), 0)));
    }

    #[test]
    fn messages_give_both_counts() {
        let text = |wanted: &[usize], input| reshape(&known(wanted), input).unwrap_err().text;
        assert_eq!(
            text(&[3, 5], known(&[16])),
            "`Reshape<[3, 5]>` has 15 elements, but `Before` (line 1) gives [16] with 16"
        );
        assert_eq!(
            text(&[3, 0], known(&[4, 4])),
            "`Reshape<[3, _]>` takes a multiple of 3 elements, but `Before` (line 1) gives \
             [4, 4] with 16"
        );
        assert_eq!(
            text(&[0, 2, 0], known(&[16])),
            "`Reshape` can compute one `_`, but `Reshape<[_, 2, _]>` has more"
        );
    }

    #[test]
    fn generic_sizes_pass_where_they_stand_on_both_sides() {
        let n = || generic("N");
        let input = || vec![n(), 4.into(), 4.into()];
        assert_eq!(reshape(&[n(), 16.into()], input()), Ok(("[N, 16]".into(), 0)));
        assert_eq!(reshape(&[0.into(), n()], input()), Ok(("[16, N]".into(), 0)));
        assert_eq!(reshape(&[0.into()], vec![n()]), Ok(("[N]".into(), 0)));
        let problem = reshape(&[0.into()], input()).unwrap_err();
        assert!(problem.text.contains("compute with the const generic `N`"), "{}", problem.text);
    }

    #[test]
    fn named_sizes_are_checked_later() {
        let side = || named("SIDE");
        assert_eq!(reshape(&[4.into(), 4.into()], vec![side()]), Ok(("[4, 4]".into(), 1)));
        assert_eq!(reshape(&[3.into(), 0.into()], vec![side()]), Ok(("[3, SIDE / 3]".into(), 1)));
        assert_eq!(reshape(&[side(), 1.into()], vec![side()]), Ok(("[SIDE, 1]".into(), 0)));
    }
}
