//! `BatchNorm2d`: each channel of an image with mean 0 and variance 1 over the batch.

use super::norm;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "BatchNorm2d",
    doc: "Normalizes each channel of an image over the batch, height and width.",
    takes: "`[channels, height, width]`",
    keras: "BatchNormalization",
    pytorch: "nn.BatchNorm2d",
    arity: Arity::One,
    args: &[norm::AFFINE, norm::EPS, norm::MOMENTUM],
    params: &["weight", "bias", "running_mean", "running_var"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    match input.shape.dims.as_slice() {
        [channels, _, _] => Ok(norm::batch(cx, &input.shape, channels.clone())),
        dims => {
            let problem = cx.takes("[channels, height, width]", input);
            Err(if matches!(dims.len(), 1 | 2) {
                problem.help("for [features] or [channels, time] use `BatchNorm1d`")
            } else {
                problem
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer, infer_with, named};
    use crate::shape::Shape;

    #[test]
    fn parameters_and_buffers_have_the_channels() {
        let got = infer(&DEF, &[], &[16, 8, 8]).unwrap();
        assert_eq!(got.shape, Shape::known(&[16, 8, 8]));
        let params: Vec<_> = got.params.iter().map(|p| (p.name, p.trainable)).collect();
        let trained = [("weight", true), ("bias", true)];
        assert_eq!(params[..2], trained);
        assert_eq!(params[2..], [("running_mean", false), ("running_var", false)]);
        assert!(got.params.iter().all(|param| param.dims == [16.into()]));
    }

    #[test]
    fn generic_and_named_sizes_pass() {
        let input = Shape::floats(vec![generic("N"), named("H"), generic("W")]);
        let (got, deferred) = infer_with(&DEF, &[], &[input]).unwrap();
        assert_eq!(got.shape.to_string(), "[N, H, W]");
        assert_eq!(got.params[3].dims, [generic("N")]);
        assert!(deferred.is_empty());
    }

    #[test]
    fn features_ask_for_the_other_one() {
        let problem = infer(&DEF, &[], &[64]).unwrap_err();
        assert_eq!(
            problem.text,
            "`BatchNorm2d` takes [channels, height, width], but `Before` (line 1) gives [64]"
        );
        assert_eq!(problem.help.unwrap(), "for [features] or [channels, time] use `BatchNorm1d`");
    }
}
