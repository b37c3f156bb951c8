//! The list of all layers.

use crate::layer::LayerDef;
use crate::layers;

/// Every layer, in the order of the documentation's table.
pub const ALL: &[&LayerDef] = &[
    &layers::linear::DEF,
    &layers::conv2d::DEF,
    &layers::depthwise_conv2d::DEF,
    &layers::separable_conv2d::DEF,
    &layers::conv_transpose2d::DEF,
    &layers::conv1d::DEF,
    &layers::conv_transpose1d::DEF,
    &layers::conv3d::DEF,
    &layers::max_pool2d::DEF,
    &layers::avg_pool2d::DEF,
    &layers::max_pool1d::DEF,
    &layers::avg_pool1d::DEF,
    &layers::max_pool3d::DEF,
    &layers::avg_pool3d::DEF,
    &layers::global_avg_pool2d::DEF,
    &layers::global_max_pool2d::DEF,
    &layers::global_avg_pool1d::DEF,
    &layers::global_max_pool1d::DEF,
    &layers::adaptive_avg_pool2d::DEF,
    &layers::upsample2d::DEF,
    &layers::pixel_shuffle::DEF,
    &layers::zero_pad2d::DEF,
    &layers::crop2d::DEF,
    &layers::flatten::DEF,
    &layers::reshape::DEF,
    &layers::permute::DEF,
    &layers::transpose::DEF,
    &layers::squeeze::DEF,
    &layers::unsqueeze::DEF,
    &layers::slice::DEF,
    &layers::select::DEF,
    &layers::repeat_vector::DEF,
    &layers::embedding::DEF,
    &layers::embedding_bag::DEF,
    &layers::positional_encoding::DEF,
    &layers::rnn::DEF,
    &layers::lstm::DEF,
    &layers::gru::DEF,
    &layers::multi_head_attention::DEF,
    &layers::transformer_encoder::DEF,
    &layers::transformer_decoder::DEF,
    &layers::batch_norm1d::DEF,
    &layers::batch_norm2d::DEF,
    &layers::layer_norm::DEF,
    &layers::group_norm::DEF,
    &layers::instance_norm2d::DEF,
    &layers::rms_norm::DEF,
    &layers::dropout::DEF,
    &layers::spatial_dropout2d::DEF,
    &layers::alpha_dropout::DEF,
    &layers::gaussian_noise::DEF,
    &layers::relu::DEF,
    &layers::leaky_relu::DEF,
    &layers::elu::DEF,
    &layers::gelu::DEF,
    &layers::silu::DEF,
    &layers::sigmoid::DEF,
    &layers::tanh::DEF,
    &layers::softplus::DEF,
    &layers::relu6::DEF,
    &layers::celu::DEF,
    &layers::selu::DEF,
    &layers::mish::DEF,
    &layers::hard_swish::DEF,
    &layers::hard_sigmoid::DEF,
    &layers::log_sigmoid::DEF,
    &layers::softsign::DEF,
    &layers::p_relu::DEF,
    &layers::glu::DEF,
    &layers::swiglu::DEF,
    &layers::map::DEF,
    &layers::sum::DEF,
    &layers::mean::DEF,
    &layers::max::DEF,
    &layers::softmax::DEF,
    &layers::log_softmax::DEF,
    &layers::add::DEF,
    &layers::sub::DEF,
    &layers::mul::DEF,
    &layers::mat_mul::DEF,
    &layers::concat::DEF,
];

/// The layers that are made of others: the runtime has their parts.
pub const COMPOSITES: &[&str] = &[
    "AvgPool1d",
    "AvgPool3d",
    "Conv1d",
    "Conv3d",
    "ConvTranspose1d",
    "DepthwiseConv2d",
    "GlobalAvgPool1d",
    "GlobalMaxPool1d",
    "GlobalMaxPool2d",
    "MaxPool1d",
    "MaxPool3d",
    "SeparableConv2d",
    "TransformerDecoder",
    "TransformerEncoder",
];

/// The layer of this name. One that joins several values ([`Arity::Many`](crate::layer::Arity::Many)) is found too, although
/// only blocks and operators insert it.
pub fn find(name: &str) -> Option<&'static LayerDef> {
    ALL.iter().find(|def| def.name == name).copied()
}

