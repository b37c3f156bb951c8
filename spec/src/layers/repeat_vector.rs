//! `RepeatVector`: A vector several times, along time.

use crate::args::{ArgDef, ArgKind};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "RepeatVector",
    doc: "A vector several times, along time.",
    takes: "`[features]`",
    keras: "RepeatVector",
    pytorch: "x.unsqueeze(1).repeat(1, n, 1)",
    arity: Arity::One,
    args: &[ArgDef::position("n", ArgKind::Size { min: 1 }, "how many times")],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    match input.shape.dims.as_slice() {
        [features] => Ok(Inferred::shape(Shape::floats(vec![cx.args.size("n"), features.clone()]))),
        _ => Err(cx.takes("[features]", input)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer_with, shape, size};

    #[test]
    fn time_comes_first() {
        assert_eq!(shape(&DEF, &[("n", size(4))], &[8]), Ok("[4, 8]".into()));
        let input = Shape::floats(vec![generic("N")]);
        let (got, deferred) = infer_with(&DEF, &[("n", size(4))], &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[4, N]".into(), 0));
        assert_eq!(
            shape(&DEF, &[("n", size(4))], &[3, 8]).unwrap_err(),
            "`RepeatVector` takes [features], but `Before` (line 1) gives [3, 8]"
        );
    }
}
