//! What the recurrent layers share: a state that goes along time.

use super::{concat, dropout, multi_head_attention, slice, transformer};
use crate::args::{ArgDef, ArgKind, Default, Number, Value};
use crate::composite::{Wire, joined};
use crate::dim::{Dim, Op};
use crate::layer::{Attr, Cond, Context, Inferred, Input, LayerDef, ParamInit};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// PyTorch's names, one direction after the other.
pub(super) const PARAMS: &[&str] = &[
    "weight_ih_l0",
    "weight_hh_l0",
    "bias_ih_l0",
    "bias_hh_l0",
    "weight_ih_l0_reverse",
    "weight_hh_l0_reverse",
    "bias_ih_l0_reverse",
    "bias_hh_l0_reverse",
];

/// A sequence, the state before its first step, and how many steps each sample has.
pub(super) const INPUTS: [Input; 4] =
    [Input::floats("x"), Input::floats("h"), Input::floats("c"), Input::indices("lengths")];
pub(super) const WITHOUT_MEMORY: [Input; 3] = [INPUTS[0], INPUTS[1], INPUTS[3]];

pub(super) const HIDDEN: ArgDef =
    ArgDef::position("hidden_size", ArgKind::Size { min: 1 }, "features of the state");

pub(super) const LAYERS: ArgDef = ArgDef::option(
    "layers",
    ArgKind::Size { min: 1 },
    Default::Size(1),
    "layers one behind the other, each with the states of the one before",
);

pub(super) const DROPOUT: ArgDef = ArgDef::value(
    "dropout",
    ArgKind::PROBABILITY,
    Default::Number(0.0),
    "how likely a number between two layers is 0 in training",
);

pub(super) const OUTPUT: ArgDef = ArgDef::option(
    "output",
    ArgKind::Word(&["all", "last"]),
    Default::Word("all"),
    "the state after each step, or after the last one",
);

pub(super) const BIDIRECTIONAL: ArgDef = ArgDef::option(
    "bidirectional",
    ArgKind::Flag,
    Default::Flag(false),
    "whether a second state goes from the end to the beginning, beside the first",
);

pub(super) const REVERSE: ArgDef = ArgDef::option(
    "reverse",
    ArgKind::Flag,
    Default::Flag(false),
    "whether the state goes from the end to the beginning",
);

pub(super) const BIAS: ArgDef =
    ArgDef::option("bias", ArgKind::Flag, Default::Flag(true), "whether both biases are added");

/// What `Lstm` and `Gru` take; an `Rnn` has its nonlinearity between them.
pub(super) const ARGS: &[ArgDef] = &[HIDDEN, LAYERS, OUTPUT, BIDIRECTIONAL, REVERSE, BIAS, DROPOUT];

/// `[time, features]`, for a state with so many gates.
pub(super) fn infer<const N: usize>(
    cx: &mut Context<'_>,
    gates: usize,
    inputs: &[Input; N],
    def: &'static LayerDef,
) -> Result<Inferred, Problem> {
    let taken = cx.several(inputs)?;
    let [time, features] = sequence(cx)?;
    let both = cx.args.flag("bidirectional");
    if both && cx.args.flag("reverse") {
        let text = format!("`{}` goes both ways already", cx.layer);
        let help = "leave out `reverse`, or `bidirectional`";
        return Err(Problem::new(text).at("reverse").help(help));
    }
    let hidden = cx.args.size("hidden_size");
    let rows = cx.compute(Op::Mul, &[Dim::Known(gates), hidden.clone()])?;
    let directions = if both { 2 } else { 1 };
    let width = cx.compute(Op::Mul, &[Dim::Known(directions), hidden.clone()])?;
    if let Some(lengths) = taken.last().copied().flatten() {
        multi_head_attention::one_length(cx, lengths)?;
    }
    let layers = layers(cx)?;
    if layers > 1 {
        let all = cx.compute(Op::Mul, &[Dim::Known(layers), width.clone()])?;
        check_states(cx, inputs, &taken, &all)?;
        return stacked(cx, def, layers, &width);
    }
    check_states(cx, inputs, &taken, &width)?;
    let state = Shape::floats(vec![width.clone()]);
    let shape = match cx.args.word("output") {
        "last" => vec![width],
        _ => vec![time, width],
    };
    let inferred = Inferred::shape(Shape::floats(shape));
    let mut inferred = parameters(cx, inferred, directions, [&rows, &features, &hidden]);
    if cx.outputs > 1 {
        for input in inputs.iter().skip(1).filter(|input| !input.index) {
            inferred = inferred.also(input.name, state.clone());
        }
    }
    inferred = inferred.attr("states", Attr::Flag(cx.outputs > 1));
    let last = Attr::Flag(cx.args.word("output") == "last");
    let inferred = inferred.attr("last", last).attr("bidirectional", Attr::Flag(both));
    Ok(inferred.attr("reverse", Attr::Flag(cx.args.flag("reverse"))))
}

