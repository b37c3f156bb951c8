//! How messages about arguments call what a layer declares and what was written.

use crate::ast::{ArgValue, SizeKind};
use netwright_spec::args::Place;
use netwright_spec::{ArgDef, ArgKind, LayerDef};
use quote::ToTokens;

/// `1 size`, `2 sizes`
pub(super) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// `Linear<out_features, bias = false>`
pub(super) fn with_option(def: &LayerDef, name: &str, value: &str) -> String {
    let option = format!("{name} = {}", value.replace('`', ""));
    match usage(def).strip_suffix('>') {
        Some(sizes) => format!("{sizes}, {option}>"),
        None => format!("{}<{option}>", def.name),
    }
}

/// What was written, for a message.
pub(super) fn shown(value: &ArgValue) -> String {
    match value {
        ArgValue::Size(size) => match &size.kind {
            SizeKind::Literal(n) => format!("`{n}`"),
            SizeKind::Path(tokens, _) => format!("`{}`", tokens.to_string().replace(' ', "")),
            SizeKind::Block(tokens) => format!("`{{ {tokens} }}`"),
            SizeKind::Infer => "`_`".to_string(),
            SizeKind::Error => "this".to_string(),
        },
        ArgValue::Pair(..) => "two sizes".to_string(),
        ArgValue::Triple(_) => "three sizes".to_string(),
        ArgValue::Shape(_) => "a shape".to_string(),
        ArgValue::Expr(expr) => format!("`{}`", expr.to_token_stream()),
        ArgValue::Error => "this".to_string(),
    }
}

/// What a layer takes.
pub(super) fn options_text(def: &LayerDef) -> String {
    let names: Vec<_> = def.args.iter().map(|arg| format!("`{}`", arg.name)).collect();
    match names.is_empty() {
        true => format!("`{}` takes no arguments", def.name),
        false => format!("it has {}", names.join(", ")),
    }
}

/// `Conv2d<out_channels, kernel_size>`
pub(super) fn usage(def: &LayerDef) -> String {
    let required = |place: Place| {
        let args = def.args.iter().filter(|arg| arg.place == place && arg.default.is_none());
        args.map(|arg| arg.name).collect::<Vec<_>>().join(", ")
    };
    let (sizes, values) = (required(Place::Position), required(Place::Value));
    let sizes = if sizes.is_empty() { sizes } else { format!("<{sizes}>") };
    let values = if values.is_empty() { values } else { format!("({values})") };
    format!("{}{sizes}{values}", def.name)
}

/// The numbers that an argument may be.
pub(super) fn range_text(def: &ArgDef) -> String {
    let ArgKind::Number { min, max, exclusive_min, exclusive_max } = def.kind else {
        return String::new();
    };
    match (min > f64::MIN, max < f64::MAX) {
        (true, true) => {
            let below = if exclusive_max { "below" } else { "at most" };
            let from = if exclusive_min { "above" } else { "at least" };
            format!("{from} {min} and {below} {max}")
        }
        (true, false) => format!("{} {min}", if exclusive_min { "above" } else { "at least" }),
        _ => "a finite number".to_string(),
    }
}
