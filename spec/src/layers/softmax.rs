//! `Softmax`: exp(x) / Σ exp(x) along one axis.

use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::Dim;
use crate::layer::{Arity, Attr, Cond, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Softmax",
    doc: "exp(x) / Σ exp(x) along one axis: values above zero whose sum is one.",
    takes: "any",
    keras: "Softmax",
    pytorch: "nn.Softmax",
    arity: Arity::One,
    args: &[AXIS],
    params: &[],
    infer,
};

/// The axis of `Softmax` and `LogSoftmax`.
pub(crate) const AXIS: ArgDef = ArgDef::option(
    "axis",
    ArgKind::Size { min: 0 },
    Default::Absent,
    "number of the axis, counted from 0 without the batch; the last one where it is left out",
);

/// The rule of `Softmax` and `LogSoftmax`.
pub(crate) fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let Some(last) = input.shape.rank().checked_sub(1) else {
        return Err(cx
            .takes("at least one axis", input)
            .help("a scalar becomes one feature with `Reshape<[1]>`"));
    };
    let axis = match cx.args.get("axis") {
        Some(_) => cx.args.size("axis"),
        None => Dim::Known(last),
    };
    let problem = Problem::new(format!(
        "`axis` of `{}` counts the axes of a sample from 0 to {last}, but it is {axis}: {} {}",
        cx.layer, input.origin, input.shape
    ))
    .at("axis")
    .help("leave `axis` out for the last one; the batch axis is not counted");
    cx.require(Cond::AtMost(axis.clone(), Dim::Known(last)), problem)?;
    Ok(Inferred::shape(input.shape.clone()).attr("axis", Attr::Size(axis)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{generic, infer, infer_with, named, size};
    use crate::problem::At;
    use crate::shape::Shape;

    #[test]
    fn the_last_axis_is_the_default() {
        let axis = |given: &[_]| infer(&DEF, given, &[3, 8, 8]).unwrap().attrs;
        assert_eq!(axis(&[]), [("axis", Attr::Size(2.into()))]);
        assert_eq!(axis(&[("axis", size(0))]), [("axis", Attr::Size(0.into()))]);
    }

    #[test]
    fn an_axis_must_be_there() {
        let problem = infer(&DEF, &[("axis", size(1))], &[10]).unwrap_err();
        assert_eq!(problem.at, At::Arg("axis"));
        assert_eq!(
            problem.text,
            "`axis` of `Softmax` counts the axes of a sample from 0 to 0, but it is 1: `Before` \
             (line 1) gives [10]"
        );
        assert_eq!(
            infer(&DEF, &[], &[]).unwrap_err().text,
            "`Softmax` takes at least one axis, but `Before` (line 1) gives []"
        );
    }

    #[test]
    fn generic_sizes_pass_and_a_named_axis_is_checked_later() {
        let input = Shape::floats(vec![generic("N"), generic("M")]);
        let given = [("axis", Value::Size(named("AXIS")))];
        let (got, deferred) = infer_with(&DEF, &given, &[input]).unwrap();
        assert_eq!(got.shape.to_string(), "[N, M]");
        assert_eq!(deferred[0].cond, Cond::AtMost(named("AXIS"), 1.into()));
    }
}
