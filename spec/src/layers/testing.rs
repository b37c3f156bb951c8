//! What the unit tests of shape rules share.

use crate::args::{Args, Value};
use crate::composite::{self, Expansion};
use crate::dim::Dim;
use crate::layer::{Context, Deferred, Inferred, LayerDef};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// Infers with the layer's defaults, overridden by `given`.
pub(crate) fn infer_with(
    def: &'static LayerDef,
    given: &[(&'static str, Value)],
    inputs: &[Shape],
) -> Result<(Inferred, Vec<Deferred>), Problem> {
    for (name, _) in given {
        assert!(def.args.iter().any(|arg| arg.name == *name), "{} has no `{name}`", def.name);
    }
    let args = Args::of(def.args, given);
    let arrivals = arrivals(inputs);
    let mut context = Context::new(def.name, &args, &arrivals);
    (def.infer)(&mut context).map(|inferred| (inferred, context.deferred))
}

/// What a layer becomes.
pub(crate) fn expanded(
    def: &'static LayerDef,
    given: &[(&'static str, Value)],
    inputs: &[Shape],
) -> Result<Expansion, Problem> {
    let (args, arrivals) = (Args::of(def.args, given), arrivals(inputs));
    composite::expand(def, &mut Context::new(def.name, &args, &arrivals))
}

fn arrivals(inputs: &[Shape]) -> Vec<Arrival> {
    let arrival =
        |shape: &Shape| Arrival { shape: shape.clone(), origin: "`Before` (line 1) gives".into() };
    inputs.iter().map(arrival).collect()
}

/// What a layer becomes: the name and the parameters' shapes of each part, and the output's shape;
/// or the message.
pub(crate) fn made(
    def: &'static LayerDef,
    given: &[(&'static str, Value)],
    input: &Shape,
) -> Result<(Vec<(String, String)>, String), String> {
    let made = expanded(def, given, std::slice::from_ref(input)).map_err(|problem| problem.text)?;
    let shape = |dims: &Vec<Dim>| Shape::floats(dims.clone()).to_string();
    let parts = made.parts.iter().map(|part| {
        let params: Vec<_> = part.inferred.params.iter().map(|param| shape(&param.dims)).collect();
        (part.name.clone(), params.join(" "))
    });
    let (parts, last) = (parts.collect(), made.outputs[0].1.checked_sub(1));
    let output = last.map_or(input, |last| &made.parts[last].inferred.shape);
    Ok((parts, output.to_string()))
}

/// Infers a joining layer for two inputs, as the block `layer` does.
pub(crate) fn join(
    def: &LayerDef,
    layer: &str,
    branch: &[usize],
    other: &[usize],
) -> Result<Inferred, Problem> {
    let arrival =
        |sizes, origin: &str| Arrival { shape: Shape::known(sizes), origin: origin.into() };
    let inputs = [
        arrival(branch, "`Conv2d` (line 8) gives"),
        arrival(other, "`MaxPool2d` before it (line 5) gives"),
    ];
    (def.infer)(&mut Context::new(layer, &Args::new(), &inputs))
}

/// Infers for one input of known sizes.
pub(crate) fn infer(
    def: &'static LayerDef,
    given: &[(&'static str, Value)],
    input: &[usize],
) -> Result<Inferred, Problem> {
    infer_with(def, given, &[Shape::known(input)]).map(|(inferred, _)| inferred)
}

/// The output's sizes, or the message.
pub(crate) fn shape(
    def: &'static LayerDef,
    given: &[(&'static str, Value)],
    input: &[usize],
) -> Result<String, String> {
    infer(def, given, input).map(|i| i.shape.to_string()).map_err(|p| p.text)
}

/// A size argument.
pub(crate) fn size(n: usize) -> Value {
    Value::Size(Dim::Known(n))
}

/// A pair argument.
pub(crate) fn pair(h: usize, w: usize) -> Value {
    Value::Pair(Dim::Known(h), Dim::Known(w))
}

/// A named constant.
pub(crate) fn named(text: &str) -> Dim {
    Dim::Named(text.into())
}

/// A const generic.
pub(crate) fn generic(name: &str) -> Dim {
    Dim::Generic(name.into())
}
