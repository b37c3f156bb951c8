//! A graph as JSON.

use super::json::quoted;
use netwright_spec::graph::{Attr, Graph, Init, Node, Output, Param, Params, Port};
use std::fmt::Display;

/// The whole network as JSON, but for the lines of its source: what a saved file holds under
/// `topology`, enough to build the graph again.
///
/// Values are numbered as in the graph: inputs first, then the output of each node. An attribute
/// that is a size is an integer (`2`), a number always has a point or an exponent (`2.0`), or is
/// `{"number":"inf"}` where JSON has no such number.
///
/// ```
/// use netwright_core::files::topology;
/// use netwright_core::spec::graph::{Graph, Output, Port};
///
/// let graph = Graph {
///     name: "Same",
///     inputs: &[Port { name: "input", shape: &[3], index: false }],
///     nodes: &[],
///     outputs: &[Output { name: "output", value: 0 }],
///     params: &[],
/// };
/// assert_eq!(
///     topology(&graph),
///     r#"{"name":"Same","inputs":[{"name":"input","shape":[3],"index":false}],"nodes":[],"#
///         .to_owned() + r#""outputs":[{"name":"output","value":0}],"params":[]}"#
/// );
/// ```
pub fn topology(graph: &Graph) -> String {
    // Every field is named here and below, so that a new one cannot be forgotten.
    let Graph { name, inputs, nodes, outputs, params } = graph;
    format!(
        r#"{{"name":{},"inputs":{},"nodes":{},"outputs":{},"params":{}}}"#,
        quoted(name),
        list(inputs.iter().map(port)),
        list(nodes.iter().map(node)),
        list(outputs.iter().map(output)),
        list(params.iter().map(param)),
    )
}

fn port(port: &Port) -> String {
    let Port { name, shape, index } = port;
    format!(r#"{{"name":{},"shape":{},"index":{index}}}"#, quoted(name), list(*shape))
}

fn node(node: &Node) -> String {
    let Node { name, kind, inputs, shape, attrs, params, tied, line: _, inner: _ } = node;
    let Params { first, count } = params;
    let attrs: Vec<_> =
        attrs.iter().map(|(name, attr)| format!("{}:{}", quoted(name), value(attr))).collect();
    let tied = tied.map_or_else(String::new, |param| format!(r#","tied":{param}"#));
    format!(
        r#"{{"name":{},"kind":{},"inputs":{},"shape":{},"attrs":{{{}}},"params":{{"first":{first},"count":{count}}}{tied}}}"#,
        quoted(name),
        quoted(kind),
        list(*inputs),
        list(*shape),
        attrs.join(","),
    )
}

fn value(attr: &Attr) -> String {
    match attr {
        Attr::Size(n) => n.to_string(),
        Attr::Sizes(sizes) => list(*sizes),
        // Rust's `Debug` of a float is JSON, and reads back as the same float.
        Attr::Number(x) if x.is_finite() => format!("{x:?}"),
        Attr::Number(x) => format!(r#"{{"number":"{x}"}}"#),
        Attr::Flag(flag) => flag.to_string(),
        Attr::Word(word) => quoted(word),
        Attr::Function(function) => quoted(&format!("{function:?}")),
    }
}

fn output(output: &Output) -> String {
    let Output { name, value } = output;
    format!(r#"{{"name":{},"value":{value}}}"#, quoted(name))
}

fn param(param: &Param) -> String {
    let Param { name, shape, init, trainable } = param;
    let init = match init {
        Init::Zeros => quoted("zeros"),
        Init::Ones => quoted("ones"),
        Init::Glorot(rows, columns) => format!(r#"{{"glorot":[{rows},{columns}]}}"#),
        Init::FanIn(fan_in) => format!(r#"{{"fan_in":{fan_in}}}"#),
        Init::NormalExceptRow(row) => format!(r#"{{"normal_except_row":{row}}}"#),
        Init::Normal(x) => format!(r#"{{"normal":{x:?}}}"#),
        Init::Uniform(x) => format!(r#"{{"uniform":{x:?}}}"#),
        Init::Constant(x) => format!(r#"{{"constant":{x:?}}}"#),
    };
    format!(
        r#"{{"name":{},"shape":{},"init":{init},"trainable":{trainable}}}"#,
        quoted(name),
        list(*shape)
    )
}

/// An array of JSON.
pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(","))
}
