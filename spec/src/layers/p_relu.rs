//! `PRelu`: max(x, 0) + weight · min(x, 0), with learned slopes.

use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::Dim;
use crate::layer::{Arity, Context, Inferred, LayerDef, ParamInit};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "PRelu",
    doc: "max(x, 0) + weight · min(x, 0), with one learned slope or one for each channel.",
    takes: "any",
    keras: "PReLU",
    pytorch: "nn.PReLU",
    arity: Arity::One,
    args: &[ArgDef::option(
        "channels",
        ArgKind::Flag,
        Default::Flag(false),
        "whether each channel, the first axis of a sample, has a slope of its own",
    )],
    params: &["weight"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let slopes = match (cx.args.flag("channels"), input.shape.dims.first()) {
        (false, _) => Dim::Known(1),
        (true, Some(channels)) => channels.clone(),
        (true, None) => {
            let problem = cx.takes("at least one axis with `channels = true`", input);
            return Err(problem.at("channels").help("write `PRelu`, which has one slope for all"));
        }
    };
    let kept = Inferred::shape(input.shape.clone());
    Ok(kept.param("weight", vec![slopes], ParamInit::Constant(0.25)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{generic, infer, infer_with, shape};
    use crate::problem::At;
    use crate::shape::Shape;

    const CHANNELS: [(&str, Value); 1] = [("channels", Value::Flag(true))];

    #[test]
    fn one_slope_or_one_for_each_channel() {
        let slopes = |given: &[_], input: &[usize]| {
            let got = infer(&DEF, given, input).unwrap();
            assert_eq!(got.shape, Shape::known(input));
            assert_eq!(got.params[0].init, ParamInit::Constant(0.25));
            got.params[0].dims.clone()
        };
        assert_eq!(slopes(&[], &[3, 8, 5]), [Dim::Known(1)]);
        assert_eq!(slopes(&[], &[]), [Dim::Known(1)]);
        assert_eq!(slopes(&CHANNELS, &[3, 8, 5]), [Dim::Known(3)]);
        assert_eq!(slopes(&CHANNELS, &[7]), [Dim::Known(7)]);
    }

    #[test]
    fn generic_sizes_pass() {
        let input = Shape::floats(vec![generic("N"), generic("M")]);
        let (got, deferred) = infer_with(&DEF, &CHANNELS, &[input]).unwrap();
        assert_eq!((got.params[0].dims.as_slice(), deferred.len()), (&[generic("N")][..], 0));
    }

    #[test]
    fn a_scalar_has_no_channels() {
        let problem = infer(&DEF, &CHANNELS, &[]).unwrap_err();
        assert_eq!(problem.at, At::Arg("channels"));
        assert_eq!(
            shape(&DEF, &CHANNELS, &[]).unwrap_err(),
            "`PRelu` takes at least one axis with `channels = true`, but `Before` (line 1) gives []"
        );
    }
}
