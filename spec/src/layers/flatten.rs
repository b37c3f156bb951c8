//! `Flatten`: all axes of a sample into one.

use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Flatten",
    doc: "All axes of a sample become one; the batch axis stays.",
    takes: "any",
    keras: "Flatten",
    pytorch: "nn.Flatten",
    arity: Arity::One,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let all = cx.product(&cx.floats()?.shape.dims)?;
    Ok(Inferred::shape(Shape::floats(vec![all])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::Dim;
    use crate::layers::testing::{generic, infer_with, named, shape};

    #[test]
    fn multiplies_all_axes() {
        assert_eq!(shape(&DEF, &[], &[16, 6, 6]), Ok("[576]".into()));
        assert_eq!(shape(&DEF, &[], &[]), Ok("[1]".into()));
    }

    #[test]
    fn a_generic_size_passes_alone_but_is_not_multiplied() {
        let flatten = |dims: Vec<Dim>| infer_with(&DEF, &[], &[Shape::floats(dims)]);
        let text = |dims| flatten(dims).map(|(got, _)| got.shape.to_string());
        assert_eq!(text(vec![generic("N"), 1.into()]), Ok("[N]".into()));
        assert_eq!(text(vec![16.into(), named("H"), named("W")]), Ok("[16 * H * W]".into()));
        assert_eq!(
            text(vec![generic("N"), 4.into()]).unwrap_err().text,
            "`Flatten` would have to compute with the const generic `N`, which stable Rust \
             cannot do"
        );
    }

    #[test]
    fn indices_are_not_floats() {
        let problem = infer_with(&DEF, &[], &[Shape::indices(vec![100.into()])]).unwrap_err();
        assert_eq!(
            problem.text,
            "`Flatten` takes floats, but `Before` (line 1) gives indices [usize; 100]"
        );
        assert!(problem.help.unwrap().contains("`Embedding<entries, width>`"));
    }

    #[test]
    fn a_size_that_is_too_large_is_a_problem() {
        assert_eq!(
            shape(&DEF, &[], &[usize::MAX, 2]).unwrap_err(),
            "a size of `Flatten` does not fit into a `usize`"
        );
    }
}
