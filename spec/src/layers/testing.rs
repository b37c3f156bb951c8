//! What the unit tests of shape rules share.

use crate::args::{Args, Value};
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
    let arrivals: Vec<Arrival> = inputs
        .iter()
        .map(|shape| Arrival { shape: shape.clone(), origin: "`Before` (line 1) gives".into() })
        .collect();
    let mut context = Context::new(def.name, &args, &arrivals);
    (def.infer)(&mut context).map(|inferred| (inferred, context.deferred))
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
