//! `Sub`: the difference of two values of one shape. `a - b` inserts it.

use super::add::equal_shapes;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Sub",
    doc: "The difference of two values of one shape.",
    takes: "`a - b`",
    keras: "Subtract",
    pytorch: "a - b",
    arity: Arity::Many,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    equal_shapes(cx, "subtracts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::join;

    #[test]
    fn only_equal_shapes() {
        let got = join(&DEF, "-", &[16, 8, 8], &[16, 8, 8]).unwrap();
        assert_eq!(got.shape.to_string(), "[16, 8, 8]");
        assert_eq!(
            join(&DEF, "-", &[64], &[32]).unwrap_err().text,
            "`-` subtracts only equal shapes, but `Conv2d` (line 8) gives [64], and `MaxPool2d` \
             before it (line 5) gives [32]"
        );
    }
}
