//! What a stream runs for each step, and what it keeps: made once for each network and choice of
//! inputs that are given whole.

use super::derive::Derivation;
use super::draft::Piece;
use crate::error::{Error, Result};
use netwright_spec::graph::{Graph, Node, Port};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// A network's step.
#[derive(Debug)]
pub(crate) struct Steps {
    /// What is run for each step.
    pub(crate) graph: &'static Graph,
    /// The network's parameters in the order of this graph.
    pub(crate) params: Vec<Piece>,
    /// What goes in behind the inputs that have time, in this order.
    pub(crate) memory: Vec<Memory>,
    /// The steps of the network.
    pub(crate) time: usize,
    /// Whether each of the network's outputs has a row for each step.
    pub(crate) along: Vec<bool>,
    /// What is run before the first step.
    pub(crate) once: Once,
}

/// What is made of the inputs that are given whole.
#[derive(Debug)]
pub(crate) struct Once {
    /// Its outputs are kept.
    pub(crate) graph: &'static Graph,
    /// The network's parameters in the order of this graph.
    pub(crate) params: Vec<Piece>,
    /// The numbers among the given inputs of those that it takes.
    pub(crate) inputs: Vec<usize>,
    /// Lengths that only the steps read.
    pub(crate) lengths: Vec<Lengths>,
    /// What is not to be seen of its outputs.
    pub(crate) hidden: Vec<Hidden>,
}

/// What lies behind a length of each sequence in something that was made: it becomes 0.
#[derive(Debug)]
pub(crate) struct Hidden {
    /// The number of what was made.
    pub(crate) made: usize,
    /// The axis that the length is of.
    pub(crate) axis: usize,
    /// The number of the length among the given inputs.
    pub(crate) lengths: usize,
}

/// An input that is a length of each sequence.
#[derive(Debug)]
pub(crate) struct Lengths {
    /// The layer that takes it.
    pub(crate) node: &'static Node,
    /// Its number among the given inputs.
    pub(crate) input: usize,
    /// How many steps there can be.
    pub(crate) steps: usize,
}

/// What a step takes that is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Memory {
    /// What an output of this number was in the step before; in the first, zeros or what was made
    /// before.
    State { output: usize, first: Option<usize> },
    /// What an output of this number was in all steps before: a row or a column for each, of 0 behind a
    /// sequence's length.
    All { output: usize, columns: bool, lengths: Option<usize> },
    /// Which of these, and of the present one, are there: 0, and -∞ for those that are not, or
    /// lie behind a sequence's length.
    Seen { lengths: Option<usize> },
    /// The row of this step of a parameter `[time, width]`.
    Learned { param: usize },
    /// The sines and cosines of this step.
    Waves { width: usize },
    /// What was made before, whole.
    Given { made: usize },
    /// Its row of this step.
    Row { made: usize },
    /// Which of the steps that are looked at are there: 0, and -∞ behind a sequence's length.
    Looked { lengths: usize },
    /// How many steps a sequence has of this one: 1, or behind its length 0.
    There { lengths: usize },
}

impl Memory {
    /// Whether there is room for so many steps only.
    fn ends(&self) -> bool {
        use Memory::*;
        matches!(self, All { .. } | Seen { .. } | Learned { .. } | Waves { .. } | Row { .. })
    }
}

impl Steps {
    /// The steps of a network of which these inputs, by their numbers, are given whole.
    ///
    /// # Errors
    /// [`Error::Layer`] for a layer that needs more than the steps so far, [`Error::Data`] for an
    /// input that has none.
    pub(crate) fn of(graph: &'static Graph, given: &[usize]) -> Result<&'static Steps> {
        type All = HashMap<(usize, Vec<usize>), &'static Steps>;
        static ALL: LazyLock<Mutex<All>> = LazyLock::new(Mutex::default);
        let key = (std::ptr::from_ref(graph) as usize, given.to_vec());
        let mut all = ALL.lock().map_err(|_| Error::Data("another thread has panicked".into()))?;
        if let Some(steps) = all.get(&key) {
            return Ok(steps);
        }
        let time = time_of(graph, given)?;
        let steps: &'static Steps = Box::leak(Box::new(Derivation::of(graph, time, given)?));
        all.insert(key, steps);
        Ok(steps)
    }

    /// The inputs of each step.
    pub(crate) fn inputs(&self) -> &'static [Port] {
        &self.graph.inputs[..self.graph.inputs.len() - self.memory.len()]
    }

    /// After how many steps nothing more can be remembered.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.memory.iter().any(Memory::ends).then_some(self.time)
    }
}

/// The first axis of all inputs that are not given.
fn time_of(graph: &Graph, given: &[usize]) -> Result<usize> {
    let own = graph.inputs.iter().enumerate().filter(|(number, _)| !given.contains(number));
    let own: Vec<&Port> = own.map(|(_, port)| port).collect();
    let time = |port: &Port| port.shape.first().copied();
    let Some(first) = own.first() else {
        return Err(Error::Data(format!(
            "`{}` cannot run step by step: all its inputs are given whole, none is left for the steps",
            graph.name
        )));
    };
    match time(first) {
        Some(steps) if own.iter().all(|port| time(port) == Some(steps)) => Ok(steps),
        _ => {
            let inputs =
                own.iter().map(|Port { name, shape, .. }| format!("`{name}` is {shape:?}"));
            let inputs = inputs.collect::<Vec<_>>().join(", ");
            Err(Error::Data(format!(
                "`{}` cannot run step by step: all its inputs need the same time as their first \
                 axis, but {inputs}; one that is the same for all steps is given whole: \
                 `stream_with(&[(\"its name\", &column)])`",
                graph.name
            )))
        }
    }
}
