//! What stands in a file before the numbers.
//!
//! Written here and not by the crate `safetensors`, which sorts tensors by name and writes the
//! metadata in another order each time: the same network must give the same bytes.

use super::VERSION;
use super::json::quoted;
use super::topology::{list, topology};
use netwright_spec::graph::Graph;

/// A tensor of a file.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) dtype: &'static str,
    pub(super) shape: Vec<usize>,
    /// All of its numbers.
    pub(super) bytes: usize,
}

impl Entry {
    /// A tensor of numbers with so many bytes each.
    pub(super) fn new(name: &str, dtype: &'static str, size: usize, shape: Vec<usize>) -> Self {
        let bytes = shape.iter().product::<usize>() * size;
        Entry { name: name.to_string(), dtype, shape, bytes }
    }
}

/// The length of the header, and the header: JSON, filled with spaces so that numbers are aligned.
pub(super) fn header(metadata: &str, entries: &[Entry]) -> Vec<u8> {
    let mut header = format!(r#"{{"__metadata__":{metadata}"#);
    let mut start = 0;
    for Entry { name, dtype, shape, bytes } in entries {
        let end = start + bytes;
        header += &format!(
            r#",{}:{{"dtype":"{dtype}","shape":{},"data_offsets":[{start},{end}]}}"#,
            quoted(name),
            list(shape)
        );
        start = end;
    }
    header.push('}');
    let length = header.len().next_multiple_of(8);
    header.extend(std::iter::repeat_n(' ', length - header.len()));
    [&(length as u64).to_le_bytes(), header.as_bytes()].concat()
}

/// What a file of ours says of itself.
pub(super) fn metadata(graph: &Graph) -> String {
    format!(
        r#"{{"format":"netwright","version":"{VERSION}","network":{},"topology":{}}}"#,
        quoted(graph.name),
        quoted(&topology(graph)),
    )
}
