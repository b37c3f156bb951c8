//! `Embedding`: a learned vector for each index.

use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef, ParamInit};
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
    args: &[NUM_EMBEDDINGS, EMBEDDING_DIM, PADDING],
    params: &["weight"],
    infer,
};

/// The rows of the table.
pub(crate) const NUM_EMBEDDINGS: ArgDef =
    ArgDef::position("num_embeddings", ArgKind::Size { min: 1 }, "how many indices there are");
/// The columns of the table.
pub(crate) const EMBEDDING_DIM: ArgDef =
    ArgDef::position("embedding_dim", ArgKind::Size { min: 1 }, "size of each vector");
/// The index that fills up what is too short.
pub(crate) const PADDING: ArgDef = ArgDef::option(
    "padding",
    ArgKind::Size { min: 0 },
    Default::Absent,
    "an index that stands for nothing: its row begins as zeros and gets no gradient",
);

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
    let mut dims = input.shape.dims.clone();
    dims.push(cx.args.size("embedding_dim"));
    table(cx, Inferred::shape(Shape::floats(dims)))
}

/// With the table, and the attribute `padding` where there is one.
pub(crate) fn table(cx: &mut Context<'_>, inferred: Inferred) -> Result<Inferred, Problem> {
    let rows = cx.args.size("num_embeddings");
    let weight = vec![rows.clone(), cx.args.size("embedding_dim")];
    if cx.args.get("padding").is_none() {
        return Ok(inferred.param("weight", weight, ParamInit::Normal));
    }
    let padding = cx.args.size("padding");
    let least = cx.compute(Op::Add, &[padding.clone(), Dim::Known(1)])?;
    let text = format!("`padding` is one of the {rows} indices, counted from 0, not {padding}");
    cx.require(Cond::AtMost(least, rows), Problem::new(text).at("padding"))?;
    let init = ParamInit::NormalExceptRow(padding.clone());
    Ok(inferred.param("weight", weight, init).attr("padding", Attr::Size(padding)))
}

pub(crate) fn floats(cx: &Context<'_>, input: &Arrival) -> Problem {
    let indices = match input.shape.rank() {
        0..=2 => Shape::indices(input.shape.dims.clone()),
        _ => Shape::indices(vec![100.into()]),
    };
    cx.takes("indices such as [usize; 100]", input)
        .help(format!("`{}` comes first: declare the network's input as `{indices}`", cx.layer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
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
    fn the_row_of_the_padding_begins_as_zeros() {
        let infer = |padding: Dim| {
            let given = [
                ("num_embeddings", size(10)),
                ("embedding_dim", size(4)),
                ("padding", Value::Size(padding)),
            ];
            infer_with(&DEF, &given, &[Shape::indices(vec![])])
        };
        let got = infer(9.into()).unwrap().0;
        assert_eq!(got.params[0].init, ParamInit::NormalExceptRow(9.into()));
        assert_eq!(got.attrs, [("padding", Attr::Size(9.into()))]);
        assert_eq!(infer(named("PAD")).unwrap().1.len(), 1);
        assert_eq!(
            infer(10.into()).unwrap_err().text,
            "`padding` is one of the 10 indices, counted from 0, not 10"
        );
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
