//! `MultiHeadAttention`: each step of a sequence looks at all steps of it, or of another.

use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Attr, Cond, Context, Inferred, Input, LayerDef, ParamInit};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// What may stand before `=>`.
const INPUTS: [Input; 3] =
    [Input::floats("query"), Input::floats("memory"), Input::indices("lengths")];

/// Whether steps are told apart by turning.
pub(super) const ROTARY: ArgDef = ArgDef::option(
    "rotary",
    ArgKind::Flag,
    Default::Flag(false),
    "whether queries and keys are turned by their steps' numbers",
);

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "MultiHeadAttention",
    doc: "Each step looks at all steps, or at those of a memory, with several heads.",
    takes: "`[time, width]`; `(query, memory, lengths)`",
    keras: "MultiHeadAttention",
    pytorch: "nn.MultiheadAttention",
    arity: Arity::UpTo(&INPUTS),
    args: &[
        ArgDef::position("num_heads", ArgKind::Size { min: 1 }, "heads, which share the width"),
        ArgDef::option(
            "causal",
            ArgKind::Flag,
            Default::Flag(false),
            "whether a step sees only itself and those before it",
        ),
        ROTARY,
        ArgDef::option("bias", ArgKind::Flag, Default::Flag(true), "whether biases are added"),
        ArgDef::value(
            "dropout",
            ArgKind::PROBABILITY,
            Default::Number(0.0),
            "how likely a weight of the attention is 0 in training",
        ),
    ],
    params: &["in_proj_weight", "out_proj_weight", "in_proj_bias", "out_proj_bias"],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [query, memory, lengths] = cx.several(&INPUTS)?;
    let query = query.ok_or_else(|| Problem::new(format!("`{}` has no input", cx.layer)))?;
    let [time, width] = steps(cx, query)?;
    if let Some(memory) = memory {
        let [_, other] = steps(cx, memory)?;
        let text = format!(
            "`{}` looks from vectors of {width} at vectors of {other}: {} {}",
            cx.layer, memory.origin, memory.shape
        );
        let help = format!("put `Linear<{}>` behind one of them", width.written());
        cx.require(Cond::Equal(width.clone(), other), Problem::new(text).help(help))?;
        if let Some(wrong) = ["causal", "rotary"].into_iter().find(|name| cx.args.flag(name)) {
            let text = format!(
                "`{}` looks at a memory, whose steps are neither before nor behind its own",
                cx.layer
            );
            return Err(Problem::new(text).at(wrong).help(format!("leave out `{wrong}`")));
        }
    }
    lengths.map_or(Ok(()), |lengths| one_length(cx, lengths))?;
    let heads = cx.args.size("num_heads");
    let text = format!("`{}` divides the width {width} among {heads} heads", cx.layer);
    let problem =
        Problem::new(text).at("num_heads").help("the number of heads must divide the width");
    cx.require(Cond::Divides(heads.clone(), width.clone()), problem)?;
    if cx.args.flag("rotary") {
        let text = format!(
            "`{}` turns pairs of a head's features: the width {width} has no even part for each of \
             {heads} heads",
            cx.layer
        );
        let help = "twice the number of heads must divide the width";
        let twice = cx.compute(Op::Mul, &[Dim::Known(2), heads.clone()])?;
        let problem = Problem::new(text).at("rotary").help(help);
        cx.require(Cond::Divides(twice, width.clone()), problem)?;
    }
    let rows = cx.compute(Op::Mul, &[Dim::Known(3), width.clone()])?;
    // Glorot and Bengio's bound √(6 / (rows + columns)).
    let mut inferred = Inferred::shape(Shape::floats(vec![time, width.clone()]))
        .param(
            "in_proj_weight",
            vec![rows.clone(), width.clone()],
            ParamInit::Glorot([rows.clone(), width.clone()]),
        )
        .param("out_proj_weight", vec![width.clone(); 2], ParamInit::FanIn(vec![width.clone()]));
    if cx.args.flag("bias") {
        inferred = inferred.param("in_proj_bias", vec![rows], ParamInit::Zeros);
        inferred = inferred.param("out_proj_bias", vec![width], ParamInit::Zeros);
    }
    let dropout = Attr::Number(cx.args.number("dropout"));
    let inferred = inferred.attr("num_heads", Attr::Size(heads)).attr("dropout", dropout);
    let flag = |name| Attr::Flag(cx.args.flag(name));
    Ok(inferred.attr("causal", flag("causal")).attr("rotary", flag("rotary")))
}

