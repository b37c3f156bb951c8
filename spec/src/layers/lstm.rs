//! `Lstm`: a state along time with a memory, and gates that open and close it.

use super::recurrent;
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Lstm",
    doc: "A state along time with a memory that gates open and close.",
    takes: "`[time, features]`, or `(x, h, c, lengths)`",
    keras: "LSTM",
    pytorch: "nn.LSTM",
    arity: Arity::UpTo(&recurrent::INPUTS),
    args: recurrent::ARGS,
    params: recurrent::PARAMS,
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    recurrent::infer(cx, 4, &recurrent::INPUTS, &DEF)
}
