//! How a file differs from the network that is to be loaded from it.

use super::header::{Header, TensorInfo};
use netwright_spec::graph::{Graph, Param};

/// All differences, one line for each tensor: the network's in its order, then the file's in its.
pub(super) fn of(header: &Header, graph: &Graph, float: &str) -> Option<String> {
    let mut lines: Vec<_> =
        graph.params.iter().filter_map(|p| expected(p, header.info(p.name), float)).collect();
    lines.extend(header.tensors().iter().filter_map(|(name, info)| unexpected(name, info, graph)));
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
    if is_other_float(header, graph, float) {
        text += "\n  help: numbers are not converted on the way; load the file into a network of \
                 its own type, then convert that one with `to_dtype`";
    }
    Some(text)
}

/// The line of a tensor that the network has.
fn expected(param: &Param, found: Option<&TensorInfo>, float: &str) -> Option<String> {
    let (name, shape) = (param.name, param.shape);
    let Some(found) = found else { return Some(format!("missing: {name} {shape:?}")) };
    match (found.dtype == float, found.shape == shape) {
        (true, true) => None,
        (true, false) => Some(format!("shape: {name} expected {shape:?}, found {:?}", found.shape)),
        (false, true) => Some(format!("type: {name} expected {float}, found {}", found.dtype)),
        (false, false) => Some(format!(
            "type and shape: {name} expected {float} {shape:?}, found {} {:?}",
            found.dtype, found.shape
        )),
    }
}

/// The line of a tensor that the network does not have.
fn unexpected(name: &str, info: &TensorInfo, graph: &Graph) -> Option<String> {
    let known = graph.params.iter().any(|p| p.name == name);
    let passed_over = known || is_counter(name, info, graph);
    (!passed_over).then(|| format!("unexpected: {} {:?}", name.escape_debug(), info.shape))
}

/// PyTorch's batch normalization counts its batches in a tensor that nothing computes with.
fn is_counter(name: &str, info: &TensorInfo, graph: &Graph) -> bool {
    let Some(layer) = name.strip_suffix(".num_batches_tracked") else { return false };
    let counts = info.dtype == "I64" && info.shape.is_empty();
    counts && graph.params.iter().any(|p| p.name.strip_suffix(".running_mean") == Some(layer))
}

/// Whether the network exists in the file's type too.
fn is_other_float(header: &Header, graph: &Graph, float: &str) -> bool {
    graph
        .params
        .iter()
        .filter_map(|p| header.info(p.name))
        .any(|info| matches!(info.dtype.as_str(), "F32" | "F64") && info.dtype != float)
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