fn steps(cx: &Context<'_>, arrival: &Arrival) -> Result<[Dim; 2], Problem> {
    match arrival.shape.dims.as_slice() {
        [time, width] => Ok([time.clone(), width.clone()]),
        _ => Err(cx.takes("[time, width]", arrival)),
    }
}

/// One number for each sample.
pub(super) fn one_length(cx: &Context<'_>, lengths: &Arrival) -> Result<(), Problem> {
    if lengths.shape.dims.is_empty() {
        return Ok(());
    }
    Err(cx
        .takes("lengths as one index for each sample", lengths)
        .help("declare the input as `lengths: [usize]`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{infer_with, named, size};

    fn attend(given: &[(&'static str, Value)], inputs: &[Shape]) -> Result<String, Problem> {
        infer_with(&DEF, given, inputs).map(|(got, _)| got.shape.to_string())
    }

    const HEADS: (&str, Value) = ("num_heads", Value::Size(Dim::Known(4)));

    #[test]
    fn the_shape_is_that_of_the_query() {
        let (query, memory) = (Shape::known(&[7, 12]), Shape::known(&[9, 12]));
        let lengths = Shape::indices(vec![]);
        let all = [query.clone(), memory, lengths.clone()];
        for inputs in [&all[..1], &all[..2], &all, &[query.clone(), lengths]] {
            assert_eq!(attend(&[HEADS], inputs), Ok("[7, 12]".into()));
        }
        let causal = [HEADS, ("causal", Value::Flag(true))];
        assert_eq!(attend(&causal, &all).unwrap_err().at, crate::At::Arg("causal"));
        assert_eq!(attend(&causal, &all[..1]), Ok("[7, 12]".into()));
        let rotary = [HEADS, ("rotary", Value::Flag(true))];
        assert_eq!(attend(&rotary, &all).unwrap_err().at, crate::At::Arg("rotary"));
    }

    #[test]
    fn what_is_turned_comes_in_pairs() {
        let rotary = [HEADS, ("rotary", Value::Flag(true))];
        assert_eq!(attend(&rotary, &[Shape::known(&[7, 16])]), Ok("[7, 16]".into()));
        let problem = attend(&rotary, &[Shape::known(&[7, 12])]).unwrap_err();
        assert!(problem.text.contains("no even part for each of 4 heads"), "{}", problem.text);
        assert_eq!(problem.at, crate::At::Arg("rotary"));
        let named = [Shape::floats(vec![7.into(), named("WIDTH")])];
        assert_eq!(infer_with(&DEF, &rotary, &named).unwrap().1.len(), 2);
    }

    #[test]
    fn heads_divide_the_width() {
        let problem = attend(&[HEADS], &[Shape::known(&[7, 10])]).unwrap_err();
        assert_eq!(problem.text, "`MultiHeadAttention` divides the width 10 among 4 heads");
        assert_eq!(problem.at, crate::At::Arg("num_heads"));
        let given = [("num_heads", size(4))];
        let later = infer_with(&DEF, &given, &[Shape::floats(vec![7.into(), named("WIDTH")])]);
        assert_eq!(later.unwrap().1.len(), 1);
    }

    #[test]
    fn a_memory_is_as_wide() {
        let inputs = [Shape::known(&[7, 12]), Shape::known(&[9, 8])];
        let problem = attend(&[HEADS], &inputs).unwrap_err();
        assert!(problem.text.contains("from vectors of 12 at vectors of 8"), "{}", problem.text);
        let inputs = [Shape::known(&[7, 12]), Shape::indices(vec![7.into()])];
        assert!(
            attend(&[HEADS], &inputs).unwrap_err().help.unwrap().contains("`lengths: [usize]`")
        );
    }
}
