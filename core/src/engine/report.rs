//! A plan as text.

#[cfg(feature = "engine")]
use super::plan::Plan;
#[cfg(feature = "engine")]
use super::split::{Piece, Split};
use netwright_spec::graph::{Graph, Node};
use std::fmt;

/// How a network runs on its device: printed by `Display`.
///
/// Multiply-adds and bytes are those of one sample's forward: values that steps hand on, positions
/// of winners included, parameters not.
#[derive(Clone, Debug)]
pub struct PlanReport {
    network: &'static str,
    steps: Vec<Row>,
    bytes: usize,
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
        let mut report = PlanReport { network: graph.name, steps: Vec::new(), bytes: 0 };
        match (Plan::of(graph), Split::of(graph)) {
            (Some(plan), _) => report.add(&plan),
            (None, Some(split)) => split.pieces.iter().for_each(|piece| match piece {
                Piece::Part(part) => {
                    Plan::of_part(part.graph, part.first).iter().for_each(|p| report.add(p));
                }
                Piece::Own(node) => report.add_node(&graph.nodes[*node]),
            }),
            (None, None) => return Self::portable(graph),
        }
        report
    }

    #[cfg(feature = "engine")]
    fn add(&mut self, plan: &Plan) {
        self.steps.extend(plan.steps.iter().map(|planned| Row {
            what: planned.step.describe(),
            multiply_adds: planned.step.multiply_adds(),
        }));
        self.bytes += plan.values * size_of::<f32>() + plan.bytes;
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
        self.bytes += node.shape.iter().product::<usize>() * size_of::<f32>();
    }

    /// Without the engine, the CPU is a device like the others.
    #[cfg(not(feature = "engine"))]
    pub(crate) fn of(graph: &'static Graph) -> Self {
        Self::portable(graph)
    }

    /// Node by node with dfdx's operations: other devices and float types.
    pub(crate) fn portable(graph: &'static Graph) -> Self {
        let mut report = PlanReport { network: graph.name, steps: Vec::new(), bytes: 0 };
        graph.nodes.iter().for_each(|node| report.add_node(node));
        report
    }

    /// Multiply-adds of one sample's forward.
    pub fn multiply_adds(&self) -> usize {
        self.steps.iter().map(|row| row.multiply_adds).sum()
    }

    /// Bytes that one sample's values take.
    pub fn bytes(&self) -> usize {
        self.bytes
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
            "{} multiply-adds and {} bytes of values for each sample",
            self.multiply_adds(),
            self.bytes
        )
    }
}
