//! `BatchNorm1d`: each feature or channel with mean 0 and variance 1 over the batch.
//!
//! As in PyTorch the first axis of `[channels, time]` is normalized, although `Linear` and
//! `Embedding` give `[time, features]`.

use super::norm;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "BatchNorm1d",
    doc: "Normalizes each feature, or each channel of [channels, time], over the batch.",
    takes: "`[features]`, `[channels, time]`",
    keras: "BatchNormalization",
    pytorch: "nn.BatchNorm1d",
    arity: Arity::One,
    args: &[norm::AFFINE, norm::EPS, norm::MOMENTUM],
    params: &["weight", "bias", "running_mean", "running_var"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    match input.shape.dims.as_slice() {
        [channels] | [channels, _] => Ok(norm::batch(cx, &input.shape, channels.clone())),
        dims => {
            let problem = cx.takes("[features] or [channels, time]", input);
            Err(if dims.len() == 3 {
                problem.help("for [channels, height, width] use `BatchNorm2d`")
            } else {
                problem
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;
    use crate::args::Value;
    use crate::layer::{Attr, ParamInit};
    use crate::layers::testing::{generic, infer, infer_with, shape};
    use crate::shape::Shape;

    #[test]
    fn keeps_the_shape_and_counts_channels_first() {
        assert_eq!(shape(&DEF, &[], &[64]), Ok("[64]".into()));
        let got = infer(&DEF, &[], &[16, 100]).unwrap();
        assert_eq!(got.shape, Shape::known(&[16, 100]));
        assert!(got.params.iter().all(|param| param.dims == [16.into()]));
    }

    #[test]
    fn statistics_stay_without_affine() {
        let got = infer(&DEF, &[("affine", Value::Flag(false))], &[64]).unwrap();
        let params: Vec<_> = got.params.iter().map(|p| (p.name, &p.init, p.trainable)).collect();
        let mean = ("running_mean", &ParamInit::Zeros, false);
        assert_eq!(params, [mean, ("running_var", &ParamInit::Ones, false)]);
        let [eps, momentum] = [1e-5, 0.1].map(|x| Attr::Number(Number::Known(x)));
        assert_eq!(got.attrs, [("eps", eps), ("momentum", momentum)]);
    }

    #[test]
    fn a_generic_number_of_features_passes() {
        let (got, _) = infer_with(&DEF, &[], &[Shape::floats(vec![generic("N")])]).unwrap();
        assert_eq!(got.params[0].dims, [generic("N")]);
    }

    #[test]
    fn an_image_asks_for_the_other_one() {
        let problem = infer(&DEF, &[], &[16, 8, 8]).unwrap_err();
        assert_eq!(
            problem.text,
            "`BatchNorm1d` takes [features] or [channels, time], but `Before` (line 1) gives \
             [16, 8, 8]"
        );
        assert_eq!(problem.help.unwrap(), "for [channels, height, width] use `BatchNorm2d`");
    }
}
