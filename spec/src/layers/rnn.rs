//! `Rnn`: a state along time, made anew from itself and the input.

use super::recurrent;
use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Attr, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Rnn",
    doc: "A state along time, made anew in each step from itself and the input.",
    takes: "`[time, features]`, or `(x, h, lengths)`",
    keras: "SimpleRNN",
    pytorch: "nn.RNN",
    arity: Arity::UpTo(&recurrent::WITHOUT_MEMORY),
    args: &[
        recurrent::HIDDEN,
        ArgDef::option(
            "nonlinearity",
            ArgKind::Word(&["tanh", "relu"]),
            Default::Word("tanh"),
            "what the new state goes through",
        ),
        recurrent::LAYERS,
        recurrent::OUTPUT,
        recurrent::BIDIRECTIONAL,
        recurrent::REVERSE,
        recurrent::BIAS,
        recurrent::DROPOUT,
    ],
    params: recurrent::PARAMS,
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let word = Attr::Word(cx.args.word("nonlinearity").into());
    Ok(recurrent::infer(cx, 1, &recurrent::WITHOUT_MEMORY, &DEF)?.attr("nonlinearity", word))
}
