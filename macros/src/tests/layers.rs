//! Layers that only tests know: what the catalogue's own do not show, or not alone.

use netwright_spec::layer::{Arity, Context, Inferred, Input, LayerDef, ParamInit};
use netwright_spec::layers::add;
use netwright_spec::{Problem, Shape};

/// The layer of this name.
pub(crate) fn find(name: &str) -> Option<&'static LayerDef> {
    [&RECURRENT, &TWICE].into_iter().find(|def| def.name == name)
}

const INPUTS: [Input; 3] = [Input::floats("x"), Input::indices("lengths"), Input::floats("h")];

/// Takes several values and gives several.
static RECURRENT: LayerDef = LayerDef {
    name: "Recurrent",
    doc: "A layer that takes several values.",
    takes: "any",
    keras: "",
    pytorch: "",
    arity: Arity::UpTo(&INPUTS),
    args: &[],
    params: &["weight"],
    infer: |cx: &mut Context<'_>| -> Result<Inferred, Problem> {
        let [x, _, h] = cx.several(&INPUTS)?;
        let rows = x.iter().chain(&h).flat_map(|arrival| arrival.shape.dims.clone());
        let rows: Vec<_> = rows.collect();
        let inferred = Inferred::shape(Shape::floats(rows.clone()));
        let inferred = inferred.param("weight", rows.clone(), ParamInit::Zeros);
        let last = rows.into_iter().last().into_iter().collect();
        Ok(match cx.outputs {
            1 => inferred,
            _ => inferred.also("h", Shape::floats(last)).also("c", Shape::known(&[])),
        })
    },
};

/// Made of two of them, with what came in added in the end.
static TWICE: LayerDef = LayerDef {
    name: "Twice",
    doc: "A layer that is made of others.",
    takes: "any",
    keras: "",
    pytorch: "",
    arity: Arity::One,
    args: &[],
    params: &[],
    infer: |cx: &mut Context<'_>| -> Result<Inferred, Problem> {
        let x = cx.wire(0)?;
        let first = cx.part_with_outputs(("first", 3), &RECURRENT, &[], &[&x])?;
        let [y, h, _] = first.as_slice() else { return Err(Problem::new("`Twice` is wrong")) };
        let second = cx.part("second", &RECURRENT, &[], &[y])?;
        let sum = cx.part("", &add::DEF, &[], &[&x, &second])?;
        Ok(cx.made_of(&sum, &[("h", h)]))
    },
};
