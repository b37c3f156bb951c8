//! One step of a network as a graph of its own: time is 1, and what a layer remembers of the steps
//! before goes in and comes out.

use super::attention;
use super::draft::{Draft, Flow, Kind, Ref};
use crate::error::{Error, Result};
use crate::layers::error;
use netwright_spec::graph::{Attr, Graph, Node, Port};

/// A network's step.
#[derive(Debug)]
pub(crate) struct Steps {
    /// What is run for each step.
    pub(crate) graph: &'static Graph,
    /// The network's parameters, by their numbers, in the order of this graph.
    pub(crate) params: Vec<usize>,
    /// What goes in behind the network's inputs, in this order.
    pub(crate) memory: Vec<Memory>,
    /// The steps of the network.
    pub(crate) time: usize,
    /// Whether each of the network's outputs has a row for each step.
    pub(crate) along: Vec<bool>,
}

/// What a step takes of those before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Memory {
    /// What an output of this number was in the step before; zeros in the first.
    State { output: usize, len: usize },
    /// What an output of this number was in all steps before: `[time - 1, width]`.
    Rows { output: usize, width: usize },
    /// Which of these rows, and of the present one, are there: 0, and -∞ for those that are not.
    Seen,
    /// The row of this step of a parameter `[time, width]`.
    Learned { param: usize, width: usize },
    /// The sines and cosines of this step.
    Waves { width: usize },
}

impl Memory {
    /// Whether there is room for so many steps only.
    fn ends(&self) -> bool {
        !matches!(self, Memory::State { .. })
    }
}

impl Steps {
    /// # Errors
    /// [`Error::Layer`] for a layer that needs more than the steps so far, [`Error::Data`] for an
    /// input that has none.
    pub(crate) fn of(graph: &'static Graph) -> Result<Steps> {
        let time = time_of(graph)?;
        let mut derivation = Derivation { graph, time, draft: Draft::default(), flows: Vec::new() };
        for port in graph.inputs {
            let shape = [&[1], &port.shape[1..]].concat();
            let value = derivation.draft.input(port.name, &shape, port.index);
            derivation.flows.push(Flow { value, along: true });
        }
        for node in graph.nodes {
            let flow = derivation.node(node)?;
            derivation.flows.push(flow);
        }
        Ok(derivation.finish())
    }

    /// After how many steps nothing more can be remembered.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.memory.iter().any(Memory::ends).then_some(self.time)
    }
}

/// The first axis of all inputs.
fn time_of(graph: &Graph) -> Result<usize> {
    let time = |port: &Port| port.shape.first().copied();
    let first = graph.inputs.first().and_then(time);
    match (first, graph.inputs.iter().find(|port| time(port) != first || first.is_none())) {
        (Some(time), None) => Ok(time),
        (_, other) => {
            let (name, shape) = other.map_or(("", &[][..]), |port| (port.name, port.shape));
            Err(Error::Data(format!(
                "`{}` cannot run step by step: all its inputs need the same time as their first \
                 axis, but `{name}` is {shape:?}",
                graph.name
            )))
        }
    }
}

pub(super) struct Derivation {
    pub(super) graph: &'static Graph,
    pub(super) time: usize,
    pub(super) draft: Draft,
    /// Where each value of the network is.
    flows: Vec<Flow>,
}

/// Layers that treat each number, or each step's last axis, by itself.
const EACH_BY_ITSELF: &[&str] = &[
    "AlphaDropout",
    "Celu",
    "Dropout",
    "Elu",
    "GaussianNoise",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "LogSigmoid",
    "Map",
    "Mish",
    "Relu",
    "Relu6",
    "Selu",
    "Sigmoid",
    "Silu",
    "Softplus",
    "Softsign",
    "Tanh",
    "Add",
    "Sub",
    "Mul",
    "Embedding",
];

/// Layers with an axis, which must not be time.
const ALONG_AN_AXIS: &[&str] =
    &["Softmax", "LogSoftmax", "Sum", "Mean", "Max", "Concat", "Glu", "Swiglu", "Slice", "Select"];

impl Derivation {
    fn node(&mut self, node: &'static Node) -> Result<Flow> {
        if node.inner.is_some() {
            return Err(refused(node, "is a layer of your own, which may remember anything"));
        }
        let inputs: Vec<Flow> = node.inputs.iter().map(|&value| self.flows[value]).collect();
        let along = inputs.first().is_some_and(|flow| flow.along);
        if inputs.iter().any(|flow| flow.along != along) {
            return Err(refused(node, "takes steps and a value that is none of them"));
        }
        if !along {
            // All of it belongs to the present step already.
            return Ok(Flow { value: self.copy(node, &inputs, node.shape), along });
        }
        match node.kind {
            "Rnn" | "Lstm" | "Gru" => self.recurrent(node, &inputs),
            "MultiHeadAttention" => attention::causal(self, node, &inputs),
            "PositionalEncoding" => Ok(self.position(node, &inputs)),
            "Select" if node.size("axis") == 0 => self.last(node, &inputs),
            _ => {
                self.keeps_steps(node)?;
                let shape = [&[1], &node.shape[1..]].concat();
                Ok(Flow { value: self.copy(node, &inputs, &shape), along })
            }
        }
    }

