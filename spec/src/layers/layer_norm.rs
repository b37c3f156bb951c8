//! `LayerNorm`: each sample's last axes with mean 0 and variance 1.

use super::norm;
use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "LayerNorm",
    doc: "Normalizes the last axes of each sample.",
    takes: "any",
    keras: "LayerNormalization",
    pytorch: "nn.LayerNorm",
    arity: Arity::One,
    args: &[
        ArgDef::option(
            "axes",
            ArgKind::Size { min: 1 },
            Default::Size(1),
            "how many of the last axes are normalized together",
        ),
        norm::AFFINE,
        norm::EPS,
    ],
    params: &["weight", "bias"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let input = cx.floats()?;
    let axes = cx.args.size("axes");
    let Some(count) = axes.known() else {
        return Err(Problem::new(format!(
            "`axes` of `{}` must be a number, because the shapes of the parameters depend on it, \
             but it is `{axes}`",
            cx.layer
        ))
        .at("axes")
        .help("write the number itself: `LayerNorm<axes = 2>`"));
    };
    let dims = &input.shape.dims;
    let Some(normalized) = dims.len().checked_sub(count).and_then(|first| dims.get(first..)) else {
        let (axes, verb) = if count == 1 { ("axis", "is") } else { ("axes", "are") };
        let text = format!(
            "`{}` normalizes the last {count} {axes}, which {verb} not there: {} {}",
            cx.layer, input.origin, input.shape
        );
        return Err(Problem::new(text).at("axes").help(match dims.len() {
            0 => "a scalar becomes one feature with `Reshape<[1]>`".into(),
            rank => format!("write at most `axes = {rank}`"),
        }));
    };
    Ok(norm::affine(cx, &input.shape, normalized).attr("axes", Attr::Size(axes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::dim::Dim;
    use crate::layers::testing::{generic, infer, infer_with, named, size};
    use crate::problem::At;
    use crate::shape::Shape;

    #[test]
    fn parameters_have_the_normalized_shape() {
        let dims = |given: &[_], input: &[usize]| {
            let got = infer(&DEF, given, input).unwrap();
            assert_eq!(got.shape, Shape::known(input));
            got.params.first().map(|param| param.dims.clone())
        };
        assert_eq!(dims(&[], &[10, 64]), Some(vec![Dim::Known(64)]));
        let known = |sizes: &[usize]| Some(Shape::known(sizes).dims);
        assert_eq!(dims(&[("axes", size(3))], &[4, 8, 9]), known(&[4, 8, 9]));
        assert_eq!(dims(&[("affine", Value::Flag(false))], &[64]), None);
    }

    #[test]
    fn generic_sizes_pass() {
        let input = Shape::floats(vec![generic("T"), generic("N")]);
        let (got, _) = infer_with(&DEF, &[], &[input]).unwrap();
        assert_eq!(got.params[1].dims, [generic("N")]);
    }

    #[test]
    fn the_axes_must_be_there() {
        let problem = infer(&DEF, &[("axes", size(2))], &[16]).unwrap_err();
        assert_eq!(problem.at, At::Arg("axes"));
        assert_eq!(
            problem.text,
            "`LayerNorm` normalizes the last 2 axes, which are not there: `Before` (line 1) \
             gives [16]"
        );
        assert_eq!(problem.help.unwrap(), "write at most `axes = 1`");
        let scalar = infer(&DEF, &[], &[]).unwrap_err();
        assert!(scalar.text.contains("the last 1 axis, which is not there"), "{}", scalar.text);
    }

    #[test]
    fn a_named_number_of_axes_is_refused() {
        let given = [("axes", Value::Size(named("AXES")))];
        let problem = infer(&DEF, &given, &[4, 4]).unwrap_err();
        assert!(problem.text.contains("must be a number"), "{}", problem.text);
        assert!(problem.text.ends_with("but it is `AXES`"), "{}", problem.text);
    }
}
