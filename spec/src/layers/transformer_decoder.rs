//! `TransformerDecoder`: layers in which each step looks at those before it, and at all of a memory.
//!
//! Each layer is x = norm1(x + self_attn(x)), norm2(x + multihead_attn(x, memory)), then
//! norm3(x + linear2(relu(linear1(x)))); with `norm_first` the norms stand in front, as in
//! `TransformerEncoder`, and `eps` is that of the norms. PyTorch's `nn.TransformerDecoder` without its
//! last norm, which is `decoder_norm: LayerNorm` behind it; its files load as they are. A step sees only
//! itself and those before it unless `causal = false` is written, as in Keras; PyTorch wants a mask for
//! that.
//!
//! Shapes: `(x, memory)` of `[time, width]` and `[other time, width]` → `[time, width]`. A last value of
//! one index for each sample, `(x, memory, lengths)`, says how many steps the memory has.
//!
//! Source: Vaswani and others: Attention Is All You Need, 2017.

use super::multi_head_attention::ROTARY;
use super::norm;
use super::transformer::{
    ACTIVATION, Block, DIM_FEEDFORWARD, DROPOUT, NORM_FIRST, NUM_HEADS, NUM_LAYERS, layers,
};
use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Context, Inferred, Input, LayerDef};
use crate::problem::Problem;

/// What may stand before `=>`.
const INPUTS: [Input; 3] = [Input::floats("x"), Input::floats("memory"), Input::indices("lengths")];

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "TransformerDecoder",
    doc: "As `TransformerEncoder`, with attention to a memory in each layer.",
    takes: "`(x, memory)`, `(x, memory, lengths)`",
    keras: "TransformerDecoder",
    pytorch: "nn.TransformerDecoder",
    arity: Arity::UpTo(&INPUTS),
    args: &[
        NUM_LAYERS,
        NUM_HEADS,
        DIM_FEEDFORWARD,
        NORM_FIRST,
        ACTIVATION,
        ArgDef::option(
            "causal",
            ArgKind::Flag,
            Default::Flag(true),
            "whether a step sees only itself and those before it",
        ),
        ROTARY,
        DROPOUT,
        norm::EPS,
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [x, memory, lengths] = cx.several(&INPUTS)?;
    if let (Some(x), None) = (x, memory) {
        let text = format!("`{}` takes a memory too, but {} {} only", cx.layer, x.origin, x.shape);
        let help = format!("write `(x, memory) => {}<…>`", cx.layer);
        return Err(Problem::new(text).help(help));
    }
    let memory = cx.wire(1)?;
    let lengths = lengths.map(|_| cx.wire(2)).transpose()?;
    let mut x = cx.wire(0)?;
    for number in 0..layers(cx, "num_layers")? {
        let mut block = Block { cx, number };
        x = block.residual(1, &x, |block, x| block.attention("self_attn", true, &[x]))?;
        x = block.residual(2, &x, |block, x| {
            let inputs: Vec<_> = [x, &memory].into_iter().chain(&lengths).collect();
            block.attention("multihead_attn", false, &inputs)
        })?;
        x = block.residual(3, &x, Block::feed_forward)?;
    }
    Ok(cx.made_of(&x, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::layers::testing::{expanded, size};
    use crate::shape::Shape;

    fn args() -> Vec<(&'static str, Value)> {
        let sizes = [("num_layers", 2), ("num_heads", 3), ("dim_feedforward", 16)];
        sizes.map(|(name, n)| (name, size(n))).to_vec()
    }

    #[test]
    fn each_layer_looks_at_the_memory() {
        let inputs = [Shape::known(&[5, 12]), Shape::known(&[7, 12]), Shape::indices(vec![])];
        let parts = expanded(&DEF, &args(), &inputs).unwrap().parts;
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(
            names[..11].join(" "),
            "0_self_attn 0_add1 0_norm1 0_multihead_attn 0_add2 0_norm2 0_linear1 0_activation \
             0_linear2 0_add3 0_norm3"
        );
        for first in [0, 11] {
            assert_eq!(parts[first].inputs.len(), 1);
            assert_eq!(parts[first + 3].inputs, [3 + first + 2, 1, 2]);
        }
        assert!(
            parts
                .iter()
                .all(|part| [5, 7].map(Some).contains(&part.inferred.shape.dims[0].known()))
        );
    }

    #[test]
    fn mistakes() {
        let wrong = |inputs: &[Shape]| expanded(&DEF, &args(), inputs).unwrap_err().text;
        let x = Shape::known(&[5, 12]);
        assert_eq!(
            wrong(std::slice::from_ref(&x)),
            "`TransformerDecoder` takes a memory too, but `Before` (line 1) gives [5, 12] only"
        );
        let narrow = wrong(&[x.clone(), Shape::known(&[7, 8])]);
        assert!(narrow.contains("looks from vectors of 12 at vectors of 8"), "{narrow}");
        let flat = wrong(&[x, Shape::known(&[12])]);
        assert!(flat.starts_with("`TransformerDecoder` takes [time, width]"), "{flat}");
    }
}
