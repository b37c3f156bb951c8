//! Layers that only tests know: what the catalogue's own do not show, or not alone.

use netwright_spec::layer::{Arity, Context, Inferred, Input, LayerDef};
use netwright_spec::{Problem, Shape};

/// The layer of this name.
pub(crate) fn find(name: &str) -> Option<&'static LayerDef> {
    [&RECURRENT].into_iter().find(|def| def.name == name)
}

const INPUTS: [Input; 3] = [Input::floats("x"), Input::indices("lengths"), Input::floats("h")];

/// Takes several values.
static RECURRENT: LayerDef = LayerDef {
    name: "Recurrent",
    doc: "A layer that takes several values.",
    takes: "any",
    keras: "",
    pytorch: "",
    arity: Arity::UpTo(&INPUTS),
    args: &[],
    params: &[],
    infer: |cx: &mut Context<'_>| -> Result<Inferred, Problem> {
        let [x, _, h] = cx.several(&INPUTS)?;
        let rows = x.iter().chain(&h).flat_map(|arrival| arrival.shape.dims.clone());
        Ok(Inferred::shape(Shape::floats(rows.collect())))
    },
};
