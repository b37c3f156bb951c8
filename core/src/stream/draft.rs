//! A graph while it is made: inputs are added to the end, so values get their numbers when it is whole.

use super::steps::Memory;
use netwright_spec::graph::{Attr, Graph, Node, Output, Param, Params, Port};

/// A value of a draft.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ref {
    Input(usize),
    Node(usize),
}

/// A graph so far.
#[derive(Default)]
pub(super) struct Draft {
    inputs: Vec<Port>,
    nodes: Vec<DraftNode>,
    memory: Vec<(Memory, Option<Ref>)>,
}

struct DraftNode {
    node: Node,
    inputs: Vec<Ref>,
    params: Vec<Piece>,
}

/// A parameter of the network, or some of its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    /// Its number.
    pub(crate) param: usize,
    /// The first row, and how many.
    pub(crate) rows: Option<[usize; 2]>,
}

impl Piece {
    /// All of it.
    pub(super) fn whole(param: usize) -> Self {
        Piece { param, rows: None }
    }

    fn known(self, network: &Graph) -> Param {
        let whole = network.params[self.param];
        let Some([_, rows]) = self.rows else { return whole };
        let shape = [&[rows], whole.shape.get(1..).unwrap_or(&[])].concat();
        Param { shape: shape.leak(), ..whole }
    }
}

/// What is known of a new node beside the layer of the network that it is for.
pub(super) struct Kind {
    pub(super) kind: &'static str,
    pub(super) attrs: Vec<(&'static str, Attr)>,
    pub(super) params: Vec<Piece>,
}

impl Kind {
    /// A layer without parameters.
    pub(super) fn plain(kind: &'static str, attrs: &[(&'static str, Attr)]) -> Self {
        Kind { kind, attrs: attrs.to_vec(), params: Vec::new() }
    }

    /// The same layer with the same parameters.
    pub(super) fn of(node: &Node) -> Self {
        let params = node.reads().map(Piece::whole).collect();
        Kind { kind: node.kind, attrs: node.attrs.to_vec(), params }
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

    /// Adds what is kept and goes in: its number, and the value.
    pub(super) fn memory(&mut self, memory: Memory, shape: &[usize]) -> (usize, Ref) {
        let index = matches!(memory, Memory::There { .. });
        self.memory.push((memory, None));
        (self.memory.len() - 1, self.input("memory", shape, index))
    }

    /// What this memory will be in the next step.
    pub(super) fn remember(&mut self, memory: usize, value: Ref) {
        self.memory[memory].1 = Some(value);
    }

    /// The value of a memory that several layers share.
    pub(super) fn shared(&mut self, memory: Memory, shape: &[usize]) -> Ref {
        match self.memory.iter().position(|(known, _)| *known == memory) {
            Some(at) => Ref::Input(self.inputs.len() - self.memory.len() + at),
            None => self.memory(memory, shape).1,
        }
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

    /// All that is kept, and the values that it will be in the next step, which come out behind so
    /// many outputs.
    pub(super) fn memories(&mut self, mut outputs: usize) -> (Vec<Memory>, Vec<Ref>) {
        let (mut memory, mut values) = (Vec::new(), Vec::new());
        for (mut one, end) in std::mem::take(&mut self.memory) {
            if let (Memory::State { output, .. } | Memory::All { output, .. }, Some(end)) =
                (&mut one, end)
            {
                *output = outputs;
                outputs += 1;
                values.push(end);
            }
            memory.push(one);
        }
        (memory, values)
    }

    /// All inputs by their numbers.
    pub(super) fn inputs(&self) -> Vec<usize> {
        (0..self.inputs.len()).collect()
    }

    /// The inputs that these outputs need, and the nodes.
    pub(super) fn needed(&self, outputs: &[(&'static str, Ref)]) -> [Vec<usize>; 2] {
        let (mut inputs, mut nodes) =
            (vec![false; self.inputs.len()], vec![false; self.nodes.len()]);
        let mut need = |value: &Ref, nodes: &mut [bool]| match *value {
            Ref::Input(number) => inputs[number] = true,
            Ref::Node(number) => nodes[number] = true,
        };
        outputs.iter().for_each(|(_, value)| need(value, &mut nodes));
        for (number, node) in self.nodes.iter().enumerate().rev() {
            if nodes[number] {
                node.inputs.iter().for_each(|value| need(value, &mut nodes));
            }
        }
        let numbers = |list: Vec<bool>| (0..list.len()).filter(|&number| list[number]).collect();
        [numbers(inputs), numbers(nodes)]
    }

    /// The graph of these inputs, which lives as long as the program, and its parameters. Nodes that
    /// no output needs are left out: the engine makes no plan for values that nobody reads.
    pub(super) fn finish(
        self,
        network: &'static Graph,
        outputs: &[(&'static str, Ref)],
        inputs: &[usize],
    ) -> (&'static Graph, Vec<Piece>) {
        let [_, kept] = self.needed(outputs);
        let number = |value: Ref| match value {
            Ref::Input(number) => inputs.partition_point(|&input| input < number),
            Ref::Node(number) => inputs.len() + kept.partition_point(|&node| node < number),
        };
        let output = |&(name, value): &(&'static str, Ref)| Output { name, value: number(value) };
        let outputs: Vec<Output> = outputs.iter().map(output).collect();
        let (mut nodes, mut params) = (Vec::new(), Vec::new());
        for DraftNode { node, inputs, params: own } in kept.iter().map(|&kept| &self.nodes[kept]) {
            let inputs: Vec<usize> = inputs.iter().map(|&input| number(input)).collect();
            let range = Params { first: params.len(), count: own.len() };
            params.extend(own);
            // Each node has a list of its own of all that it reads.
            nodes.push(Node { inputs: inputs.leak(), params: range, tied: None, ..*node });
        }
        let known: Vec<Param> = params.iter().map(|piece: &Piece| piece.known(network)).collect();
        let ports: Vec<Port> = inputs.iter().map(|&input| self.inputs[input]).collect();
        let graph = Graph {
            name: network.name,
            inputs: ports.leak(),
            nodes: nodes.leak(),
            outputs: outputs.leak(),
            params: known.leak(),
        };
        (Box::leak(Box::new(graph)), params)
    }
}
