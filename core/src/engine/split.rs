//! A network with layers of the user's: the engine runs what stands around them, dfdx's tape
//! connects the parts.

use super::exec::Engine;
use super::run::run_on;
use crate::error::{Error, Result};
use crate::layers::{self, Call};
use crate::run::{Outcome, Task, batch_size};
use crate::value::{Array, Value};
use dfdx::prelude::*;
use netwright_spec::graph::{Graph, Inner, Node, Output, Param, Params, Port};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex};

/// A graph, cut at each layer of the user's.
pub(crate) struct Split {
    pub(crate) pieces: Vec<Piece>,
}

/// What runs at once.
pub(crate) enum Piece {
    /// On the engine.
    Part(Part),
    /// A node that is a layer of the user's.
    Own(usize),
}

/// Some nodes, one after the other, as a graph.
pub(crate) struct Part {
    pub(crate) graph: &'static Graph,
    /// The number of its first node in the whole.
    pub(crate) first: usize,
    engine: Arc<Engine>,
    /// The values that it takes and gives, by their numbers in the whole.
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    /// Its parameters, by their numbers in the whole.
    params: Vec<usize>,
}

/// The parts of a graph, made once for each graph; `None` if it has no layer of the user's, or one
/// that the engine lacks.
pub(crate) fn split_of(graph: &'static Graph) -> Option<Arc<Split>> {
    static SPLITS: LazyLock<Mutex<HashMap<usize, Option<Arc<Split>>>>> =
        LazyLock::new(Mutex::default);
    let key = std::ptr::from_ref(graph) as usize;
    SPLITS.lock().ok()?.entry(key).or_insert_with(|| Split::of(graph).map(Arc::new)).clone()
}

impl Split {
    /// Cuts the graph.
    pub(crate) fn of(graph: &'static Graph) -> Option<Split> {
        let own = |node: &Node| matches!(node.inner, Some(Inner::Own(_)));
        let cuts = graph.nodes.iter().enumerate().filter(|(_, node)| own(node));
        let cuts: Vec<usize> = cuts.map(|(number, _)| number).collect();
        if cuts.is_empty() {
            return None;
        }
        let (mut pieces, mut from) = (Vec::new(), 0);
        for cut in cuts {
            if from < cut {
                pieces.push(Piece::Part(Part::of(graph, from..cut)?));
            }
            pieces.push(Piece::Own(cut));
            from = cut + 1;
        }
        if from < graph.nodes.len() {
            pieces.push(Piece::Part(Part::of(graph, from..graph.nodes.len())?));
        }
        Some(Split { pieces })
    }

    /// Runs the network.
    pub(crate) fn run(&self, mut task: Task<'_, f32, Cpu>) -> Result<Outcome<f32, Cpu>> {
        let graph = task.graph;
        let batch = batch_size(graph, &task.inputs)?;
        let recording = task.tape.is_some();
        let count = graph.inputs.len() + graph.nodes.len();
        let mut values: Vec<Option<Value<f32, Cpu>>> =
            task.inputs.drain(..).map(Some).chain((0..).map(|_| None)).take(count).collect();
        let mut updates = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Part(part) => {
                    let outcome = part.run(&mut task, &values)?;
                    task.tape = outcome.tape;
                    updates.extend(outcome.updates.into_iter().map(|mut update| {
                        update.param = part.params[update.param];
                        update
                    }));
                    for (&number, array) in part.outputs.iter().zip(outcome.outputs) {
                        values[number] = Some(Value::Floats(array));
                    }
                }
                Piece::Own(number) => {
                    let array = own(&mut task, *number, batch, &values, recording)?;
                    values[graph.inputs.len() + number] = Some(Value::Floats(array));
                }
            }
        }
        let outputs = graph.outputs.iter().map(|output| match &values[output.value] {
            Some(Value::Floats(array)) => Ok(array.clone()),
            _ => Err(Error::Data(format!("the output `{}` holds no floats", output.name))),
        });
        Ok(Outcome { outputs: outputs.collect::<Result<_>>()?, tape: task.tape, updates })
    }
}

/// Runs a layer of the user's.
fn own(
    task: &mut Task<'_, f32, Cpu>,
    number: usize,
    batch: usize,
    values: &[Option<Value<f32, Cpu>>],
    recording: bool,
) -> Result<Array<f32, Cpu>> {
    let node = &task.graph.nodes[number];
    let Some(Inner::Own(own_number)) = node.inner else {
        return Err(layers::error(node, "is no layer of the user's"));
    };
    let inputs = node.inputs.iter().filter_map(|&value| values[value].clone());
    let inputs: Vec<Value<f32, Cpu>> = inputs.collect();
    let device = inputs[0].device().clone();
    let mut call = Call {
        number,
        node,
        params: &task.params[node.params.first..node.params.first + node.params.count],
        own: task.own,
        inputs,
        tape: task.tape.take(),
        batch,
        training: task.training,
        device: &device,
        updates: &mut Vec::new(),
    };
    // Not `layers::forward`, which would compile all layers of the portable path for `f32`, too.
    let (data, tape) = layers::own(&mut call, own_number)?.split_tape();
    // Without a recording the tape is dropped with what it holds.
    task.tape = recording.then_some(tape);
    Ok(Array { data, shape: [&[batch], node.shape].concat() })
}

