//! Puts the graphs of networks that stand in another network as layers into that network's graph.
//!
//! `network!` cannot know how many nodes another network has, but the compiler does when it
//! evaluates constants. So everything here is a `const fn` over slices of the lengths that [`room`]
//! gives: a network without generics has its whole graph in `GRAPH`. The length of an array cannot
//! depend on a generic, so a generic network keeps the form that the macro wrote, and [`inlined`]
//! does the same when the program runs.
//!
//! `encoder: Encoder -> [64]` becomes the nodes of `Encoder`, named `encoder.conv1` and so on, and
//! their parameters `encoder.conv1.weight`.

mod out;

use crate::graph::{Declared, Graph, Init, Inner, Node, Output, Param, Params};
use out::{Made, Out, Prefix, slice};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How much a graph needs once everything is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Nodes.
    pub nodes: usize,
    /// Parameters.
    pub params: usize,
    /// Inputs of all nodes.
    pub inputs: usize,
    /// Bytes of all names that become longer.
    pub text: usize,
    /// Nodes, those that stand for a network included.
    pub values: usize,
    /// Applications of the user's layers.
    own: usize,
}

/// What arrays that cannot be borrowed forever are made of: nodes refer to parts of them.
#[derive(Debug)]
pub struct Pools<const I: usize, const T: usize> {
    /// The inputs of all nodes.
    pub inputs: [usize; I],
    /// All names that became longer.
    pub text: [u8; T],
}

/// The parts of a graph.
#[derive(Debug)]
pub struct Lists<const N: usize, const P: usize, const O: usize> {
    /// As in [`Graph`].
    pub nodes: [Node; N],
    /// As in [`Graph`].
    pub params: [Param; P],
    /// As in [`Graph`].
    pub outputs: [Output; O],
}

/// What the graph needs once everything is in it.
pub const fn room(graph: &Graph) -> Room {
    let mut out = Out::new();
    walk(graph, Place::root(graph), &mut out);
    out.at
}

/// The first of two steps; `V` is [`Room::values`].
pub const fn pools<const I: usize, const T: usize, const V: usize>(graph: &Graph) -> Pools<I, T> {
    let mut pools = Pools { inputs: [0; I], text: [0; T] };
    let mut values = [0; V];
    let mut out = Out::new();
    out.pools = Some((&mut pools.inputs, &mut pools.text));
    out.values = &mut values;
    walk(graph, Place::root(graph), &mut out);
    pools
}

/// The second step: the pools of the first, borrowed forever.
pub const fn lists<const N: usize, const P: usize, const O: usize, const V: usize>(
    graph: &Graph,
    inputs: &'static [usize],
    text: &'static [u8],
) -> Lists<N, P, O> {
    let (nodes, params, mut values) = ([NO_NODE; N], [NO_PARAM; P], [0; V]);
    let mut lists = Lists { nodes, params, outputs: [NO_OUTPUT; O] };
    let mut out = Out::new();
    out.made = Made { inputs, text };
    out.lists = Some((&mut lists.nodes, &mut lists.params));
    out.values = &mut values;
    walk(graph, Place::root(graph), &mut out);
    outputs(graph, &values, &mut lists.outputs);
    lists
}

/// Whether there is nothing to put in.
pub const fn is_flat(graph: &Graph) -> bool {
    let mut i = 0;
    while i < graph.nodes.len() {
        if let Some(Inner::Declared { .. }) = graph.nodes[i].inner {
            return false;
        }
        i += 1;
    }
    true
}

/// The graph with everything in it, made once for each graph that is not a constant already.
pub fn inlined(graph: &'static Graph) -> &'static Graph {
    static KNOWN: Mutex<BTreeMap<usize, &'static Graph>> = Mutex::new(BTreeMap::new());
    if is_flat(graph) {
        return graph;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(std::ptr::from_ref(graph) as usize).or_insert_with(|| made(graph))
}

fn made(graph: &Graph) -> &'static Graph {
    let room = room(graph);
    let mut values = vec![0; room.values];
    let (mut inputs, mut text) = (vec![0; room.inputs], vec![0; room.text]);
    let mut out = Out::new();
    out.pools = Some((&mut inputs, &mut text));
    out.values = &mut values;
    walk(graph, Place::root(graph), &mut out);
    let (mut nodes, mut params) = (vec![NO_NODE; room.nodes], vec![NO_PARAM; room.params]);
    let mut out = Out::new();
    out.made = Made { inputs: inputs.leak(), text: text.leak() };
    out.lists = Some((&mut nodes, &mut params));
    out.values = &mut values;
    walk(graph, Place::root(graph), &mut out);
    let mut ends = vec![NO_OUTPUT; graph.outputs.len()];
    outputs(graph, &values, &mut ends);
    Box::leak(Box::new(Graph {
        nodes: nodes.leak(),
        params: params.leak(),
        outputs: ends.leak(),
        ..*graph
    }))
}

const fn outputs(graph: &Graph, values: &[usize], to: &mut [Output]) {
    let mut i = 0;
    while i < to.len() {
        let Output { name, value } = graph.outputs[i];
        let inputs = graph.inputs.len();
        to[i] = Output { name, value: if value < inputs { value } else { values[value - inputs] } };
        i += 1;
    }
}

const NO_NODE: Node = Node {
    name: "",
    kind: "",
    inputs: &[],
    shape: &[],
    attrs: &[],
    params: Params { first: 0, count: 0 },
    tied: None,
    line: 0,
    inner: None,
};
const NO_PARAM: Param = Param { name: "", shape: &[], init: Init::Zeros, trainable: false };
const NO_OUTPUT: Output = Output { name: "", value: 0 };

/// Where a graph stands in the one that all of it goes into.
#[derive(Clone, Copy)]
struct Place<'a> {
    prefix: Option<&'a Prefix<'a>>,
    /// The inputs of the outermost graph: its nodes' values come behind them.
    inputs: usize,
    /// The value that the graph takes, unless it is the outermost.
    input: usize,
    /// The number that its first parameter gets.
    param: usize,
    /// The parameters are not those of an earlier application.
    fresh: bool,
}

