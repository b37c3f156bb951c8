//! `MaxPool2d`: the largest value of each window.

use super::pool;
use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::Dim;
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "MaxPool2d",
    doc: "The largest value of each window, channel by channel.",
    takes: "`[channels, height, width]`",
    keras: "MaxPooling2D",
    pytorch: "nn.MaxPool2d",
    arity: Arity::One,
    args: &[
        pool::KERNEL_SIZE,
        pool::STRIDE,
        pool::PADDING,
        ArgDef::option(
            "dilation",
            ArgKind::Pair { min: 1, same: false },
            Default::Size(1),
            "distance between the taps of the window",
        ),
        pool::CEIL_MODE,
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let dilation = cx.args.pair("dilation").unwrap_or([Dim::Known(1), Dim::Known(1)]);
    let inferred = pool::infer(cx, &dilation)?;
    Ok(inferred.attr("dilation", Attr::Sizes(dilation.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layer::Cond;
    use crate::layers::testing::{generic, infer, infer_with, named, pair, shape, size};
    use crate::problem::At;
    use crate::shape::Shape;

    fn pool(kernel: usize, more: &[(&'static str, Value)], input: &[usize]) -> String {
        let given = [&[("kernel_size", size(kernel))], more].concat();
        shape(&DEF, &given, input).unwrap_or_else(|text| text)
    }

    #[test]
    fn stride_is_the_window_where_it_is_left_out() {
        assert_eq!(pool(2, &[], &[16, 30, 15]), "[16, 15, 7]");
        assert_eq!(pool(3, &[("stride", size(2))], &[64, 13, 13]), "[64, 6, 6]");
        let got = infer(&DEF, &[("kernel_size", pair(2, 3))], &[1, 6, 6]).unwrap();
        assert_eq!(got.attrs[0].1, got.attrs[1].1);
        assert_eq!(got.shape, Shape::known(&[1, 3, 2]));
    }

    #[test]
    fn options_follow_pytorch() {
        let step = ("stride", size(2));
        let border = ("padding", size(1));
        assert_eq!(pool(3, &[step.clone(), border.clone()], &[64, 112, 112]), "[64, 56, 56]");
        assert_eq!(pool(3, &[step, ("ceil_mode", Value::Flag(true))], &[8, 6, 7]), "[8, 3, 3]");
        assert_eq!(pool(2, &[("dilation", size(3))], &[8, 10, 8]), "[8, 4, 3]");
    }

    #[test]
    fn padding_is_at_most_half_of_the_window() {
        let given = [("kernel_size", size(3)), ("padding", pair(1, 2))];
        let problem = infer(&DEF, &given, &[8, 9, 9]).unwrap_err();
        assert_eq!(problem.at, At::Arg("padding"));
        assert_eq!(
            problem.text,
            "the padding of `MaxPool2d` is 2, which is more than half of its window of 3"
        );
        assert_eq!(problem.help.unwrap(), "write at most `padding = 1`");
    }

    #[test]
    fn a_window_larger_than_the_image_names_both() {
        assert_eq!(
            pool(2, &[], &[16, 1, 4]),
            "the window of `MaxPool2d` is 2 high, but `Before` (line 1) gives [16, 1, 4], which is \
             1 high"
        );
        assert_eq!(
            pool(2, &[], &[28, 28]),
            "`MaxPool2d` takes [channels, height, width], but `Before` (line 1) gives [28, 28]"
        );
        let problem = infer(&DEF, &[("kernel_size", size(2))], &[28, 28]).unwrap_err();
        let help = "a single channel is written too: put `Reshape<[1, 28, 28]>` between them";
        assert_eq!(problem.help.unwrap(), help);
    }

    #[test]
    fn generic_channels_pass_and_a_named_side_is_checked_later() {
        let given = [("kernel_size", size(2))];
        let input = Shape::floats(vec![generic("N"), 8.into(), 8.into()]);
        assert_eq!(infer_with(&DEF, &given, &[input]).unwrap().0.shape.to_string(), "[N, 4, 4]");
        let input = Shape::floats(vec![3.into(), named("SIDE"), 8.into()]);
        let (got, deferred) = infer_with(&DEF, &given, &[input]).unwrap();
        assert_eq!(got.shape.to_string(), "[3, SIDE / 2, 4]");
        assert_eq!(deferred[0].cond, Cond::AtMost(2.into(), named("SIDE")));
        let input = Shape::floats(vec![3.into(), generic("N"), 8.into()]);
        let problem = infer_with(&DEF, &given, &[input]).unwrap_err();
        assert!(problem.text.contains("compute with the const generic `N`"), "{}", problem.text);
    }
}
