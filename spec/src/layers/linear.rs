//! `Linear`: y = x·Wᵀ + b over the last axis.

use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::Dim;
use crate::layer::{Arity, Context, Inferred, LayerDef, ParamInit, Tied};
use crate::problem::Problem;
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Linear",
    doc: "A linear map of the last axis, y = x·Wᵀ + b.",
    takes: "`[features]`, `[time, features]`",
    keras: "Dense",
    pytorch: "nn.Linear",
    arity: Arity::One,
    args: &[
        ArgDef::position("out_features", ArgKind::Size { min: 1 }, "features of the output"),
        ArgDef::option("bias", ArgKind::Flag, Default::Flag(true), "whether b is added"),
        ArgDef::option(
            "weight",
            ArgKind::Layer,
            Default::Absent,
            "a layer before it whose `weight` is W, too; its own",
        ),
    ],
    params: &["weight", "bias"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let features = match input.shape.dims.as_slice() {
        [features] | [_, features] => features.clone(),
        _ => return Err(wrong_rank(cx)?),
    };
    let out = cx.args.size("out_features");
    let mut dims = input.shape.dims.clone();
    if let Some(last) = dims.last_mut() {
        *last = out.clone();
    }
    let init = ParamInit::FanIn(vec![features.clone()]);
    let (inferred, weight) = (Inferred::shape(Shape::floats(dims)), vec![out.clone(), features]);
    let inferred = match cx.args.layer("weight") {
        None => inferred.param("weight", weight, init.clone()),
        Some(layer) => inferred.tied(Tied {
            param: "weight",
            layer: layer.into(),
            dims: weight,
            axes: &["out_features", "in_features"],
        }),
    };
    Ok(if cx.args.flag("bias") { inferred.param("bias", vec![out], init) } else { inferred })
}

fn wrong_rank(cx: &Context<'_>) -> Result<Problem, Problem> {
    let input = cx.floats()?;
    let problem = cx.takes("[features] or [time, features]", input);
    if input.shape.dims.is_empty() {
        return Ok(problem.help("a scalar becomes one feature with `Reshape<[1]>`"));
    }
    let flat = input.shape.numel().unwrap_or(Dim::Named("…".into()));
    Ok(problem.help(format!("put `Flatten` between them: {} -> [{flat}]", input.shape)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{generic, infer, infer_with, named, shape, size};

    #[test]
    fn acts_on_the_last_axis() {
        let given = [("out_features", size(10))];
        assert_eq!(shape(&DEF, &given, &[576]), Ok("[10]".into()));
        assert_eq!(shape(&DEF, &given, &[7, 64]), Ok("[7, 10]".into()));
    }

    #[test]
    fn weight_is_out_by_in() {
        let got = infer(&DEF, &[("out_features", size(10))], &[576]).unwrap();
        assert_eq!(got.params[0].dims, [Dim::Known(10), Dim::Known(576)]);
        assert_eq!(got.params[1].dims, [Dim::Known(10)]);
        assert_eq!(got.params[1].init, ParamInit::FanIn(vec![Dim::Known(576)]));
    }

    #[test]
    fn a_tied_weight_is_none_of_its_parameters() {
        let tied = |bias| {
            let words = Value::Layer("words".into());
            let given =
                [("out_features", size(10)), ("weight", words), ("bias", Value::Flag(bias))];
            infer(&DEF, &given, &[7, 64]).unwrap()
        };
        let got = tied(true);
        assert_eq!(got.params.iter().map(|param| param.name).collect::<Vec<_>>(), ["bias"]);
        let of = got.tied.unwrap();
        assert_eq!((of.layer.as_str(), of.dims), ("words", vec![Dim::Known(10), Dim::Known(64)]));
        assert_eq!((got.shape.to_string(), tied(false).params), ("[7, 10]".into(), Vec::new()));
    }

    #[test]
    fn an_image_asks_for_flatten() {
        let problem = infer(&DEF, &[("out_features", size(10))], &[16, 6, 6]).unwrap_err();
        assert_eq!(
            problem.text,
            "`Linear` takes [features] or [time, features], but `Before` (line 1) gives [16, 6, 6]"
        );
        assert_eq!(problem.help.unwrap(), "put `Flatten` between them: [16, 6, 6] -> [576]");
    }

    #[test]
    fn generic_and_named_sizes_pass() {
        let given = [("out_features", Value::Size(generic("N")))];
        let input = Shape::floats(vec![generic("M"), named("SIDE")]);
        let (got, deferred) = infer_with(&DEF, &given, &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[M, N]".into(), 0));
        assert_eq!(got.params[0].dims, [generic("N"), named("SIDE")]);
    }
}
