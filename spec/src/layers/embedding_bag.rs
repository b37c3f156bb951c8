//! `EmbeddingBag`: the learned vectors of several indices, made one.

use super::embedding::{EMBEDDING_DIM, NUM_EMBEDDINGS, PADDING, floats, table};
use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "EmbeddingBag",
    doc: "The mean, sum or maximum of the learned vectors of several indices.",
    takes: "`[usize; count]`",
    keras: "",
    pytorch: "nn.EmbeddingBag",
    arity: Arity::One,
    args: &[
        NUM_EMBEDDINGS,
        EMBEDDING_DIM,
        ArgDef::option(
            "mode",
            ArgKind::Word(&["mean", "sum", "max"]),
            Default::Word("mean"),
            "how the vectors become one",
        ),
        PADDING,
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
    if input.shape.rank() != 1 {
        return Err(cx.takes("several indices such as [usize; 100]", input));
    }
    let shape = Shape::floats(vec![cx.args.size("embedding_dim")]);
    let mode = Attr::Word(cx.args.word("mode").into());
    table(cx, Inferred::shape(shape).attr("mode", mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::dim::Dim;
    use crate::layers::testing::{generic, infer_with, size};

    fn bag(input: Shape) -> Result<Inferred, String> {
        let given = [
            ("num_embeddings", size(50)),
            ("embedding_dim", size(8)),
            ("mode", Value::Word("max".into())),
        ];
        infer_with(&DEF, &given, &[input]).map(|(inferred, _)| inferred).map_err(|p| p.text)
    }

    #[test]
    fn the_axis_of_indices_becomes_that_of_the_vector() {
        let got = bag(Shape::indices(vec![generic("N")])).unwrap();
        assert_eq!(got.shape.to_string(), "[8]");
        assert_eq!(got.params[0].dims, [Dim::Known(50), Dim::Known(8)]);
        assert_eq!(got.attrs, [("mode", Attr::Word("max".into()))]);
    }

    #[test]
    fn one_axis_of_indices_is_wanted() {
        assert_eq!(
            bag(Shape::known(&[5])).unwrap_err(),
            "`EmbeddingBag` takes indices such as [usize; 100], but `Before` (line 1) gives [5]"
        );
        assert_eq!(
            bag(Shape::indices(vec![])).unwrap_err(),
            "`EmbeddingBag` takes several indices such as [usize; 100], but `Before` (line 1) \
             gives [usize]"
        );
    }
}