    /// Whether a layer gives each step for itself.
    fn keeps_steps(&self, node: &Node) -> Result<()> {
        let shape = self.graph.shape_of(node.inputs[0]);
        let (rank, axis) = (shape.len(), node.size("axis"));
        let rows = node.shape.first() == Some(&self.time);
        let by_itself = match node.kind {
            kind if EACH_BY_ITSELF.contains(&kind) => true,
            kind if ALONG_AN_AXIS.contains(&kind) => axis > 0,
            "Linear" => rank == 2,
            "LayerNorm" => node.size("axes") < rank,
            "RmsNorm" => rank > 1,
            "PRelu" => self.graph.params_of(node).iter().all(|param| param.shape == [1]),
            "Permute" | "Transpose" => node.sizes("order").first() == Some(&0),
            // The same numbers in the same order: each step keeps its own.
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => rows,
            _ => {
                return Err(refused(
                    node,
                    "needs more than one step, or is not known to do without",
                ));
            }
        };
        if by_itself { Ok(()) } else { Err(refused(node, "mixes steps")) }
    }

    /// The layer itself, on what belongs to one step.
    fn copy(&mut self, node: &'static Node, inputs: &[Flow], shape: &[usize]) -> Ref {
        let inputs = inputs.iter().map(|flow| flow.value).collect();
        self.draft.node(node, Kind::of(node), inputs, shape)
    }

    /// The last step is the present one.
    fn last(&mut self, node: &'static Node, inputs: &[Flow]) -> Result<Flow> {
        let (index, last) = (node.size("index"), self.time.saturating_sub(1));
        let at = if node.word("from") == "end" { last.saturating_sub(index) } else { index };
        if at < last {
            return Err(refused(node, "takes another step than the last"));
        }
        let kind = Kind::of(node).with("index", Attr::Size(0)).with("from", Attr::Word("start"));
        let value = self.draft.node(node, kind, vec![inputs[0].value], node.shape);
        Ok(Flow { value, along: false })
    }

    /// Its state goes in and comes out.
    fn recurrent(&mut self, node: &'static Node, inputs: &[Flow]) -> Result<Flow> {
        if node.flag("bidirectional") || node.flag("reverse") {
            return Err(refused(node, "begins at the end of the sequence"));
        }
        if node.inputs.len() > 1 || node.flag("states") {
            let why = "takes or gives its state as a value, which a stream keeps by itself";
            return Err(refused(node, why));
        }
        let weight = self.graph.params_of(node).get(1).and_then(|weight| weight.shape.last());
        let hidden = weight.copied().unwrap_or(0);
        let parts = if node.kind == "Lstm" { 2 } else { 1 };
        let state = Memory::State { output: 0, len: hidden };
        let before: Vec<_> =
            (0..parts).map(|_| self.draft.memory(state.clone(), &[hidden])).collect();
        let states = before.iter().map(|(_, value)| *value);
        let taken = std::iter::once(inputs[0].value).chain(states).collect();
        // Of one step, the state behind it is all there is; first comes the output, which is the
        // same.
        let kind = Kind::of(node).with("states", Attr::Flag(true)).with("last", Attr::Flag(true));
        let all = self.draft.node(node, kind, taken, &[(1 + parts) * hidden]);
        for (part, (memory, _)) in before.into_iter().enumerate() {
            let end = self.part(node, all, (1 + part) * hidden, hidden);
            self.draft.remember(memory, end);
        }
        let value = self.part(node, all, 0, hidden);
        if node.flag("last") {
            return Ok(Flow { value, along: false });
        }
        let value = self.draft.node(node, Kind::plain("Reshape", &[]), vec![value], &[1, hidden]);
        Ok(Flow { value, along: true })
    }

    /// Part of a flat value.
    fn part(&mut self, node: &'static Node, of: Ref, start: usize, len: usize) -> Ref {
        let attrs = [("start", Attr::Size(start)), ("axis", Attr::Size(0))];
        self.draft.node(node, Kind::plain("Slice", &attrs), vec![of], &[len])
    }

    /// What is added to each step goes in.
    fn position(&mut self, node: &'static Node, inputs: &[Flow]) -> Flow {
        let width = node.shape.last().copied().unwrap_or(0);
        let row = match node.params.count {
            0 => Memory::Waves { width },
            _ => Memory::Learned { param: node.params.first, width },
        };
        let (_, row) = self.draft.memory(row, &[1, width]);
        let inputs = vec![inputs[0].value, row];
        let value = self.draft.node(node, Kind::plain("Add", &[]), inputs, &[1, width]);
        Flow { value, along: true }
    }

    fn finish(self) -> Steps {
        let ends: Vec<Flow> =
            self.graph.outputs.iter().map(|output| self.flows[output.value]).collect();
        self.draft.finish(self.graph, self.time, &ends)
    }
}

/// What is said of a layer that cannot run step by step.
pub(super) fn refused(node: &Node, why: &str) -> Error {
    error(node, format!("cannot run step by step: it {why}"))
}
