//! A network as a table.

use netwright_spec::graph::Graph;
use netwright_spec::size::product;
use std::fmt;

/// What a network consists of; it prints as a table of its layers.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    graph: &'static Graph,
}

impl Summary {
    /// The summary of a declared network: `Summary::of(Net::GRAPH)`.
    #[must_use]
    pub fn of(graph: &'static Graph) -> Self {
        Summary { graph }
    }

    fn rows(&self) -> Vec<[String; 4]> {
        let graph = self.graph;
        let shape = |shape: &[usize]| format!("{shape:?}");
        let mut rows: Vec<[String; 4]> = Vec::new();
        for port in graph.inputs {
            rows.push([port.name.into(), "input".into(), shape(port.shape), String::new()]);
        }
        for node in graph.nodes {
            let count: usize = graph.params_of(node).iter().map(|p| product(p.shape)).sum();
            let count = if count == 0 { String::new() } else { grouped(count) };
            let tied = node.tied.and_then(|param| graph.params.get(param));
            let tied = tied.map_or_else(String::new, |param| format!(" ({})", param.name));
            rows.push([node.name.into(), node.kind.to_owned() + &tied, shape(node.shape), count]);
        }
        rows
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["name", "layer", "output", "parameters"].map(String::from);
        let rows = self.rows();
        let mut widths = [0; 4];
        for row in rows.iter().chain([&head]) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let [a, b, c, d] = widths;
        writeln!(f, "{}", self.graph.name)?;
        for [name, layer, output, count] in [&head].into_iter().chain(&rows) {
            writeln!(f, "  {name:a$}  {layer:b$}  {output:c$}  {count:>d$}")?;
        }
        let all: usize = self.graph.params.iter().map(|p| product(p.shape)).sum();
        let trained = self.graph.trainable();
        write!(f, "{} parameters", grouped(trained))?;
        match all - trained {
            0 => Ok(()),
            buffers => write!(f, ", and {} in buffers", grouped(buffers)),
        }
    }
}

/// 1234567 as 1,234,567.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
