//! `Gru`: a state along time, and gates that keep or replace it.

use super::recurrent;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Gru",
    doc: "A state along time that gates keep or replace.",
    takes: "`[time, features]`, or `(x, h, lengths)`",
    keras: "GRU",
    pytorch: "nn.GRU",
    arity: Arity::UpTo(&recurrent::WITHOUT_MEMORY),
    args: recurrent::ARGS,
    params: recurrent::PARAMS,
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    recurrent::infer(cx, 3, &recurrent::WITHOUT_MEMORY, &DEF)
}
