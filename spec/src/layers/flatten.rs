//! `Flatten`: all axes of a sample into one.

use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Flatten",
    doc: "All axes of a sample become one; the batch axis stays.",
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
    use crate::layers::testing::shape;

    #[test]
    fn multiplies_all_axes() {
        assert_eq!(shape(&DEF, &[], &[16, 6, 6]), Ok("[576]".into()));
        assert_eq!(shape(&DEF, &[], &[]), Ok("[1]".into()));
    }
}
