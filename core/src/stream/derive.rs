//! One step of a network as a graph of its own: time is 1, and what a layer remembers of the steps
//! before goes in and comes out. What depends on nothing but inputs that are given whole is a second
//! graph, which is run once.

use super::draft::{Draft, Kind, Piece, Ref};
use super::steps::{Hidden, Lengths, Memory, Once, Steps};
use super::{attention, by_itself, recurrent};
use crate::error::{Error, Result};
use crate::layers::error;
use netwright_spec::graph::{Attr, Graph, Node};

/// Where a value of the network is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) value: Ref,
    pub(super) of: Of,
}

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Of {
    /// Of what is given, alone: it is a value of the graph that is run once, whole.
    Given,
    /// It has a row for each step, of which there is the present one.
    Steps,
    /// Rows for each step and states behind them, all in one.
    Packed,
    /// Of the last step, which is the present one: whole.
    Last,
}

pub(super) struct Derivation {
    pub(super) graph: &'static Graph,
    pub(super) time: usize,
    /// The graph of a step.
    pub(super) draft: Draft,
    /// The graph that is run once.
    pub(super) once: Draft,
    /// Its outputs.
    made: Vec<Ref>,
    lengths: Vec<Lengths>,
    /// What of them is not to be seen.
    pub(super) hidden: Vec<Hidden>,
    /// Where each value of the network is.
    flows: Vec<Flow>,
}

impl Derivation {
    /// The steps of a network with so many of them, of which these inputs are given whole.
    pub(super) fn of(graph: &'static Graph, time: usize, given: &[usize]) -> Result<Steps> {
        let mut all = Derivation {
            graph,
            time,
            draft: Draft::default(),
            once: Draft::default(),
            made: Vec::new(),
            lengths: Vec::new(),
            hidden: Vec::new(),
            flows: Vec::new(),
        };
        for (number, port) in graph.inputs.iter().enumerate() {
            let flow = if given.contains(&number) {
                Flow { value: all.once.input(port.name, port.shape, port.index), of: Of::Given }
            } else {
                let shape = [&[1], &port.shape[1..]].concat();
                Flow { value: all.draft.input(port.name, &shape, port.index), of: Of::Steps }
            };
            all.flows.push(flow);
        }
        for node in graph.nodes {
            let flow = all.node(node)?;
            all.flows.push(flow);
        }
        Ok(all.finish())
    }

    fn node(&mut self, node: &'static Node) -> Result<Flow> {
        let inputs: Vec<Flow> = node.inputs.iter().map(|&value| self.flows[value]).collect();
        let any = |of| inputs.iter().any(|flow| flow.of == of);
        if inputs.iter().all(|flow| flow.of == Of::Given) {
            let values = inputs.iter().map(|flow| flow.value).collect();
            let value = self.once.node(node, Kind::of(node), values, node.shape);
            return Ok(Flow { value, of: Of::Given });
        }
        if node.inner.is_some() {
            return Err(refused(node, "is a layer of your own, which may remember anything"));
        }
        if any(Of::Packed) {
            return self.unpacked(node, inputs[0]);
        }
        match node.kind {
            "Rnn" | "Lstm" | "Gru" if any(Of::Steps) => recurrent::layer(self, node, &inputs),
            "MultiHeadAttention" if any(Of::Steps) => attention::layer(self, node, &inputs),
            // All of it belongs to the present step already.
            _ if !any(Of::Steps) => self.copied(node, &inputs, Of::Last),
            _ if any(Of::Last) => {
                Err(refused(node, "joins each step with what is known behind the last one only"))
            }
            "PositionalEncoding" => Ok(self.position(node, &inputs)),
            "Select" if node.size("axis") == 0 => self.last(node, &inputs),
            "MatMul" if inputs[0].of == Of::Steps && inputs[1].of == Of::Given => {
                let values = vec![inputs[0].value, self.whole(inputs[1], node.inputs[1])];
                let shape = [1, node.shape[1]];
                let value = self.draft.node(node, Kind::of(node), values, &shape);
                Ok(Flow { value, of: Of::Steps })
            }
            _ => {
                by_itself::check(self.graph, self.time, node)?;
                self.copied(node, &inputs, Of::Steps)
            }
        }
    }

    /// The layer itself: on what belongs to one step, of what is given its row of this step; or on
    /// all there is.
    fn copied(&mut self, node: &'static Node, inputs: &[Flow], of: Of) -> Result<Flow> {
        if (0..inputs.len()).any(|i| inputs[i].of == Of::Given && self.holds_indices(node, i)) {
            return Err(refused(node, "takes lengths of another sequence than the steps"));
        }
        let values = inputs.iter().zip(node.inputs).map(|(flow, &value)| match (flow.of, of) {
            (Of::Given, Of::Steps) => self.row(*flow, value),
            (Of::Given, _) => self.whole(*flow, value),
            _ => flow.value,
        });
        let values = values.collect();
        let shape = match of {
            Of::Steps => [&[1], &node.shape[1..]].concat(),
            _ => node.shape.to_vec(),
        };
        let value = self.draft.node(node, Kind::of(node), values, &shape);
        Ok(Flow { value, of })
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
        Ok(Flow { value, of: Of::Last })
    }

