//! `TransformerEncoder`: layers in which each step of a sequence looks at all others.
//!
//! Each layer is x = norm1(x + self_attn(x)), then norm2(x + linear2(relu(linear1(x)))); with
//! `norm_first` the norms stand in front of attention and maps, x + self_attn(norm1(x)), and nothing
//! normalizes the last sum (put `LayerNorm` behind it). `eps` is that of the norms. As PyTorch's `nn.TransformerEncoder` without its
//! last norm, which is `encoder_norm: LayerNorm` behind it. PyTorch's `encoder.layers.0.linear1.weight` is
//! `encoder_0_linear1.weight` here; its files load as they are. Dropout is 0 unless it is written, as in
//! Keras; PyTorch's default is 0.1.
//!
//! Shapes: `[time, width]` → `[time, width]`. In the graph form `(x, lengths) => TransformerEncoder<…>`
//! with one index for each sample sees only so many steps.
//!
//! Source: Vaswani and others: Attention Is All You Need, 2017; with `norm_first` Xiong and others: On
//! Layer Normalization in the Transformer Architecture, 2020.

use super::multi_head_attention::ROTARY;
use super::norm;
use super::transformer::{
    ACTIVATION, Block, DIM_FEEDFORWARD, DROPOUT, NORM_FIRST, NUM_HEADS, NUM_LAYERS, layers,
};
use crate::args::{ArgDef, ArgKind, Default};
use crate::layer::{Arity, Context, Inferred, Input, LayerDef};
use crate::problem::Problem;

/// What may stand before `=>`.
const INPUTS: [Input; 2] = [Input::floats("x"), Input::indices("lengths")];

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "TransformerEncoder",
    doc: "Layers of attention and two linear maps, each with what came in added and normalized.",
    takes: "`[time, width]`; `(x, lengths)`",
    keras: "TransformerEncoder",
    pytorch: "nn.TransformerEncoder",
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
            Default::Flag(false),
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
    let [_, lengths] = cx.several(&INPUTS)?;
    let lengths = lengths.map(|_| cx.wire(1)).transpose()?;
    let mut x = cx.wire(0)?;
    for number in 0..layers(cx, "num_layers")? {
        let mut block = Block { cx, number };
        x = block.residual(1, &x, |block, x| {
            let inputs: Vec<_> = std::iter::once(x).chain(&lengths).collect();
            block.attention("self_attn", true, &inputs)
        })?;
        x = block.residual(2, &x, Block::feed_forward)?;
    }
    Ok(cx.made_of(&x, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Value;
    use crate::dim::Dim;
    use crate::layer::Attr;
    use crate::layers::testing::{expanded, made, named, size};
    use crate::problem::At;
    use crate::shape::Shape;

    fn args(layers: usize, heads: usize) -> Vec<(&'static str, Value)> {
        let sizes = [("num_layers", layers), ("num_heads", heads), ("dim_feedforward", 16)];
        sizes.map(|(name, n)| (name, size(n))).to_vec()
    }

    /// The names of the parts, of which the first is taken off.
    fn names(given: &[(&'static str, Value)], inputs: &[Shape]) -> Vec<String> {
        let parts = expanded(&DEF, given, inputs).unwrap().parts;
        parts.into_iter().map(|part| part.name).collect()
    }

    #[test]
    fn each_layer_has_its_parts() {
        let (parts, shape) = made(&DEF, &args(2, 4), &Shape::known(&[7, 12])).unwrap();
        let params = |name| {
            let found = parts.iter().find(|(part, _)| part == name);
            found.map_or("", |(_, params)| params.as_str())
        };
        assert_eq!((shape.as_str(), parts.len()), ("[7, 12]", 16));
        assert_eq!(params("1_self_attn"), "[36, 12] [12, 12] [36] [12]");
        assert_eq!(params("1_linear1"), "[16, 12] [16]");
        assert_eq!(params("1_linear2"), "[12, 16] [12]");
        assert_eq!(params("0_norm2"), "[12] [12]");
    }

    #[test]
    fn norms_and_dropout_stand_where_pytorch_has_them() {
        let (mut given, inputs) = (args(1, 4), [Shape::known(&[7, 12]), Shape::indices(vec![])]);
        let plain = "0_self_attn 0_add1 0_norm1 0_linear1 0_activation 0_linear2 0_add2 0_norm2";
        assert_eq!(names(&given, &inputs[..1]).join(" "), plain);
        given.push(("norm_first", Value::Flag(true)));
        let rate = Value::Number(crate::Number::Named("RATE".into()));
        given.extend([("dropout", rate), ("eps", Value::Number(crate::Number::Known(1e-12)))]);
        let first = "0_norm1 0_self_attn 0_dropout1 0_add1 0_norm2 0_linear1 0_activation \
                     0_dropout 0_linear2 0_dropout2 0_add2";
        assert_eq!(names(&given, &inputs).join(" "), first);
        let parts = expanded(&DEF, &given, &inputs).unwrap().parts;
        assert_eq!((&parts[1].inputs, &parts[3].inputs), (&vec![2, 1], &vec![4, 0]));
        let eps = ("eps", Attr::Number(crate::Number::Known(1e-12)));
        assert!([0, 4].iter().all(|&norm| parts[norm].inferred.attrs.contains(&eps)));
    }

    #[test]
    fn mistakes() {
        let wrong = |given: &[_], input: Shape| expanded(&DEF, given, &[input]).unwrap_err();
        let heads = wrong(&args(1, 5), Shape::known(&[7, 12]));
        assert_eq!(heads.text, "`TransformerEncoder` divides the width 12 among 5 heads");
        assert_eq!(heads.at, At::Arg("num_heads"));
        let flat = wrong(&args(1, 4), Shape::known(&[12]));
        assert!(flat.text.starts_with("`TransformerEncoder` takes [time, width]"), "{}", flat.text);
        let mut depth = args(1, 4);
        depth[0].1 = Value::Size(named("DEPTH"));
        assert_eq!(wrong(&depth, Shape::known(&[7, 12])).at, At::Arg("num_layers"));
        depth[0].1 = Value::Size(Dim::Known(usize::MAX));
        assert!(wrong(&depth, Shape::known(&[7, 12])).text.contains("at most 256 layers"));
    }
}
