//! `GlobalMaxPool2d`: the largest pixel of each channel.

use super::{max_pool2d, reshape};
use crate::args::Value;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "GlobalMaxPool2d",
    doc: "The largest pixel of each channel.",
    takes: "`[channels, height, width]`",
    keras: "GlobalMaxPooling2D",
    pytorch: "nn.AdaptiveMaxPool2d(1)",
    arity: Arity::One,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, height, width] = cx.image()?;
    let x = cx.wire(0)?;
    let window = [("kernel_size", Value::Pair(height, width))];
    let pooled = cx.part("pool", &max_pool2d::DEF, &window, &[&x])?;
    let shape = [("shape", Value::Shape(vec![Some(channels)]))];
    let y = cx.part("", &reshape::DEF, &shape, &[&pooled])?;
    Ok(cx.made_of(&y, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::shape;

    #[test]
    fn leaves_the_channels() {
        assert_eq!(shape(&DEF, &[], &[512, 7, 5]), Ok("[512]".into()));
        assert!(shape(&DEF, &[], &[512]).unwrap_err().contains("[channels, height, width]"));
    }
}
