//! `PositionalEncoding`: what tells the steps of a sequence apart, added to them.

use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Context, Inferred, LayerDef, ParamInit};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "PositionalEncoding",
    doc: "Adds sines and cosines of a step's number to it, or learned numbers.",
    takes: "`[time, width]`",
    keras: "SinePositionEncoding",
    pytorch: "x + positions",
    arity: Arity::One,
    args: &[ArgDef::option(
        "learned",
        ArgKind::Flag,
        Default::Flag(false),
        "whether the numbers are parameters instead of sines and cosines",
    )],
    params: &["weight"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    if input.shape.rank() != 2 {
        let problem = cx.takes("[time, width]", input);
        return Err(match input.shape.dims.as_slice() {
            [_, _, _] => {
                problem.help("put `Reshape<[time, width]>` between them, perhaps behind `Permute`")
            }
            _ => problem,
        });
    }
    let kept = Inferred::shape(input.shape.clone());
    Ok(match cx.args.flag("learned") {
        true => kept.param("weight", input.shape.dims.clone(), ParamInit::Normal),
        false => kept,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{generic, infer_with, shape};
    use crate::shape::Shape;

    const LEARNED: [(&str, Value); 1] = [("learned", Value::Flag(true))];

    #[test]
    fn generic_sizes_pass() {
        let dims = vec![generic("TIME"), generic("WIDTH")];
        let input = [Shape::floats(dims.clone())];
        let (got, deferred) = infer_with(&DEF, &LEARNED, &input).unwrap();
        assert_eq!((got.shape.dims.clone(), deferred.len()), (dims.clone(), 0));
        assert_eq!((&got.params[0].dims, got.params.len()), (&dims, 1));
        assert_eq!(infer_with(&DEF, &[], &input).unwrap().0.params, []);
    }

    #[test]
    fn steps_are_rows() {
        assert_eq!(shape(&DEF, &[], &[7, 12]), Ok("[7, 12]".into()));
        assert_eq!(
            shape(&DEF, &[], &[3, 7, 12]).unwrap_err(),
            "`PositionalEncoding` takes [time, width], but `Before` (line 1) gives [3, 7, 12]"
        );
    }
}