impl Part {
    fn of(whole: &'static Graph, nodes: Range<usize>) -> Option<Part> {
        let cut = Cut::new(whole, nodes.clone());
        let graph: &Graph = Box::leak(Box::new(cut.graph()));
        let engine = Arc::new(Engine::of(graph, nodes.start)?);
        let Cut { inputs, outputs, params, .. } = cut;
        Some(Part { graph, first: nodes.start, engine, inputs, outputs, params })
    }

    fn run(
        &self,
        task: &mut Task<'_, f32, Cpu>,
        values: &[Option<Value<f32, Cpu>>],
    ) -> Result<Outcome<f32, Cpu>> {
        let params: Vec<_> = self.params.iter().map(|&param| task.params[param].clone()).collect();
        let inner = self.inputs.iter().any(|&value| value >= task.graph.inputs.len());
        let task = Task {
            graph: self.graph,
            params: &params,
            own: &[],
            inputs: self.inputs.iter().filter_map(|&value| values[value].clone()).collect(),
            tape: task.tape.take(),
            training: task.training,
            input_gradients: task.input_gradients || inner,
        };
        run_on(&self.engine, task)
    }
}

/// A part while its graph is made.
struct Cut {
    whole: &'static Graph,
    nodes: Range<usize>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    params: Vec<usize>,
}

impl Cut {
    fn new(whole: &'static Graph, nodes: Range<usize>) -> Self {
        let value = |node: usize| whole.inputs.len() + node;
        let mut cut = Cut { whole, nodes, inputs: vec![], outputs: vec![], params: vec![] };
        for node in &whole.nodes[cut.nodes.clone()] {
            for &input in node.inputs.iter().filter(|&&input| input < value(cut.nodes.start)) {
                add_once(&mut cut.inputs, input);
            }
            let Params { first, count } = node.params;
            (first..first + count).for_each(|param| add_once(&mut cut.params, param));
        }
        // Behind all others, which must lie side by side.
        let tied = whole.nodes[cut.nodes.clone()].iter().filter_map(|node| node.tied);
        tied.for_each(|param| add_once(&mut cut.params, param));
        let later = whole.nodes[cut.nodes.end..].iter().flat_map(|node| node.inputs.iter());
        let later = later.chain(whole.outputs.iter().map(|output| &output.value));
        let own = value(cut.nodes.start)..value(cut.nodes.end);
        later.filter(|value| own.contains(value)).for_each(|&v| add_once(&mut cut.outputs, v));
        cut
    }

    fn graph(&self) -> Graph {
        let inputs = self.inputs.iter().map(|&value| match self.whole.inputs.get(value) {
            Some(port) => *port,
            None => Port { name: "", shape: self.whole.shape_of(value), index: false },
        });
        let nodes = self.whole.nodes[self.nodes.clone()].iter().map(|node| self.node(node));
        let outputs =
            self.outputs.iter().map(|&value| Output { name: "", value: self.value(value) });
        let params = self.params.iter().map(|&param| self.whole.params[param]);
        Graph {
            name: self.whole.name,
            inputs: leaked(inputs),
            nodes: leaked(nodes),
            outputs: leaked(outputs),
            params: leaked::<Param>(params),
        }
    }

    fn node(&self, node: &Node) -> Node {
        let inputs = leaked(node.inputs.iter().map(|&value| self.value(value)));
        // The parameters of a node lie side by side: those of a shared layer came in together.
        let place = |param| self.params.iter().position(|&known| known == param);
        let first = place(node.params.first).unwrap_or(0);
        let tied = node.tied.and_then(place);
        Node { inputs, params: Params { first, ..node.params }, tied, ..*node }
    }

    /// A value's number in the part.
    fn value(&self, value: usize) -> usize {
        match value.checked_sub(self.whole.inputs.len() + self.nodes.start) {
            Some(node) if value >= self.whole.inputs.len() => self.inputs.len() + node,
            _ => self.inputs.iter().position(|&input| input == value).unwrap_or(0),
        }
    }
}

fn add_once(list: &mut Vec<usize>, item: usize) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Graphs live as long as the program: there is one for each part of each declared network.
fn leaked<T>(items: impl Iterator<Item = T>) -> &'static [T] {
    items.collect::<Vec<T>>().leak()
}
