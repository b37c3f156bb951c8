//! What the layers of a transformer share: attention and two linear maps, each added to what came in,
//! with a `LayerNorm`.

use super::{add, dropout, gelu, layer_norm, linear, multi_head_attention, relu};
use crate::args::{ArgDef, ArgKind, Default, Number, Value};
use crate::composite::Wire;
use crate::dim::Dim;
use crate::layer::{Context, LayerDef};
use crate::problem::Problem;

/// More become no faster and no better, but a slip of the keyboard takes long to compile.
const MOST_LAYERS: usize = 256;

pub(super) const NUM_LAYERS: ArgDef =
    ArgDef::position("num_layers", ArgKind::Size { min: 1 }, "layers, one behind the other");

pub(super) const NUM_HEADS: ArgDef =
    ArgDef::position("num_heads", ArgKind::Size { min: 1 }, "heads of each attention");

pub(super) const DIM_FEEDFORWARD: ArgDef =
    ArgDef::position("dim_feedforward", ArgKind::Size { min: 1 }, "features between both maps");

pub(super) const NORM_FIRST: ArgDef = ArgDef::option(
    "norm_first",
    ArgKind::Flag,
    Default::Flag(false),
    "whether what goes into attention and maps is normalized, instead of the sums behind them",
);

pub(super) const ACTIVATION: ArgDef = ArgDef::option(
    "activation",
    ArgKind::Word(&["relu", "gelu"]),
    Default::Word("relu"),
    "what stands between both maps",
);

pub(super) const DROPOUT: ArgDef = ArgDef::value(
    "dropout",
    ArgKind::PROBABILITY,
    Default::Number(0.0),
    "how likely a weight of an attention, or a number behind a map, is 0 in training",
);

/// How many layers there are to be: a number, since each becomes parts of the network.
pub(super) fn layers(cx: &Context<'_>, name: &'static str) -> Result<usize, Problem> {
    let layers = cx.args.size(name);
    let written = layers.written();
    match layers.known() {
        Some(number) if number <= MOST_LAYERS => Ok(number),
        Some(number) => {
            let text = format!("`{}` has at most {MOST_LAYERS} layers, not {number}", cx.layer);
            Err(Problem::new(text).at(name).help("several may stand behind each other"))
        }
        None => {
            let text = format!(
                "the layers of `{}` must be a number, because each has parameters of its own, but \
                 they are `{written}`",
                cx.layer
            );
            let help = "write the number itself, or `Repeat<DEPTH> { Block -> [time, width] }` with \
                        a network of one layer";
            Err(Problem::new(text).at(name).help(help))
        }
    }
}

/// One of the layers while it is put together. Parts have PyTorch's names.
pub(super) struct Block<'b, 'a> {
    pub(super) cx: &'b mut Context<'a>,
    pub(super) number: usize,
}

impl Block<'_, '_> {
    fn part(
        &mut self,
        name: &str,
        def: &'static LayerDef,
        args: &[(&'static str, Value)],
        inputs: &[&Wire],
    ) -> Result<Wire, Problem> {
        self.cx.part(&format!("{}_{name}", self.number), def, args, inputs)
    }

    /// What a branch makes of a value, added to it; the `number`th of this layer.
    pub(super) fn residual(
        &mut self,
        number: usize,
        x: &Wire,
        branch: impl FnOnce(&mut Self, &Wire) -> Result<Wire, Problem>,
    ) -> Result<Wire, Problem> {
        let first = self.cx.args.flag("norm_first");
        let from = if first { self.norm(number, x)? } else { x.clone() };
        let y = branch(self, &from)?;
        let y = self.dropped(&format!("dropout{number}"), y)?;
        let sum = self.part(&format!("add{number}"), &add::DEF, &[], &[&y, x])?;
        if first { Ok(sum) } else { self.norm(number, &sum) }
    }

    fn norm(&mut self, number: usize, x: &Wire) -> Result<Wire, Problem> {
        let eps = self.cx.args.only(&["eps"]);
        self.part(&format!("norm{number}"), &layer_norm::DEF, &eps, &[x])
    }

    fn dropped(&mut self, name: &str, x: Wire) -> Result<Wire, Problem> {
        match self.cx.args.number("dropout") {
            Number::Known(0.0) => Ok(x),
            p => self.part(name, &dropout::DEF, &[("p", Value::Number(p))], &[&x]),
        }
    }

    /// A `MultiHeadAttention` of these inputs.
    pub(super) fn attention(
        &mut self,
        name: &str,
        of_itself: bool,
        inputs: &[&Wire],
    ) -> Result<Wire, Problem> {
        let mut args = self.cx.args.only(&["num_heads", "dropout"]);
        if of_itself {
            args.extend(self.cx.args.only(&["causal", "rotary"]));
        }
        self.part(name, &multi_head_attention::DEF, &args, inputs)
    }

    /// Both linear maps.
    pub(super) fn feed_forward(&mut self, x: &Wire) -> Result<Wire, Problem> {
        let width = x.shape().dims.last().cloned().unwrap_or(Dim::Known(1));
        let inner = self.cx.args.size("dim_feedforward");
        let of = |features| [("out_features", Value::Size(features))];
        let y = self.part("linear1", &linear::DEF, &of(inner), &[x])?;
        let activation =
            if self.cx.args.word("activation") == "gelu" { &gelu::DEF } else { &relu::DEF };
        let y = self.part("activation", activation, &[], &[&y])?;
        let y = self.dropped("dropout", y)?;
        self.part("linear2", &linear::DEF, &of(width), &[&y])
    }
}
