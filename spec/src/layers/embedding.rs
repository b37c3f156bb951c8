//! `Embedding`: a learned vector for each index.

use crate::args::{ArgDef, ArgKind};
use crate::layer::{Arity, Context, Inferred, LayerDef, ParamInit};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Embedding",
    doc: "A learned vector for each index, such as a word's.",
    takes: "indices",
    keras: "Embedding",
    pytorch: "nn.Embedding",
    arity: Arity::One,
    args: &[
        ArgDef::position("num_embeddings", ArgKind::Size { min: 1 }, "how many indices there are"),
        ArgDef::position("embedding_dim", ArgKind::Size { min: 1 }, "size of each vector"),
    ],
    params: &["weight"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let Some(input) = cx.inputs.first() else {
        return Err(Problem::new(format!("`{}` has no input", cx.layer)));
    };
    if !input.shape.index {
        return Err(floats(cx, input));
    }
    if input.shape.rank() > 2 {
        return Err(cx.takes("[usize], [usize; time] or [usize; rows, time]", input));
    }
    let width = cx.args.size("embedding_dim");
    let mut dims = input.shape.dims.clone();
    dims.push(width.clone());
    let weight = vec![cx.args.size("num_embeddings"), width];
    Ok(Inferred::shape(Shape::floats(dims)).param("weight", weight, ParamInit::Normal))
}

fn floats(cx: &Context<'_>, input: &Arrival) -> Problem {
    let indices = match input.shape.rank() {
        0..=2 => Shape::indices(input.shape.dims.clone()),
        _ => Shape::indices(vec![100.into()]),
    };
    cx.takes("indices such as [usize; 100]", input)
        .help(format!("`Embedding` comes first: declare the network's input as `{indices}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::Dim;
    use crate::layers::testing::{generic, infer_with, named, size};

    fn embed(input: Shape) -> Result<Inferred, Problem> {
        let given = [("num_embeddings", size(10_000)), ("embedding_dim", size(64))];
        infer_with(&DEF, &given, &[input]).map(|(inferred, _)| inferred)
    }

    #[test]
    fn adds_a_last_axis() {
        let embed = |dims: Vec<Dim>| embed(Shape::indices(dims)).map(|got| got.shape.to_string());
        assert_eq!(embed(vec![]), Ok("[64]".into()));
        assert_eq!(embed(vec![100.into()]), Ok("[100, 64]".into()));
        assert_eq!(embed(vec![generic("N"), named("LEN")]), Ok("[N, LEN, 64]".into()));
    }

    #[test]
    fn weight_is_one_row_for_each_index() {
        let got = embed(Shape::indices(vec![])).unwrap();
        assert_eq!(got.params[0].dims, [Dim::Known(10_000), Dim::Known(64)]);
        assert_eq!(got.params[0].init, ParamInit::Normal);
    }

    #[test]
    fn floats_are_declared_as_indices_instead() {
        let problem = embed(Shape::known(&[50])).unwrap_err();
        assert_eq!(
            problem.text,
            "`Embedding` takes indices such as [usize; 100], but `Before` (line 1) gives [50]"
        );
        assert_eq!(
            problem.help.unwrap(),
            "`Embedding` comes first: declare the network's input as `[usize; 50]`"
        );
    }

    #[test]
    fn indices_have_at_most_two_axes() {
        assert_eq!(
            embed(Shape::indices(vec![2.into(), 3.into(), 4.into()])).unwrap_err().text,
            "`Embedding` takes [usize], [usize; time] or [usize; rows, time], but `Before` \
             (line 1) gives [usize; 2, 3, 4]"
        );
    }
}