/// Steps, and features of each.
fn sequence(cx: &Context<'_>) -> Result<[Dim; 2], Problem> {
    let input = cx.floats()?;
    let problem = || cx.takes("[time, features]", input);
    match input.shape.dims.as_slice() {
        [time, features] => Ok([time.clone(), features.clone()]),
        [features] => Err(problem().help(format!(
            "one feature for each step is `Reshape<[{features}, 1]>`, one step is \
             `Reshape<[1, {features}]>`",
            features = features.written()
        ))),
        [_, _, _] => Err(problem()
            .help("put `Reshape<[time, features]>` between them, perhaps behind `Permute`")),
        _ => Err(problem()),
    }
}

/// The parameters of each direction: weights of so many rows, then biases.
fn parameters(
    cx: &Context<'_>,
    mut inferred: Inferred,
    directions: usize,
    [rows, features, hidden]: [&Dim; 3],
) -> Inferred {
    let init = ParamInit::FanIn(vec![hidden.clone()]);
    for names in PARAMS.chunks(4).take(directions) {
        let weights = [vec![rows.clone(), features.clone()], vec![rows.clone(), hidden.clone()]];
        for (name, dims) in names.iter().zip(weights) {
            inferred = inferred.param(name, dims, init.clone());
        }
        for name in names.iter().skip(2).filter(|_| cx.args.flag("bias")) {
            inferred = inferred.param(name, vec![rows.clone()], init.clone());
        }
    }
    inferred
}

/// How many layers there are.
fn layers(cx: &Context<'_>) -> Result<usize, Problem> {
    let layers = transformer::layers(cx, "layers")?;
    if layers == 1 && cx.args.number("dropout") != Number::Known(0.0) {
        let text = format!("`dropout` of `{}` stands between layers, and there is one", cx.layer);
        let help = "write `layers = 2`, or put `Dropout` behind the layer";
        return Err(Problem::new(text).at("dropout").help(help));
    }
    Ok(layers)
}

