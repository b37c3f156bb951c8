//! Networks along time, one step at a time.

mod attention;
mod derive;
mod draft;

use crate::backend::{Backend, Float};
use crate::data::Column;
use crate::error::{Error, Result};
use crate::model::{Model, arrays, device_of};
use crate::run::{Outcome, Task};
use crate::train::{Inputs, Target};
use crate::value::{Array, Value};
use crate::waves::waves;
use derive::{Memory, Steps};
use netwright_spec::graph::Graph;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// A network that takes its sequence one step at a time, and remembers what it needs of the steps
/// before: [`Train::stream`](crate::train::Train::stream) makes it.
///
/// Each step gives what the whole sequence would give for it. Recurrent layers keep their state, causal attention keys and values, positional
/// encodings the number of the step. The last step (`output = last`, `Select` along time) is the present
/// one.
#[derive(Debug)]
pub struct Stream<E: Float, D: Backend<E>> {
    steps: &'static Steps,
    params: Vec<Array<E, D>>,
    device: D,
    memory: Vec<Kept<E, D>>,
    /// Steps so far, and sequences side by side.
    done: usize,
    sequences: usize,
}

/// What is remembered.
#[derive(Clone, Debug)]
enum Kept<E: Float, D: Backend<E>> {
    /// Nothing but the number of the step, or not yet anything.
    Nothing,
    /// A state.
    State(Array<E, D>),
    /// Rows of all steps before, for each sequence.
    Rows(Vec<E>),
    /// A row for each step.
    Table(Vec<E>),
}

impl<E: Float, D: Backend<E>> Stream<E, D> {
    pub(crate) fn of(model: &(impl Model<E, D> + ?Sized)) -> Result<Self> {
        let steps = steps_of(model.graph())?;
        let all = arrays(model)?;
        let params = steps.params.iter().map(|&param| all[param].clone()).collect();
        let table = |memory: &Memory| match *memory {
            Memory::Waves { width } => Kept::Table(waves(steps.time, width).map(E::of).collect()),
            Memory::Learned { param, .. } => Kept::Table(all[param].data.as_vec()),
            _ => Kept::Nothing,
        };
        let memory = steps.memory.iter().map(table).collect();
        Ok(Stream { steps, params, device: device_of(&all), memory, done: 0, sequences: 0 })
    }

    /// Takes the next step, and gives the network's output for it: a column of as many samples as
    /// there are sequences, each of the input's shape without time.
    ///
    /// # Errors
    /// [`Error::Data`] if the step's shape or kind is not the network's, there are more or fewer
    /// sequences than before, attention or positions have no room for another step, or the network has
    /// several outputs: see [`Stream::push_all`]. What was remembered is as it was then.
    pub fn push(&mut self, step: &(impl Inputs + ?Sized)) -> Result<Column> {
        let mut outputs = self.push_all(step)?;
        match (outputs.pop(), outputs.is_empty()) {
            (Some(output), true) => Ok(output),
            _ => Err(Error::Data(format!(
                "`{}` has {} outputs; `push_all` gives them all",
                self.steps.graph.name,
                self.steps.along.len()
            ))),
        }
    }

    /// As [`Stream::push`], for a network of several outputs.
    ///
    /// # Errors
    /// As [`Stream::push`].
    pub fn push_all(&mut self, step: &(impl Inputs + ?Sized)) -> Result<Vec<Column>> {
        let columns = step.columns();
        let sequences = self.check(columns)?;
        let mut inputs = Vec::new();
        for (column, port) in columns.iter().zip(self.steps.graph.inputs) {
            let value: Value<E, D> = column.into_value(&self.device)?;
            inputs.push(value.reshaped([&[sequences], port.shape].concat()));
        }
        for (memory, kept) in self.steps.memory.iter().zip(&self.memory) {
            inputs.push(Value::Floats(self.remembered(memory, kept, sequences)?));
        }
        let task = Task {
            graph: self.steps.graph,
            params: &self.params,
            own: &[],
            inputs,
            tape: None,
            training: None,
            input_gradients: false,
            device: self.device.clone(),
        };
        let Outcome { outputs, .. } = D::run(task)?;
        let columns = self.columns(&outputs)?;
        self.remember(&outputs, sequences);
        Ok(columns)
    }

    /// Forgets all steps: the next one is the first of another sequence.
    pub fn reset(&mut self) {
        (self.done, self.sequences) = (0, 0);
        for kept in &mut self.memory {
            if !matches!(kept, Kept::Table(_)) {
                *kept = Kept::Nothing;
            }
        }
    }

    /// The steps so far.
    pub fn steps(&self) -> usize {
        self.done
    }

