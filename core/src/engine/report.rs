//! A plan as text.

#[cfg(feature = "engine")]
use super::plan::Plan;
#[cfg(feature = "engine")]
use super::split::{Part, Piece, split_of};
use netwright_spec::graph::{Graph, Node};
use std::fmt;

/// How a network runs on its device: printed by `Display`.
///
/// Multiply-adds are those of one sample's forward. Bytes are those of the values that steps hand
/// on, parameters not: in a prediction a value takes the place of one that nobody reads any more, in
/// a training all stay, with positions of winners, and have gradients.
#[derive(Clone, Debug)]
pub struct PlanReport {
    network: &'static str,
    steps: Vec<Row>,
    bytes: usize,
    training_bytes: usize,
}

/// One step.
#[derive(Clone, Debug)]
struct Row {
    what: String,
    multiply_adds: usize,
}

impl PlanReport {
    /// The plan of a network on the CPU in f32.
    #[cfg(feature = "engine")]
    pub(crate) fn of(graph: &'static Graph) -> Self {
        let mut report = Self::empty(graph);
        if report.add(graph, 0).is_some() {
            return report;
        }
        let Some(split) = split_of(graph) else { return Self::portable(graph) };
        for piece in &split.pieces {
            match piece {
                Piece::Part(Part { graph, first, .. }) => {
                    let _ = report.add(graph, *first);
                }
                Piece::Own(node) => report.add_node(&graph.nodes[*node]),
            }
        }
        report
    }

    fn empty(graph: &Graph) -> Self {
        PlanReport { network: graph.name, steps: Vec::new(), bytes: 0, training_bytes: 0 }
    }

    /// What runs on the engine; `None`, and nothing is added, if the engine lacks one of its layers.
    #[cfg(feature = "engine")]
    fn add(&mut self, graph: &Graph, first: usize) -> Option<()> {
        let (training, inference) = (Plan::of(graph, first, false)?, Plan::of(graph, first, true)?);
        self.steps.extend(training.steps.iter().map(|planned| Row {
            what: planned.step.describe(),
            multiply_adds: planned.step.multiply_adds(),
        }));
        self.bytes += inference.values * size_of::<f32>() + inference.bytes;
        self.training_bytes += 2 * training.values * size_of::<f32>() + training.bytes;
        Some(())
    }

    /// A node that runs with dfdx's operations.
    fn add_node(&mut self, node: &Node) {
        let what = match node.inner {
            Some(_) => format!("own layer {} {} -> {:?}", node.kind, node.name, node.shape),
            None => {
                format!("{} {} -> {:?} with dfdx's operations", node.kind, node.name, node.shape)
            }
        };
        self.steps.push(Row { what, multiply_adds: 0 });
        let bytes = node.shape.iter().product::<usize>() * size_of::<f32>();
        self.bytes += bytes;
        self.training_bytes += 2 * bytes;
    }

    /// Without the engine, the CPU is a device like the others.
    #[cfg(not(feature = "engine"))]
    pub(crate) fn of(graph: &'static Graph) -> Self {
        Self::portable(graph)
    }

    /// Node by node with dfdx's operations: other devices and float types.
    pub(crate) fn portable(graph: &'static Graph) -> Self {
        let mut report = Self::empty(graph);
        graph.nodes.iter().for_each(|node| report.add_node(node));
        report
    }

    /// Multiply-adds of one sample's forward.
    pub fn multiply_adds(&self) -> usize {
        self.steps.iter().map(|row| row.multiply_adds).sum()
    }

    /// Bytes that one sample's values take in a prediction.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that one sample's values and their gradients take in a training.
    pub fn training_bytes(&self) -> usize {
        self.training_bytes
    }

    /// What is done, step by step.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|row| row.what.as_str())
    }
}

impl fmt::Display for PlanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.network)?;
        for (number, row) in self.steps.iter().enumerate() {
            write!(f, "{:4}  {}", number + 1, row.what)?;
            match row.multiply_adds {
                0 => writeln!(f)?,
                n => writeln!(f, "  ({n} multiply-adds)")?,
            }
        }
        write!(
            f,
            "for each sample {} multiply-adds, and {} bytes of values in a prediction, {} with \
             gradients in a training",
            self.multiply_adds(),
            self.bytes,
            self.training_bytes
        )
    }
}