/// Several layers: the states of all lie one behind the other.
fn stacked(
    cx: &mut Context<'_>,
    def: &'static LayerDef,
    layers: usize,
    width: &Dim,
) -> Result<Inferred, Problem> {
    const STATES: [&str; 2] = ["h", "c"];
    let kept = cx.args.only(&["hidden_size", "nonlinearity", "bidirectional", "reverse", "bias"]);
    let last = [kept.clone(), cx.args.only(&["output"])].concat();
    let given = (1..cx.inputs.len()).map(|i| cx.wire(i)).collect::<Result<Vec<_>, _>>()?;
    let (lengths, given): (Vec<_>, Vec<_>) = given.into_iter().partition(|wire| wire.shape().index);
    let mut x = cx.wire(0)?;
    let mut ends: Vec<Vec<Wire>> = Vec::new();
    for layer in 0..layers {
        let name = format!("l{layer}");
        let mut taken = vec![x];
        for (state, kind) in given.iter().zip(STATES) {
            let range = (layer, width);
            taken.push(part_of(cx, &joined(&name, &format!("{kind}_before")), state, range)?);
        }
        let args = if layer + 1 == layers { &last } else { &kept };
        let taken: Vec<&Wire> = taken.iter().chain(&lengths).collect();
        let mut given = cx.part_with_outputs((&name, cx.outputs), def, args, &taken)?;
        ends.push(given.split_off(1));
        x = given.remove(0);
        let rate = cx.args.number("dropout");
        if layer + 1 < layers && rate != Number::Known(0.0) {
            let p = [("p", Value::Number(rate))];
            x = cx.part(&joined(&name, "dropout"), &dropout::DEF, &p, &[&x])?;
        }
    }
    let mut states = Vec::new();
    for (number, kind) in STATES.into_iter().enumerate() {
        let all: Vec<&Wire> = ends.iter().filter_map(|ends| ends.get(number)).collect();
        if !all.is_empty() {
            states.push((kind, cx.part(kind, &concat::DEF, &[], &all)?));
        }
    }
    let states: Vec<_> = states.iter().map(|(kind, wire)| (*kind, wire)).collect();
    Ok(cx.made_of(&x, &states))
}

/// The part of one layer.
fn part_of(
    cx: &mut Context<'_>,
    name: &str,
    states: &Wire,
    (layer, width): (usize, &Dim),
) -> Result<Wire, Problem> {
    let at = |layer| cx.compute(Op::Mul, &[Dim::Known(layer), width.clone()]);
    let args = [("start", Value::Size(at(layer)?)), ("end", Value::Size(at(layer + 1)?))];
    cx.part(name, &slice::DEF, &args, &[states])
}

