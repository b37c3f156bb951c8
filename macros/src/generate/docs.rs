//! The model table in the documentation of the generated type.

use crate::ir::{Net, Node};
use netwright_spec::Dim;
use proc_macro2::TokenStream;
use quote::quote;

/// Layer, output shape and parameters, one line each, behind the user's own documentation.
pub(super) fn table(net: &Net) -> TokenStream {
    let mut lines = vec![String::new()];
    lines.extend(net.type_sizes().map(|name| {
        format!("`{name}` is a size as a type, a number such as `netwright::typenum::U32`.\n")
    }));
    lines.extend([
        "| layer | | output | parameters |".to_string(),
        "| --- | --- | --- | ---: |".to_string(),
    ]);
    for port in &net.inputs {
        let name = port.name.as_ref().map_or("input".to_string(), ToString::to_string);
        let shape = port.shape.as_ref().map_or_else(String::new, ToString::to_string);
        lines.push(format!("| {name} | | `{shape}` | |"));
    }
    lines.extend(net.nodes.iter().map(row));
    let mut counts = net.nodes.iter().map(|node| count(node, true));
    let total = counts.try_fold(0usize, |total, n| total.checked_add(n?));
    if let Some(total) = total {
        lines.push(format!("| **trainable** | | | **{total}** |"));
    }
    lines.push(String::new());
    quote!(#(#[doc = #lines])*)
}

fn row(node: &Node) -> String {
    let kind = node.def.map_or(node.written.as_str(), |def| def.name);
    let tied = node.inferred.as_ref().and_then(|inferred| inferred.tied.as_ref());
    let tied = tied.map_or_else(String::new, |of| format!(" ({}.{})", of.layer, of.param));
    let shape = node.inferred.as_ref().map_or_else(String::new, |i| i.shape.to_string());
    let count = match count(node, false) {
        Some(0) => String::new(),
        Some(n) => n.to_string(),
        None => "computed".to_string(),
    };
    format!("| {} | {kind}{tied} | `{shape}` | {count} |", node.name)
}

/// The number of a node's parameters, where the macro knows it.
fn count(node: &Node, trainable_only: bool) -> Option<usize> {
    let params = node.inferred.iter().flat_map(|inferred| &inferred.params);
    params.filter(|param| param.trainable || !trainable_only).try_fold(0usize, |total, param| {
        let count = Dim::product(&param.dims).ok()?.known()?;
        total.checked_add(count)
    })
}

/// One line about a field.
pub(super) fn layer(node: &Node) -> String {
    let doc = node.def.map_or("see there.", |def| def.doc);
    match &node.inferred {
        Some(inferred) => format!("`{}` -> `{}`: {doc}", node.written, inferred.shape),
        None => format!("`{}`", node.written),
    }
}
