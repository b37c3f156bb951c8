//! What stands in a file before the numbers.
//!
//! Written here and not by the crate `safetensors`, which sorts tensors by name and writes the
//! metadata in another order each time: the same network must give the same bytes.

use super::VERSION;
use super::json::quoted;
use super::topology::{list, topology};
use netwright_spec::graph::Graph;

/// The length of the header, and the header: JSON, filled with spaces so that numbers are aligned.
pub(super) fn header(graph: &Graph, float: &str, size: usize) -> Vec<u8> {
    let mut header = metadata(graph);
    let mut start = 0;
    for param in graph.params {
        let end = start + param.shape.iter().product::<usize>() * size;
        header += &format!(
            r#",{}:{{"dtype":"{float}","shape":{},"data_offsets":[{start},{end}]}}"#,
            quoted(param.name),
            list(param.shape)
        );
        start = end;
    }
    header.push('}');
    let length = header.len().next_multiple_of(8);
    header.extend(std::iter::repeat_n(' ', length - header.len()));
    [&(length as u64).to_le_bytes(), header.as_bytes()].concat()
}

/// The beginning of the header's JSON.
fn metadata(graph: &Graph) -> String {
    format!(
        r#"{{"__metadata__":{{"format":"netwright","version":"{VERSION}","network":{},"topology":{}}}"#,
        quoted(graph.name),
        quoted(&topology(graph)),
    )
}