/// The state before the first step: all of it or none, as wide as that behind the last.
fn check_states(
    cx: &mut Context<'_>,
    inputs: &[Input],
    taken: &[Option<&Arrival>],
    width: &Dim,
) -> Result<(), Problem> {
    let states = || inputs.iter().zip(taken).skip(1).filter(|(input, _)| !input.index);
    let given = states().filter(|(_, state)| state.is_some()).count();
    if given > 0 && given < states().count() {
        let text = format!("`{}` takes {}, but `c` is missing", cx.layer, Input::list(inputs));
        return Err(Problem::new(text).help("a state has both, or begins with zeros: `x => …`"));
    }
    for (input, state) in states().filter_map(|(input, state)| Some((input, (*state)?))) {
        let text = format!(
            "`{}` takes [{width}] for `{}`, but {} {}",
            cx.layer, input.name, state.origin, state.shape
        );
        let problem = Problem::new(text).help("a state has the features that the layer gives");
        match state.shape.dims.as_slice() {
            [features] => cx.require(Cond::Equal(features.clone(), width.clone()), problem)?,
            _ => return Err(problem),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::lstm::DEF;
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{infer, infer_with, made, named, shape, size};

    const H: (&str, Value) = ("hidden_size", Value::Size(Dim::Known(8)));

    #[test]
    fn the_state_goes_along_time() {
        let both = ("bidirectional", Value::Flag(true));
        let last = ("output", Value::Word("last".into()));
        assert_eq!(shape(&DEF, &[H], &[7, 3]), Ok("[7, 8]".into()));
        assert_eq!(shape(&DEF, &[H, both.clone()], &[7, 3]), Ok("[7, 16]".into()));
        assert_eq!(shape(&DEF, &[H, both, last.clone()], &[7, 3]), Ok("[16]".into()));
        assert_eq!(shape(&DEF, &[H, last], &[7, 3]), Ok("[8]".into()));
        let input = Shape::floats(vec![named("TIME"), named("WIDTH")]);
        let (got, deferred) = infer_with(&DEF, &[("hidden_size", size(8))], &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[TIME, 8]".into(), 0));
    }

    #[test]
    fn a_state_comes_in_and_goes_out() {
        let known = |sizes: &[&[usize]]| sizes.iter().map(|s| Shape::known(s)).collect::<Vec<_>>();
        let text = |inputs: &[&[usize]]| {
            infer_with(&DEF, &[H], &known(inputs)).map(|_| ()).map_err(|problem| problem.text)
        };
        assert_eq!(text(&[&[7, 3], &[8], &[8]]), Ok(()));
        let takes = "`Lstm` takes [8] for `h`, but `Before` (line 1) gives ";
        assert_eq!(text(&[&[7, 3], &[7], &[8]]), Err(format!("{takes}[7]")));
        assert_eq!(text(&[&[7, 3], &[1, 8], &[8]]), Err(format!("{takes}[1, 8]")));
        let missing = "`Lstm` takes `x`, `h`, `c` and `lengths` (indices), but `c` is missing";
        assert_eq!(text(&[&[7, 3], &[8]]), Err(missing.into()));
    }

    #[test]
    fn several_layers_are_as_many_parts() {
        let two = ("layers", size(2));
        let both = ("bidirectional", Value::Flag(true));
        let (parts, shape) = made(&DEF, &[H, two.clone(), both], &Shape::known(&[7, 3])).unwrap();
        let params = |columns: usize| {
            let one = format!("[32, {columns}] [32, 8] [32] [32]");
            format!("{one} {one}")
        };
        assert_eq!(parts, [("l0".into(), params(3)), ("l1".into(), params(16))]);
        assert_eq!(shape, "[7, 16]");
        let rate = ("dropout", Value::Number(Number::Known(0.5)));
        let last = ("output", Value::Word("last".into()));
        let given = [H, two.clone(), rate.clone(), last];
        let (parts, shape) = made(&DEF, &given, &Shape::known(&[7, 3])).unwrap();
        let names: Vec<_> = parts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, shape.as_str()), (vec!["l0", "l0_dropout", "l1"], "[8]"));
        let inputs = [Shape::known(&[7, 3]), Shape::known(&[8]), Shape::known(&[8])];
        let text = infer_with(&DEF, &[H, two], &inputs).unwrap_err().text;
        assert_eq!(text, "`Lstm` takes [16] for `h`, but `Before` (line 1) gives [8]");
        let text = infer(&DEF, &[H, rate], &[7, 3]).unwrap_err().text;
        assert_eq!(text, "`dropout` of `Lstm` stands between layers, and there is one");
    }

    #[test]
    fn gates_lie_one_behind_the_other() {
        let got = infer(&DEF, &[H], &[7, 3]).unwrap();
        assert_eq!(got.params[0].dims, [Dim::Known(32), Dim::Known(3)]);
        assert_eq!(got.params[1].dims, [Dim::Known(32), Dim::Known(8)]);
        assert_eq!(got.params[3].init, ParamInit::FanIn(vec![Dim::Known(8)]));
        let without = [H, ("bias", Value::Flag(false)), ("bidirectional", Value::Flag(true))];
        let names: Vec<_> =
            infer(&DEF, &without, &[7, 3]).unwrap().params.iter().map(|p| p.name).collect();
        assert_eq!(names, [PARAMS[0], PARAMS[1], PARAMS[4], PARAMS[5]]);
    }

    #[test]
    fn other_ranks_are_told_what_to_write() {
        let problem = infer(&DEF, &[H], &[12]).unwrap_err();
        assert_eq!(problem.text, "`Lstm` takes [time, features], but `Before` (line 1) gives [12]");
        assert!(problem.help.unwrap().contains("`Reshape<[12, 1]>`"));
        assert!(infer(&DEF, &[H], &[3, 8, 8]).unwrap_err().help.unwrap().contains("Permute"));
        let ways = [H, ("bidirectional", Value::Flag(true)), ("reverse", Value::Flag(true))];
        assert_eq!(infer(&DEF, &ways, &[7, 3]).unwrap_err().text, "`Lstm` goes both ways already");
    }
}
