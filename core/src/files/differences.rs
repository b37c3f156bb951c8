//! How a file differs from the network that is to be loaded from it.

use super::header::{Header, TensorInfo};
use super::names::Names;
use super::widen::is_exact;
use netwright_spec::graph::{Graph, Param};

/// All differences, one line for each tensor: the network's in its order, then the file's in its.
/// `names` are what the file calls the network's.
pub(super) fn of(header: &Header, graph: &Graph, names: &Names, float: &str) -> Option<String> {
    let ours = graph.params.iter().zip(&names.params);
    let mut lines: Vec<_> = ours
        .filter_map(|(param, name)| expected(param, (name, header.info(name)), float))
        .collect();
    lines.extend(names.copies.iter().filter_map(|(number, name)| {
        expected(graph.params.get(*number)?, (name, header.info(name)), float)
    }));
    let found = header.tensors().iter();
    lines.extend(found.filter_map(|(name, info)| unexpected(name, info, names)));
    if lines.is_empty() {
        return None;
    }
    let count = match lines.len() {
        1 => "1 difference".to_string(),
        n => format!("{n} differences"),
    };
    let mut text = format!("does not fit `{}` ({count}{}):", graph.name, network(header, graph));
    for line in lines {
        text = text + "\n  " + &line;
    }
    if is_wider(header, names, float) {
        text += "\n  help: numbers are not rounded on the way; load the file into an `f64` network, \
                 then convert that one with `to_dtype`";
    }
    Some(text)
}

/// What is said of a weight that the file has twice, with other numbers.
pub(super) fn of_copies(graph: &Graph, first: &str, copy: &str) -> String {
    format!(
        "does not fit `{}`: {} and {} are one weight in the network, but differ in the file",
        graph.name,
        first.escape_debug(),
        copy.escape_debug()
    )
}

/// The line of a tensor that the network has, with the file's name where that is another.
fn expected(
    param: &Param,
    (name, found): (&str, Option<&TensorInfo>),
    float: &str,
) -> Option<String> {
    let (own, shape) = (param.name, param.shape);
    let Some(found) = found else { return Some(format!("missing: {own} {shape:?}")) };
    let label = match name == own {
        true => own.to_string(),
        false => format!("{own} ({})", name.escape_debug()),
    };
    match (is_exact(&found.dtype, float), found.shape == shape) {
        (true, true) => None,
        (true, false) => {
            Some(format!("shape: {label} expected {shape:?}, found {:?}", found.shape))
        }
        (false, true) => Some(format!("type: {label} expected {float}, found {}", found.dtype)),
        (false, false) => Some(format!(
            "type and shape: {label} expected {float} {shape:?}, found {} {:?}",
            found.dtype, found.shape
        )),
    }
}

/// The line of a tensor that the network does not have.
fn unexpected(name: &str, info: &TensorInfo, names: &Names) -> Option<String> {
    let copies = names.copies.iter().map(|(_, copy)| copy);
    let known = names.params.iter().chain(copies).any(|known| known == name);
    let passed_over = known || is_counter(name, info, names);
    (!passed_over).then(|| format!("unexpected: {} {:?}", name.escape_debug(), info.shape))
}

/// PyTorch's batch normalization counts its batches in a tensor that nothing computes with.
fn is_counter(name: &str, info: &TensorInfo, names: &Names) -> bool {
    let Some(layer) = name.strip_suffix(".num_batches_tracked") else { return false };
    let counts = info.dtype == "I64" && info.shape.is_empty();
    counts && names.params.iter().any(|name| name.strip_suffix(".running_mean") == Some(layer))
}

/// Whether the network exists in a wider type that the file has.
fn is_wider(header: &Header, names: &Names, float: &str) -> bool {
    let mut found = names.params.iter().filter_map(|name| header.info(name));
    found.any(|info| info.dtype == "F64" && float != "F64")
}

/// What the file says it is, if that is another network.
fn network(header: &Header, graph: &Graph) -> String {
    let name = header.metadata("network");
    match name {
        Some(name) if name != graph.name => {
            format!("; the file says it is `{}`", name.escape_debug())
        }
        _ => String::new(),
    }
}