    /// What the language puts behind a layer that gives its steps and its states in one: a `Slice` for
    /// each, and for the steps a `Reshape`.
    fn unpacked(&mut self, node: &'static Node, input: Flow) -> Result<Flow> {
        let len = node.shape.first().copied().unwrap_or(0);
        let (start, kind) = (node.size("start"), Kind::of(node));
        let (kind, shape, of) = match (node.kind, start) {
            ("Slice", 0) => (kind, vec![len / self.time.max(1)], Of::Packed),
            ("Slice", _) => {
                let start = start.saturating_sub(self.time.saturating_sub(1) * len);
                (kind.with("start", Attr::Size(start)), vec![len], Of::Last)
            }
            ("Reshape", _) => (kind, [&[1], &node.shape[1..]].concat(), Of::Steps),
            _ => return Err(refused(node, "takes steps and states in one")),
        };
        let value = self.draft.node(node, kind, vec![input.value], &shape);
        Ok(Flow { value, of })
    }

    /// What is added to each step goes in.
    fn position(&mut self, node: &'static Node, inputs: &[Flow]) -> Flow {
        let width = node.shape.last().copied().unwrap_or(0);
        let row = match node.params.count {
            0 => Memory::Waves { width },
            _ => Memory::Learned { param: node.params.first },
        };
        let (_, row) = self.draft.memory(row, &[1, width]);
        let inputs = vec![inputs[0].value, row];
        let value = self.draft.node(node, Kind::plain("Add", &[]), inputs, &[1, width]);
        Flow { value, of: Of::Steps }
    }

    /// Keeps a value of the graph that is run once: its number.
    pub(super) fn keep(&mut self, value: Ref) -> usize {
        let known = self.made.iter().position(|made| *made == value);
        known.unwrap_or_else(|| {
            self.made.push(value);
            self.made.len() - 1
        })
    }

    /// A value that is given, whole, as a value of the step.
    fn whole(&mut self, flow: Flow, value: usize) -> Ref {
        let made = self.keep(flow.value);
        self.draft.shared(Memory::Given { made }, self.graph.shape_of(value))
    }

    /// Its row of this step.
    fn row(&mut self, flow: Flow, value: usize) -> Ref {
        let made = self.keep(flow.value);
        let rest = self.graph.shape_of(value).get(1..).unwrap_or(&[]);
        self.draft.shared(Memory::Row { made }, &[&[1], rest].concat())
    }

    /// Whether a layer's input holds indices.
    pub(super) fn holds_indices(&self, node: &Node, input: usize) -> bool {
        self.graph.inputs.get(node.inputs[input]).is_some_and(|port| port.index)
    }

    /// The number among the given inputs of a layer's lengths, for so many steps.
    pub(super) fn lengths(
        &mut self,
        node: &'static Node,
        flow: Flow,
        steps: usize,
    ) -> Result<usize> {
        match flow {
            Flow { value: Ref::Input(input), of: Of::Given } => {
                self.lengths.push(Lengths { node, input, steps });
                Ok(input)
            }
            _ => Err(refused(node, "takes lengths that are not given whole")),
        }
    }

    fn finish(mut self) -> Steps {
        let (mut outputs, mut along) = (Vec::new(), Vec::new());
        for output in self.graph.outputs {
            let flow = self.flows[output.value];
            let value = match flow.of {
                Of::Given => self.whole(flow, output.value),
                _ => flow.value,
            };
            outputs.push((output.name, value));
            along.push(flow.of == Of::Steps);
        }
        let (memory, kept) = self.draft.memories(outputs.len());
        outputs.extend(kept.into_iter().map(|value| ("memory", value)));
        let inputs = self.draft.inputs();
        let (graph, params) = self.draft.finish(self.graph, &outputs, &inputs);
        let made: Vec<_> = self.made.iter().map(|&value| ("made", value)).collect();
        let [inputs, _] = self.once.needed(&made);
        let (once, once_params) = self.once.finish(self.graph, &made, &inputs);
        let Derivation { lengths, hidden, .. } = self;
        let once = Once { graph: once, params: once_params, inputs, lengths, hidden };
        Steps { graph, params, memory, time: self.time, along, once }
    }
}

/// What is said of a layer that cannot run step by step.
pub(super) fn refused(node: &Node, why: &str) -> Error {
    error(node, format!("cannot run step by step: it {why}"))
}

/// A linear map with this weight and this bias of a layer's, or with some of their rows.
pub(super) fn linear(node: &Node, params: [usize; 2], rows: Option<[usize; 2]>) -> Kind {
    let own = node.params;
    let params = params.into_iter().filter(|param| *param < own.count);
    let params = params.map(|param| Piece { param: own.first + param, rows }).collect();
    Kind { params, ..Kind::plain("Linear", &[]) }
}
