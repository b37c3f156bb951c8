//! `MaxPool3d`: the largest value of each window of a volume.

use super::{max_pool2d, pool, volume};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "MaxPool3d",
    doc: "The largest value of each window of a volume: `MaxPool2d` of each slice, then along the \
          depth.",
    takes: volume::TAKES,
    keras: "MaxPooling3D",
    pytorch: "nn.MaxPool3d",
    arity: Arity::One,
    args: &[
        volume::KERNEL_SIZE,
        volume::POOL_STRIDE,
        volume::POOL_PADDING,
        volume::DILATION,
        pool::CEIL_MODE,
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    volume::pool(cx, &max_pool2d::DEF, &["ceil_mode"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::dim::Dim;
    use crate::layers::testing::{infer, shape, size};

    #[test]
    fn sizes_follow_pytorch() {
        let pool = |given: &[_], input: &[usize]| shape(&DEF, given, input);
        let two = ("kernel_size", size(2));
        assert_eq!(pool(std::slice::from_ref(&two), &[4, 8, 9, 10]), Ok("[4, 4, 4, 5]".into()));
        let ceil = [two, ("ceil_mode", Value::Flag(true))];
        assert_eq!(pool(&ceil, &[4, 8, 9, 11]), Ok("[4, 4, 5, 6]".into()));
        let plane = Value::Triple([1, 3, 3].map(Dim::Known));
        let plane = [("kernel_size", plane), ("stride", size(2))];
        assert_eq!(pool(&plane, &[2, 5, 7, 7]), Ok("[2, 3, 3, 3]".into()));
    }

    #[test]
    fn mistakes_are_told_of_the_volume() {
        let three = ("kernel_size", size(3));
        let problem = infer(&DEF, std::slice::from_ref(&three), &[4, 2, 9, 9]).unwrap_err();
        assert_eq!(
            problem.text,
            "the window of `MaxPool3d` is 3 deep, but `Before` (line 1) gives [4, 2, 9, 9], which \
             is 2 deep"
        );
        let wide = [three, ("padding", size(2))];
        let problem = infer(&DEF, &wide, &[4, 9, 9, 9]).unwrap_err();
        assert_eq!(problem.help.unwrap(), "write at most `padding = 1`");
        let problem = infer(&DEF, &[("kernel_size", size(2))], &[9, 8, 7]).unwrap_err();
        assert!(problem.help.unwrap().contains("`Reshape<[1, 9, 8, 7]>`"));
    }
}
