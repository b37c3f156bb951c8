//! `AvgPool3d`: the mean of each window of a volume.

use super::{avg_pool2d, pool, volume};
use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "AvgPool3d",
    doc: "The mean of each window of a volume: `AvgPool2d` of each slice, then along the depth.",
    takes: volume::TAKES,
    keras: "AveragePooling3D",
    pytorch: "nn.AvgPool3d",
    arity: Arity::One,
    args: &[
        volume::KERNEL_SIZE,
        volume::POOL_STRIDE,
        volume::POOL_PADDING,
        pool::CEIL_MODE,
        ArgDef::option(
            "count_include_pad",
            ArgKind::Flag,
            Default::Flag(true),
            "whether the zeros of the padding count in the mean",
        ),
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    volume::pool(cx, &avg_pool2d::DEF, &["ceil_mode", "count_include_pad"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{shape, size};

    #[test]
    fn sizes_follow_pytorch() {
        let given = [("kernel_size", size(3)), ("stride", size(2)), ("padding", size(1))];
        assert_eq!(shape(&DEF, &given, &[4, 8, 9, 10]), Ok("[4, 4, 5, 5]".into()));
        let error = shape(&DEF, &[("kernel_size", size(2))], &[4, 8, 8, 1]).unwrap_err();
        assert!(error.starts_with("the window of `AvgPool3d` is 2 wide"), "{error}");
    }
}
