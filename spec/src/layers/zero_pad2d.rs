//! `ZeroPad2d`: images with a border of zeros.

use super::border;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "ZeroPad2d",
    doc: "Images with rows and columns of zeros around them.",
    takes: "`[channels, height, width]`",
    keras: "ZeroPadding2D",
    pytorch: "nn.ZeroPad2d",
    arity: Arity::One,
    args: border::ARGS,
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    border::infer(cx, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{pair, shape, size};

    #[test]
    fn the_border_is_added() {
        assert_eq!(shape(&DEF, &[("padding", size(1))], &[3, 8, 5]), Ok("[3, 10, 7]".into()));
        let given = [("padding", pair(0, 2)), ("bottom", size(1)), ("right", size(0))];
        assert_eq!(shape(&DEF, &given, &[3, 8, 5]), Ok("[3, 9, 7]".into()));
        let error = shape(&DEF, &[("padding", size(usize::MAX))], &[3, 8, 5]).unwrap_err();
        assert!(error.contains("does not fit into a `usize`"), "{error}");
    }
}
