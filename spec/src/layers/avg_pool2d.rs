//! `AvgPool2d`: the mean of each window.

use super::pool;
use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::Dim;
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "AvgPool2d",
    doc: "The mean of each window, channel by channel.",
    takes: "`[channels, height, width]`",
    keras: "AveragePooling2D",
    pytorch: "nn.AvgPool2d",
    arity: Arity::One,
    args: &[
        pool::KERNEL_SIZE,
        pool::STRIDE,
        pool::PADDING,
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
    let count = cx.args.flag("count_include_pad");
    let inferred = pool::infer(cx, &[Dim::Known(1), Dim::Known(1)])?;
    Ok(inferred.attr("count_include_pad", Attr::Flag(count)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{infer, pair, shape, size};

    #[test]
    fn sizes_follow_pytorch() {
        let pool = |given: &[_], input: &[usize]| shape(&DEF, given, input);
        assert_eq!(pool(&[("kernel_size", size(2))], &[6, 28, 29]), Ok("[6, 14, 14]".into()));
        let global = [("kernel_size", pair(7, 5))];
        assert_eq!(pool(&global, &[512, 7, 5]), Ok("[512, 1, 1]".into()));
        let ceil = [("kernel_size", size(2)), ("ceil_mode", Value::Flag(true))];
        assert_eq!(pool(&ceil, &[6, 28, 29]), Ok("[6, 14, 15]".into()));
    }

    #[test]
    fn attributes_hold_four_sides_of_padding() {
        let given = [("kernel_size", size(3)), ("padding", pair(1, 0))];
        let got = infer(&DEF, &given, &[2, 9, 9]).unwrap();
        assert_eq!(got.attrs[2], ("padding", Attr::Sizes([1, 1, 0, 0].map(Dim::Known).to_vec())));
        assert_eq!(got.attrs[3], ("count_include_pad", Attr::Flag(true)));
        assert_eq!(got.shape.to_string(), "[2, 3, 3]");
    }

    #[test]
    fn a_vector_is_no_image() {
        assert_eq!(
            shape(&DEF, &[("kernel_size", size(2))], &[10]).unwrap_err(),
            "`AvgPool2d` takes [channels, height, width], but `Before` (line 1) gives [10]"
        );
    }
}
