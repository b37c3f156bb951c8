//! A graph while it is made: inputs are added to the end, so values get their numbers when it is whole.

use super::derive::{Memory, Steps};
use netwright_spec::graph::{Attr, Graph, Node, Output, Params, Port};

/// A value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ref {
    Input(usize),
    Node(usize),
}

/// Where a value of the network is, and whether it has a row for each step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) value: Ref,
    pub(super) along: bool,
}

/// Nodes and inputs so far.
#[derive(Default)]
pub(super) struct Draft {
    inputs: Vec<Port>,
    nodes: Vec<DraftNode>,
    memory: Vec<(Memory, Option<Ref>)>,
}

struct DraftNode {
    node: Node,
    inputs: Vec<Ref>,
    /// The network's parameters by number.
    params: Vec<usize>,
}

/// What is known of a new node beside the layer of the network that it is for.
pub(super) struct Kind {
    pub(super) kind: &'static str,
    pub(super) attrs: Vec<(&'static str, Attr)>,
    pub(super) params: Vec<usize>,
}

impl Kind {
    /// A layer without parameters.
    pub(super) fn plain(kind: &'static str, attrs: &[(&'static str, Attr)]) -> Self {
        Kind { kind, attrs: attrs.to_vec(), params: Vec::new() }
    }

    /// The same layer with the same parameters.
    pub(super) fn of(node: &Node) -> Self {
        Kind { kind: node.kind, attrs: node.attrs.to_vec(), params: node.reads().collect() }
    }

    /// With this attribute instead of the one of its name.
    pub(super) fn with(mut self, name: &'static str, attr: Attr) -> Self {
        self.attrs.retain(|(known, _)| *known != name);
        self.attrs.push((name, attr));
        self
    }
}

impl Draft {
    pub(super) fn input(&mut self, name: &'static str, shape: &[usize], index: bool) -> Ref {
        self.inputs.push(Port { name, shape: shape.to_vec().leak(), index });
        Ref::Input(self.inputs.len() - 1)
    }

    /// Adds what goes in of the steps before: its number, and the value.
    pub(super) fn memory(&mut self, memory: Memory, shape: &[usize]) -> (usize, Ref) {
        self.memory.push((memory, None));
        (self.memory.len() - 1, self.input("memory", shape, false))
    }

    /// What this memory will be in the next step.
    pub(super) fn remember(&mut self, memory: usize, value: Ref) {
        self.memory[memory].1 = Some(value);
    }

    /// The value of a memory that several layers share, if it is there.
    pub(super) fn known(&self, memory: &Memory) -> Option<Ref> {
        let at = self.memory.iter().position(|(known, _)| known == memory)?;
        Some(Ref::Input(self.inputs.len() - self.memory.len() + at))
    }

    /// Adds a node that stands for a layer of the network, or for a part of it.
    pub(super) fn node(
        &mut self,
        of: &'static Node,
        kind: Kind,
        inputs: Vec<Ref>,
        shape: &[usize],
    ) -> Ref {
        let Kind { kind, attrs, params } = kind;
        let node = Node { kind, attrs: attrs.leak(), shape: shape.to_vec().leak(), ..*of };
        self.nodes.push(DraftNode { node, inputs, params });
        Ref::Node(self.nodes.len() - 1)
    }

    /// The whole graph, which lives as long as the program: there is one for each network.
    pub(super) fn finish(self, network: &'static Graph, time: usize, ends: &[Flow]) -> Steps {
        let number = |value: Ref| match value {
            Ref::Input(number) => number,
            Ref::Node(number) => self.inputs.len() + number,
        };
        let named = network.outputs.iter().zip(ends);
        let named =
            named.map(|(output, end)| Output { name: output.name, value: number(end.value) });
        let mut outputs: Vec<Output> = named.collect();
        let mut memory = Vec::new();
        for (mut one, end) in self.memory {
            if let (Memory::State { output, .. } | Memory::Rows { output, .. }, Some(end)) =
                (&mut one, end)
            {
                *output = outputs.len();
                outputs.push(Output { name: "memory", value: number(end) });
            }
            memory.push(one);
        }
        let (mut nodes, mut params) = (Vec::new(), Vec::new());
        for DraftNode { node, inputs, params: own } in &self.nodes {
            let inputs: Vec<usize> = inputs.iter().map(|&input| number(input)).collect();
            let range = Params { first: params.len(), count: own.len() };
            params.extend(own);
            // Each node has a list of its own of all that it reads.
            nodes.push(Node { inputs: inputs.leak(), params: range, tied: None, ..*node });
        }
        let known: Vec<_> = params.iter().map(|&param: &usize| network.params[param]).collect();
        let graph = Graph {
            name: network.name,
            inputs: self.inputs.leak(),
            nodes: nodes.leak(),
            outputs: outputs.leak(),
            params: known.leak(),
        };
        let along = ends.iter().map(|end| end.along).collect();
        Steps { graph: Box::leak(Box::new(graph)), params, memory, time, along }
    }
}