    /// The number of sequences, if the step is one.
    fn check(&self, columns: &[Column]) -> Result<usize> {
        let graph = self.steps.graph;
        let count = graph.inputs.len() - self.steps.memory.len();
        if columns.len() != count {
            let found = columns.len();
            return Err(Error::Data(format!("`{}` takes {count} inputs, not {found}", graph.name)));
        }
        for (column, port) in columns.iter().zip(graph.inputs) {
            let shape = port.shape.get(1..).unwrap_or(&[]);
            if column.shape() != shape || column.as_indices().is_some() != port.index {
                let kind = |index| if index { "indices" } else { "floats" };
                return Err(Error::Data(format!(
                    "a step of `{}` of `{}` is {} of shape {shape:?}, not {} of shape {:?}",
                    port.name,
                    graph.name,
                    kind(port.index),
                    kind(column.as_indices().is_some()),
                    column.shape()
                )));
            }
        }
        let sequences = columns.first().map_or(0, Column::len);
        let before = if self.done == 0 { sequences } else { self.sequences };
        if sequences == 0 || sequences != before || columns.iter().any(|c| c.len() != sequences) {
            return Err(Error::Data(format!(
                "`{}` was given {sequences} sequences at step {}, not {}: `reset` begins anew",
                graph.name,
                self.done,
                before.max(1)
            )));
        }
        match self.steps.limit() {
            Some(limit) if self.done >= limit => Err(Error::Data(format!(
                "`{}` has room for {limit} steps, which it has taken: `reset` begins anew",
                graph.name
            ))),
            _ => Ok(sequences),
        }
    }

    /// What goes in of the steps before.
    fn remembered(
        &self,
        memory: &Memory,
        kept: &Kept<E, D>,
        sequences: usize,
    ) -> Result<Array<E, D>> {
        let (time, done) = (self.steps.time, self.done);
        let (data, shape) = match (memory, kept) {
            (_, Kept::State(array)) => return Ok(array.clone()),
            (Memory::State { len, .. }, _) => (vec![E::default(); sequences * len], vec![*len]),
            (Memory::Rows { width, .. }, kept) => {
                let data = match kept {
                    Kept::Rows(rows) => rows.clone(),
                    _ => vec![E::default(); sequences * (time - 1) * width],
                };
                (data, vec![time - 1, *width])
            }
            (Memory::Seen, _) => {
                // The present step stands behind all others.
                let seen = |step| step < done || step + 1 == time;
                let hidden = E::of(f64::NEG_INFINITY);
                let row = (0..time).map(|step| if seen(step) { E::default() } else { hidden });
                (row.collect::<Vec<_>>().repeat(sequences), vec![1, time])
            }
            (Memory::Learned { width, .. } | Memory::Waves { width }, kept) => {
                let row = match kept {
                    Kept::Table(table) => &table[done * width..(done + 1) * width],
                    _ => &[],
                };
                (row.repeat(sequences), vec![1, *width])
            }
        };
        let count = data.len();
        let data = self.device.try_tensor_from_vec(data, (count,)).map_err(Error::device)?;
        Ok(Array { data, shape: [vec![sequences], shape].concat() })
    }

    /// Keeps what comes out for the next step.
    fn remember(&mut self, outputs: &[Array<E, D>], sequences: usize) {
        let (time, done) = (self.steps.time, self.done);
        for (memory, kept) in self.steps.memory.iter().zip(&mut self.memory) {
            match *memory {
                Memory::State { output, .. } => *kept = Kept::State(outputs[output].clone()),
                Memory::Rows { output, width } if done + 1 < time => {
                    let each = (time - 1) * width;
                    if !matches!(kept, Kept::Rows(_)) {
                        *kept = Kept::Rows(vec![E::default(); sequences * each]);
                    }
                    let Kept::Rows(rows) = kept else { continue };
                    let new = outputs[output].data.as_vec();
                    for (rows, new) in rows.chunks_exact_mut(each).zip(new.chunks_exact(width)) {
                        rows[done * width..(done + 1) * width].copy_from_slice(new);
                    }
                }
                _ => {}
            }
        }
        (self.done, self.sequences) = (done + 1, sequences);
    }

    /// The network's own outputs, without time.
    fn columns(&self, outputs: &[Array<E, D>]) -> Result<Vec<Column>> {
        let own = outputs.iter().zip(&self.steps.along);
        own.map(|(output, along)| {
            let data = output.data.as_vec().into_iter().map(|x| x.f64() as f32).collect();
            let shape = output.shape.get(1 + usize::from(*along)..).unwrap_or(&[]);
            Column::floats(data, shape)
        })
        .collect()
    }
}

/// The step of a network: made once for each graph.
fn steps_of(graph: &'static Graph) -> Result<&'static Steps> {
    static ALL: LazyLock<Mutex<HashMap<usize, &'static Steps>>> = LazyLock::new(Mutex::default);
    let key = std::ptr::from_ref(graph) as usize;
    let mut all = ALL.lock().map_err(|_| Error::Data("another thread has panicked".into()))?;
    if let Some(steps) = all.get(&key) {
        return Ok(steps);
    }
    let steps: &'static Steps = Box::leak(Box::new(Steps::of(graph)?));
    all.insert(key, steps);
    Ok(steps)
}
