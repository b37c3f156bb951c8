//! `Relu`: max(x, 0).

use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Relu",
    doc: "max(x, 0).",
    takes: "any",
    keras: "ReLU",
    pytorch: "nn.ReLU",
    arity: Arity::One,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    super::pointwise::keep(cx, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::shape;

    #[test]
    fn keeps_the_shape() {
        assert_eq!(shape(&DEF, &[], &[3, 4]), Ok("[3, 4]".into()));
    }
}
