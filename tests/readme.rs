//! README's table of layers is the catalogue's.

#![allow(clippy::unwrap_used)]

use netwright_core::spec::args::{Default, Place};
use netwright_core::spec::layer::Arity;
use netwright_core::spec::{ArgDef, ArgKind, LayerDef, catalogue};
use std::fmt::Write;

const BEGIN: &str =
    "<!-- The catalogue's table: `UPDATE_EXPECT=1 cargo test --test readme` writes it. -->\n";
const END: &str = "<!-- The table's end. -->";

#[test]
fn the_table_of_layers_is_the_catalogues() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (found, behind) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{table}{END}{behind}")).unwrap();
        return;
    }
    assert_eq!(found, table, "UPDATE_EXPECT=1 cargo test --test readme");
}

/// Every loss and optimizer stands in its table, and nothing else does.
#[test]
fn the_tables_of_losses_and_optimizers_are_whole() {
    let readme = include_str!("../README.md");
    for (head, folder, made_by) in [
        ("| loss | settings", "loss", "criterion!("),
        ("| optimizer | settings", "optim", "rule!("),
    ] {
        let rows = readme.lines().skip_while(|line| !line.starts_with(head)).skip(2);
        let rows = rows.take_while(|line| line.starts_with("| `"));
        let mut found: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        let mut wanted = Vec::new();
        let path = format!("{}/core/src/train/{folder}", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(path).unwrap() {
            let path = file.unwrap().path();
            let text =
                if path.is_file() { std::fs::read_to_string(path).unwrap() } else { continue };
            let made = text.lines().filter_map(|line| line.strip_prefix(made_by));
            wanted.extend(made.filter_map(|rest| rest.split(',').next().map(str::to_owned)));
        }
        // `CrossEntropy` with settings.
        wanted.retain(|name| name != "CrossEntropyWith");
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted);
    }
}

fn table() -> String {
    let mut table = String::from(
        "| layer | takes | options (default) | Keras | PyTorch |\n| --- | --- | --- | --- | --- |\n",
    );
    for def in catalogue::ALL {
        let [keras, pytorch] = [def.keras, def.pytorch].map(code);
        let (layer, options) = (usage(def), options(def));
        let takes = if def.arity == Arity::Many { "values" } else { def.takes };
        writeln!(table, "| {layer} | {takes} | {options} | {keras} | {pytorch} |").unwrap();
    }
    table.replace("|x| x * x.sigmoid()", "\\|x\\| x * x.sigmoid()")
}

fn code(text: &str) -> String {
    if text.is_empty() { "—".into() } else { format!("`{text}`") }
}

/// The layer with what must be written.
fn usage(def: &LayerDef) -> String {
    if def.arity == Arity::Many {
        return def.takes.into();
    }
    let positions = def.args.iter().filter(|arg| arg.place == Place::Position);
    let positions: Vec<&str> = positions.map(position).collect();
    let sizes = match positions.is_empty() {
        true => String::new(),
        false => format!("<{}>", positions.join(", ")),
    };
    let values = def.args.iter().filter(|arg| arg.place == Place::Value && arg.default.is_none());
    let values: Vec<&str> = values.map(value).collect();
    let values = match values.is_empty() {
        true => String::new(),
        false => format!("({})", values.join(", ")),
    };
    format!("`{}{sizes}{values}`", def.name)
}

fn value(arg: &ArgDef) -> &'static str {
    if arg.kind == ArgKind::Function { "|x| x * x.sigmoid()" } else { arg.name }
}

fn position(arg: &ArgDef) -> &'static str {
    match arg.kind {
        ArgKind::Shape { min: 0 } => "[1, 0]",
        ArgKind::Shape { .. } => "[3, 4, _]",
        _ => arg.name,
    }
}

/// What may be written, with what counts where it is not.
fn options(def: &LayerDef) -> String {
    let options = def.args.iter().filter(|arg| arg.place == Place::Option);
    let mut parts: Vec<String> = options.map(option).collect();
    // Operators write their numbers themselves.
    let one = def.arity.is_layer();
    let value = |arg: &&ArgDef| arg.place == Place::Value && arg.default.is_some() && one;
    let values = def.args.iter().filter(value);
    let values: Vec<String> =
        values.map(|arg| format!("{} = {}", arg.name, default(arg))).collect();
    if !values.is_empty() {
        parts.push(format!("`({})`", values.join(", ")));
    }
    parts.join(", ")
}

fn option(arg: &ArgDef) -> String {
    let others = match arg.kind {
        ArgKind::Pair { same: true, .. } | ArgKind::Triple { same: true, .. } => {
            ", or `same`".to_string()
        }
        ArgKind::SizeOr { words, .. } => {
            words.iter().map(|word| format!(", or `{word}`")).collect()
        }
        ArgKind::Word(words) => words[1..].iter().map(|word| format!(", or `{word}`")).collect(),
        _ => String::new(),
    };
    format!("`{}` ({}{others})", arg.name, default(arg))
}

/// Of an argument that the layer's rule decides on, what its documentation says.
fn default(arg: &ArgDef) -> String {
    match arg.default {
        Some(Default::Size(n)) => n.to_string(),
        Some(Default::Flag(flag)) => flag.to_string(),
        Some(Default::Word(word)) => word.into(),
        Some(Default::Number(x)) if x > 0.0 && x < 1e-3 => format!("{x:e}"),
        Some(Default::Number(x)) => format!("{x:?}"),
        Some(Default::Absent) | None => {
            let text = arg.doc.split_once("; ").map_or(arg.doc, |(_, text)| text);
            text.trim_end_matches(" where it is left out").into()
        }
    }
}
