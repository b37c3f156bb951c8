//! `GlobalMaxPool1d`: the largest value of each channel.

use super::{global_max_pool2d, line};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "GlobalMaxPool1d",
    doc: "The largest value of each channel of a line.",
    takes: "`[channels, length]`",
    keras: "GlobalMaxPooling1D",
    pytorch: "nn.AdaptiveMaxPool1d(1)",
    arity: Arity::One,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    line::global(cx, &global_max_pool2d::DEF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::shape;

    #[test]
    fn leaves_the_channels() {
        assert_eq!(shape(&DEF, &[], &[64, 100]), Ok("[64]".into()));
        assert!(shape(&DEF, &[], &[64, 8, 8]).unwrap_err().contains("[channels, length]"));
    }
}
