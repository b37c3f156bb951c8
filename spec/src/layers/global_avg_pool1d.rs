//! `GlobalAvgPool1d`: the mean of each channel over the length.

use super::{global_avg_pool2d, line};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "GlobalAvgPool1d",
    doc: "The mean of each channel over the length.",
    takes: "`[channels, length]`",
    keras: "GlobalAveragePooling1D",
    pytorch: "x.mean(2)",
    arity: Arity::One,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    line::global(cx, &global_avg_pool2d::DEF)
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
