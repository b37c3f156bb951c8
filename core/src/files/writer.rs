//! What stands in a file before the numbers.
//!
//! Written here and not by the crate `safetensors`, which sorts tensors by name and writes the
//! metadata in another order each time: the same network must give the same bytes.

use super::VERSION;
use super::json::quoted;
use super::topology::{list, topology};
use netwright_spec::graph::{Graph, Param};

/// A tensor of a file.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) dtype: &'static str,
    pub(super) shape: &'static [usize],
    /// All of its numbers.
    pub(super) bytes: usize,
}

/// The network's tensors under its own names.
pub(super) fn entries(graph: &Graph, dtype: &'static str, size: usize) -> Vec<Entry> {
    let entry = |param: &Param| entry(param.name.to_string(), param, dtype, size);
    graph.params.iter().map(entry).collect()
}

/// A parameter under some name, with numbers of so many bytes each.
pub(super) fn entry(name: String, param: &Param, dtype: &'static str, size: usize) -> Entry {
    let bytes = param.shape.iter().product::<usize>() * size;
    Entry { name, dtype, shape: param.shape, bytes }
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
            list(*shape)
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