impl<'a> Place<'a> {
    const fn root(graph: &Graph) -> Self {
        Place { prefix: None, inputs: graph.inputs.len(), input: 0, param: 0, fresh: true }
    }
}

/// Adds a graph; returns the number of the value that it gives.
const fn walk(graph: &Graph, place: Place<'_>, out: &mut Out<'_>) -> usize {
    let values = out.at.values;
    out.at.values += graph.nodes.len();
    let inputs = graph.inputs.len();
    let mut brought = Brought { all: 0, listed: 0 };
    let mut number = 0;
    while number < graph.nodes.len() {
        let node = &graph.nodes[number];
        let owner = brought.owner(graph, number);
        let fresh = place.fresh && owner == number;
        let first =
            place.param + if owner == number { brought.all } else { params_before(graph, owner) };
        brought.add(node, number);
        let value = match node.inner {
            Some(Inner::Declared { layer, .. }) => {
                let input = out.value(node.inputs[0], values, place, inputs);
                let name = Prefix { outer: place.prefix, name: node.name, index: None };
                let place = Place { prefix: Some(&name), input, param: first, fresh, ..place };
                put(layer, node, place, out)
            }
            _ => {
                out.inputs(node, values, place, inputs);
                add(graph, node, (first, fresh), place, out);
                place.inputs + out.at.nodes - 1
            }
        };
        if !out.values.is_empty() {
            out.values[values + number] = value;
        }
        number += 1;
    }
    out.value(graph.outputs[0].value, values, place, inputs)
}

/// Adds a node that is a layer of the catalogue, or one of the user's that was put in before.
const fn add(
    graph: &Graph,
    node: &Node,
    (first, fresh): (usize, bool),
    place: Place<'_>,
    out: &mut Out<'_>,
) {
    let inner = match node.inner {
        Some(_) => Some(out.own()),
        None => None,
    };
    let tied = match node.tied {
        Some(param) => Some(place.param + number_among_all(graph, param)),
        None => None,
    };
    let name = out.name(place.prefix, node.name);
    out.node(Node { name, params: Params { first, ..node.params }, tied, inner, ..*node });
    if fresh {
        let params = slice(graph.params, node.params.first, node.params.count);
        out.params(place.prefix, params, first);
    }
}

/// Puts in what a node stands for, under the name that is the place's prefix; returns the number of
/// the value that it gives.
const fn put(layer: Declared, node: &Node, place: Place<'_>, out: &mut Out<'_>) -> usize {
    match layer {
        Declared::Network(graph) => walk(graph, place, out),
        Declared::Own(params) => {
            let (inner, name) = (Some(out.own()), out.path(place.prefix));
            out.input(place.input);
            let range = Params { first: place.param, count: params.len() };
            out.node(Node { name, inputs: &[0], params: range, inner, ..*node });
            if place.fresh {
                out.params(place.prefix, params, place.param);
            }
            place.inputs + out.at.nodes - 1
        }
        Declared::Repeated(layer, times) => {
            let (mut i, mut input) = (0, place.input);
            while i < times {
                let name = Prefix { outer: place.prefix, name: "", index: Some(i) };
                let param = place.param + i * params_of(*layer);
                input =
                    put(*layer, node, Place { prefix: Some(&name), input, param, ..place }, out);
                i += 1;
            }
            input
        }
    }
}

/// How many parameters it brings.
const fn params_of(layer: Declared) -> usize {
    match layer {
        Declared::Network(graph) => params_before(graph, graph.nodes.len()),
        Declared::Own(params) => params.len(),
        Declared::Repeated(layer, times) => params_of(*layer) * times,
    }
}

/// The parameters that the nodes so far have brought with them.
struct Brought {
    all: usize,
    /// Those that are in the graph's own list.
    listed: usize,
}

impl Brought {
    /// The node whose parameters the next one has: itself, or a shared layer's first application.
    const fn owner(&self, graph: &Graph, number: usize) -> usize {
        let node = &graph.nodes[number];
        let mut owner = number;
        if let Some(Inner::Declared { first, .. }) = node.inner {
            owner = first;
        } else if node.params.count > 0 && node.params.first < self.listed {
            owner = 0;
            while graph.nodes[owner].params.count == 0
                || graph.nodes[owner].params.first != node.params.first
            {
                owner += 1;
            }
        }
        owner
    }

    const fn add(&mut self, node: &Node, number: usize) {
        self.all += match node.inner {
            Some(Inner::Declared { first, .. }) if first != number => 0,
            Some(Inner::Declared { layer, .. }) => params_of(layer),
            _ if node.params.first < self.listed => 0,
            _ => {
                self.listed += node.params.count;
                node.params.count
            }
        };
    }
}

/// How many parameters the nodes before this one bring.
const fn params_before(graph: &Graph, number: usize) -> usize {
    let mut brought = Brought { all: 0, listed: 0 };
    let mut i = 0;
    while i < number {
        brought.add(&graph.nodes[i], i);
        i += 1;
    }
    brought.all
}

/// The number that a parameter of the graph's own list has among all that its nodes bring.
const fn number_among_all(graph: &Graph, param: usize) -> usize {
    let mut number = 0;
    while number < graph.nodes.len() {
        let Params { first, count } = graph.nodes[number].params;
        if first <= param && param < first + count {
            return params_before(graph, number) + param - first;
        }
        number += 1;
    }
    param
}

#[cfg(test)]
mod tests;
