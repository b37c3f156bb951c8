//! What PyTorch calls the network's tensors, in a file that it shall read.
//!
//! `names.rs` reads such names, and takes `_` for `.` wherever only one tensor could be meant. Here each
//! must be right: a layer is a module of its own name, and what a layer of ours is made of has the names
//! that it has in PyTorch's modules.

use super::names::is_number;
use netwright_spec::graph::{Graph, Node, Params};

/// The parts of PyTorch's transformer layers that have parameters.
pub(super) const PARTS: [&str; 7] =
    ["self_attn", "multihead_attn", "linear1", "linear2", "norm1", "norm2", "norm3"];

/// Layers that are made of others: in the graph only those are left.
const MADE: [&str; 3] = ["transformer_encoder", "transformer_decoder", "separable_conv2d"];

/// What is in a tensor of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Content {
    /// The parameter with this number.
    Param(usize),
    /// How many batches a batch normalization saw, that of the running mean with this number. Nothing
    /// computes with it, but PyTorch wants it.
    Counter(usize),
}

/// All tensors of the module's `state_dict()`; the counters first, whose numbers are the longest.
pub(super) fn state_dict(graph: &Graph) -> Vec<(String, Content)> {
    let mut all: Vec<_> = (0..graph.params.len()).map(|number| owned(graph, number)).collect();
    let brings = |node: &Node| !applied_before(graph, node);
    all.extend(graph.nodes.iter().filter(|node| brings(node)).filter_map(|node| tied(graph, node)));
    let counters =
        all.iter().filter_map(|(name, mean)| Some((counter(name)?, Content::Counter(*mean))));
    let mut tensors: Vec<_> = counters.collect();
    tensors.extend(all.into_iter().map(|(name, number)| (name, Content::Param(number))));
    tensors
}

/// The name of the counter beside a running mean.
pub(super) fn counter(mean: &str) -> Option<String> {
    Some(format!("{}.num_batches_tracked", mean.strip_suffix(".running_mean")?))
}

/// A parameter under the name of the layer that brings it.
fn owned(graph: &Graph, number: usize) -> (String, usize) {
    let own = graph.params[number].name;
    let owns = |Params { first, count }: Params| (first..first + count).contains(&number);
    let owner = graph.nodes.iter().find(|node| owns(node.params));
    let name = own.rsplit_once('.').map(|(layer, own)| {
        let kind = owner.map_or("", |node| node.kind);
        name(graph, (layer, kind), own)
    });
    (name.unwrap_or_else(|| own.to_string()), number)
}

/// Whether it is a later application of a shared layer: the module is there already.
fn applied_before(graph: &Graph, node: &Node) -> bool {
    let mut before = graph.nodes.iter().take_while(|other| other.name != node.name);
    node.params.count > 0 && before.any(|other| other.params == node.params)
}

/// The weight of another layer that a layer has, too, under this layer's name: PyTorch lists it twice.
fn tied(graph: &Graph, node: &Node) -> Option<(String, usize)> {
    let number = node.tied?;
    let (_, own) = graph.params.get(number)?.name.rsplit_once('.')?;
    Some((name(graph, (node.name, node.kind), own), number))
}

/// PyTorch's name of a layer's parameter.
fn name(graph: &Graph, (layer, kind): (&str, &str), own: &str) -> String {
    if let "Rnn" | "Lstm" | "Gru" = kind
        && let Some((whole, number)) = numbered(layer, "_l")
        && let Some((weight, direction)) = own.split_once("_l0")
    {
        return format!("{}.{weight}_l{number}{direction}", module(graph, whole, Some(kind)));
    }
    let own = match (kind, own.strip_prefix("out_proj_")) {
        ("MultiHeadAttention", Some(own)) => format!("out_proj.{own}"),
        _ => own.to_string(),
    };
    match part(graph, layer) {
        Some((whole, part)) => format!("{}.{part}.{own}", module(graph, whole, Some(""))),
        None => format!("{}.{own}", module(graph, layer, Some(kind))),
    }
}

/// The module that a layer is a part of, and the part's name in it: `encoder_1_norm1` is `layers.1.norm1` of
/// `encoder`.
fn part<'n>(graph: &Graph, layer: &'n str) -> Option<(&'n str, String)> {
    let has = |whole: &str, part: &str| {
        let names = graph.nodes.iter().map(|node| node.name);
        names.filter_map(|name| name.strip_prefix(whole)).any(|rest| rest == part)
    };
    for part in PARTS {
        let inside =
            layer.strip_suffix(part).and_then(|layer| numbered(layer.strip_suffix('_')?, "_"));
        if let Some((whole, number)) = inside
            && has(whole, &format!("_{number}_self_attn"))
        {
            return Some((whole, format!("layers.{number}.{part}")));
        }
    }
    let (whole, part) = layer.rsplit_once('_')?;
    let is_part = match part {
        "norm" => has(whole, "_0_self_attn"),
        "depthwise" => has(whole, "_pointwise"),
        "pointwise" => has(whole, "_depthwise"),
        _ => false,
    };
    is_part.then(|| (whole, part.to_string()))
}

/// The module of a layer, with the modules that it is in; a network inside of this one has no kind.
fn module(graph: &Graph, path: &str, kind: Option<&str>) -> String {
    let (outer, own) = match path.rsplit_once('.') {
        Some((outer, own)) => (Some(outer), own),
        None => (None, path),
    };
    let own = if is_counted(graph, path, kind) { own.to_string() } else { indexed(own) };
    match outer {
        Some(outer) => format!("{}.{own}", module(graph, outer, None)),
        None => own,
    }
}

/// Whether the number in a name only tells apart what has no name of its own: `linear_1`.
fn is_counted(graph: &Graph, path: &str, kind: Option<&str>) -> bool {
    let Some((stem, _)) = numbered(path, "_") else { return false };
    let own = stem.rsplit('.').next().unwrap_or(stem);
    match kind {
        _ if own.is_empty() => false,
        Some(kind) => MADE.contains(&own) || own.replace('_', "") == kind.to_lowercase(),
        // The type's name is not in the graph. It is counted from 1, PyTorch's lists from 0.
        None => {
            let first = format!("{stem}_0.");
            !graph.nodes.iter().any(|node| node.name.starts_with(&first))
        }
    }
}

/// A number between `_` is that of a module in a list: `features.0`, and `0` of `_0`.
fn indexed(name: &str) -> String {
    let mut path = String::new();
    let mut after = None;
    for part in name.split('_') {
        let number = is_number(part);
        if let Some(after_number) = after {
            path.push(if number || after_number { '.' } else { '_' });
        }
        path += part;
        after = Some(number);
    }
    path.trim_start_matches('.').to_string()
}

/// `encoder` and `1` of `encoder_1`.
fn numbered<'n>(name: &'n str, mark: &str) -> Option<(&'n str, &'n str)> {
    name.rsplit_once(mark).filter(|(_, number)| is_number(number))
}
