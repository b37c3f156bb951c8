//! `MaxPool1d`: the largest value of each window of a line.

use super::{line, max_pool2d, pool};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "MaxPool1d",
    doc: "The largest value of each window of a line, channel by channel.",
    takes: "`[channels, length]`",
    keras: "MaxPooling1D",
    pytorch: "nn.MaxPool1d",
    arity: Arity::One,
    args: &[line::KERNEL_SIZE, line::STRIDE, line::PADDING, line::DILATION, pool::CEIL_MODE],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let own = ("dilation", line::across(cx, "dilation", 1));
    line::pool(cx, &max_pool2d::DEF, own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{shape, size};

    #[test]
    fn lengths_follow_pytorch() {
        let two = ("kernel_size", size(2));
        assert_eq!(shape(&DEF, std::slice::from_ref(&two), &[4, 21]), Ok("[4, 10]".into()));
        let ceil = [two.clone(), ("ceil_mode", Value::Flag(true))];
        assert_eq!(shape(&DEF, &ceil, &[4, 21]), Ok("[4, 11]".into()));
        let three = [("kernel_size", size(3)), ("stride", size(2)), ("padding", size(1))];
        assert_eq!(shape(&DEF, &three, &[4, 21]), Ok("[4, 11]".into()));
        let error = shape(&DEF, &[two], &[4, 1]).unwrap_err();
        assert!(error.starts_with("the window of `MaxPool1d` is 2 long"), "{error}");
    }
}