/// The names that a user can write as a layer: what "did you mean" chooses from.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().filter(|def| def.arity.is_layer()).map(|def| def.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;
    use crate::args::{ArgKind, Place, Value};
    use crate::composite::Expansion;
    use crate::layer::Arity;
    use crate::layers::testing::{expanded, size};
    use crate::shape::Shape;

    /// What a layer becomes for the first shape it takes, with its defaults or with all flags set.
    fn with_defaults(def: &'static LayerDef, flags: bool) -> Option<Expansion> {
        let flags = def.args.iter().filter(|arg| flags && arg.kind == ArgKind::Flag);
        let flags = flags.map(|arg| (arg.name, Value::Flag(true)));
        let given: Vec<_> = def
            .args
            .iter()
            .filter(|arg| arg.default.is_none())
            .map(|arg| match arg.kind {
                ArgKind::Shape { min } => {
                    let dims = if min == 0 { vec![Some(0.into())] } else { vec![None] };
                    (arg.name, Value::Shape(dims))
                }
                ArgKind::Function => (arg.name, Value::Function("|x| x".into())),
                // Axes are counted from 0, and so are elements.
                ArgKind::Size { min: 0 } => (arg.name, size(0)),
                ArgKind::Number { .. } => (arg.name, Value::Number(Number::Known(0.5))),
                _ => (arg.name, size(2)),
            })
            .chain(flags)
            .collect();
        let known = [&[4, 8, 8][..], &[8], &[1], &[4, 4], &[4, 8, 8, 8]].map(Shape::known);
        let indices = [vec![], vec![4.into()]].map(Shape::indices);
        let shapes = known.into_iter().chain(indices);
        let ones = shapes.map(|shape| vec![shape]);
        let two = vec![Shape::known(&[4, 4]); 2];
        ones.chain([two]).find_map(|inputs| expanded(def, &given, &inputs).ok())
    }

    #[test]
    fn what_must_be_written_has_no_default() {
        for def in ALL {
            let places: Vec<Place> = def.args.iter().map(|arg| arg.place).collect();
            let first = places.iter().take_while(|place| **place == Place::Position).count();
            assert!(places.iter().skip(first).all(|place| *place != Place::Position));
            for arg in def.args {
                let what = format!("{} of {}", arg.name, def.name);
                match arg.place {
                    Place::Position => assert!(arg.default.is_none(), "{what}"),
                    Place::Option => assert!(arg.default.is_some(), "{what}"),
                    // Values come in one row: one that must be written does not follow another.
                    Place::Value => {
                        let first = def.args.iter().find(|arg| arg.place == Place::Value);
                        let is_first = first.is_some_and(|first| first.name == arg.name);
                        assert!(arg.default.is_some() || is_first, "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn everything_is_documented_and_no_name_repeats() {
        let mut layers = Vec::new();
        for def in ALL {
            assert!(!layers.contains(&def.name), "{} is there twice", def.name);
            layers.push(def.name);
            assert!(def.doc.ends_with('.'), "{}", def.name);
            assert!(!def.takes.is_empty() && !def.pytorch.is_empty(), "{}", def.name);
            let mut args = Vec::new();
            for arg in def.args {
                assert!(!args.contains(&arg.name), "{} of {} twice", arg.name, def.name);
                args.push(arg.name);
                assert!(!arg.doc.is_empty(), "{} of {}", arg.name, def.name);
            }
        }
    }

    #[test]
    fn composites_are_what_becomes_other_layers() {
        for def in ALL {
            let got =
                with_defaults(def, false).unwrap_or_else(|| panic!("{} takes nothing", def.name));
            let others = got.parts.iter().all(|part| part.def.name != def.name);
            assert_eq!(COMPOSITES.contains(&def.name), others, "{}", def.name);
        }
    }

    #[test]
    fn parameters_are_declared_in_order() {
        for def in ALL {
            let got = with_defaults(def, false);
            let got = got.unwrap_or_else(|| panic!("{} takes nothing", def.name));
            // Options may add some at the end.
            let all = [Some(got), with_defaults(def, true)].into_iter().flatten();
            let names = all.map(|got| {
                let itself = got.parts.iter().filter(|part| part.def.name == def.name);
                let params = itself.flat_map(|part| &part.inferred.params);
                params.map(|param| param.name).collect::<Vec<_>>()
            });
            let names: Vec<_> = names.collect();
            assert!(names.iter().all(|some| *some == def.params[..some.len()]), "{}", def.name);
            let none = names.iter().all(Vec::is_empty);
            assert_eq!(none, def.params.is_empty(), "{}", def.name);
        }
    }

    #[test]
    fn joining_layers_are_found_but_not_offered() {
        assert!(find("Add").is_some_and(|def| def.arity == Arity::Many));
        assert!(names().all(|name| !["Add", "Sub", "Mul", "MatMul", "Concat"].contains(&name)));
        assert_eq!(crate::problem::did_you_mean("Maxpool2D", names()), Some("MaxPool2d"));
    }
}
