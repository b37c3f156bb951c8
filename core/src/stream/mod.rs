//! Networks along time, one step at a time.

mod attention;
mod by_itself;
mod derive;
mod draft;
mod given;
mod kept;
mod recurrent;
mod steps;

use crate::backend::{Backend, Float};
use crate::data::Column;
use crate::error::{Error, Result};
use crate::model::{Model, arrays, device_of};
use crate::run::{Outcome, Task};
use crate::train::{Inputs, Target};
use crate::value::{Array, Value};
use given::{Given, kind, pieces};
use kept::{Kept, Now};
use steps::Steps;

/// A network that takes its sequence one step at a time, and remembers what it needs of the steps
/// before: [`Train::stream`](crate::train::Train::stream) makes it, or
/// [`Train::stream_with`](crate::train::Train::stream_with) where some inputs are given whole.
///
/// Each step gives what the whole sequence would give for it. Recurrent layers keep their state, causal
/// attention keys and values, positional encodings the number of the step. The last step
/// (`output = last`, `Select` along time, the last state of a recurrent layer) is the present one.
///
/// What depends only on inputs that are given whole is made once, whatever its layers are: an encoder, the
/// keys and values of a memory, first states. Where such a value meets the steps (`+`, `*`, `concat`), each
/// step takes its own row of it; `matmul(steps, value)` takes all of it.
///
/// Behind a sequence's length anything may be pushed: it changes no other step. Attention's own output there
/// is no number if the step's key or value is too large or none, where a whole sequence looks at nothing but
/// the steps within its length.
#[derive(Debug)]
pub struct Stream<E: Float, D: Backend<E>> {
    steps: &'static Steps,
    params: Vec<Array<E, D>>,
    device: D,
    given: Given<E, D>,
    memory: Vec<Kept<E, D>>,
    /// Steps so far, and sequences side by side.
    done: usize,
    sequences: usize,
}

impl<E: Float, D: Backend<E>> Stream<E, D> {
    pub(crate) fn of(
        model: &(impl Model<E, D> + ?Sized),
        given: &[(&str, &Column)],
    ) -> Result<Self> {
        let all = arrays(model)?;
        let device = device_of(&all);
        let (steps, given) = Given::of(model, &all, given, &device)?;
        let params = pieces(&all, &steps.params, &device)?;
        let first = |memory| Kept::first(memory, steps.time, &all, &given);
        let memory = steps.memory.iter().map(first).collect();
        Ok(Stream { steps, params, device, given, memory, done: 0, sequences: 0 })
    }

    /// Takes the next step, and gives the network's output for it: a column of as many samples as
    /// there are sequences, each of the input's shape without time. A network of several inputs takes
    /// those that were not given whole, in their order.
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
        for (column, port) in columns.iter().zip(self.steps.inputs()) {
            let value: Value<E, D> = column.into_value(&self.device)?;
            inputs.push(value.reshaped([&[sequences], port.shape].concat()));
        }
        let now = Now { done: self.done, time: self.steps.time, sequences };
        let ports = &self.steps.graph.inputs[inputs.len()..];
        for ((memory, kept), port) in self.steps.memory.iter().zip(&self.memory).zip(ports) {
            inputs.push(kept.value(memory, port.shape, now, &self.given, &self.device)?);
        }
        let task = Task {
            graph: self.steps.graph,
            params: &self.params,
            own: &[],
            inputs,
            tape: None,
            training: None,
            input_gradients: false,
        };
        let Outcome { outputs, .. } = D::run(task)?;
        let columns = self.columns(&outputs)?;
        for (memory, kept) in self.steps.memory.iter().zip(&mut self.memory) {
            kept.remember(memory, &outputs, now, &self.given);
        }
        (self.done, self.sequences) = (self.done + 1, sequences);
        Ok(columns)
    }

    /// Forgets all steps: the next one is the first of another sequence. What was given whole stays.
    pub fn reset(&mut self) {
        (self.done, self.sequences) = (0, 0);
        for (memory, kept) in self.steps.memory.iter().zip(&mut self.memory) {
            kept.reset(memory, &self.given);
        }
    }

    /// The steps so far.
    pub fn steps(&self) -> usize {
        self.done
    }

    /// The number of sequences, if the step is one.
    fn check(&self, columns: &[Column]) -> Result<usize> {
        let (graph, inputs) = (self.steps.graph, self.steps.inputs());
        if columns.len() != inputs.len() {
            let (count, found) = (inputs.len(), columns.len());
            let text = format!("a step of `{}` takes {count} inputs, not {found}", graph.name);
            return Err(Error::Data(text));
        }
        for (column, port) in columns.iter().zip(inputs) {
            let shape = port.shape.get(1..).unwrap_or(&[]);
            if column.shape() != shape || column.as_indices().is_some() != port.index {
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
        let sequences = self.sequences(columns)?;
        match self.steps.limit() {
            Some(limit) if self.done >= limit => Err(Error::Data(format!(
                "`{}` has room for {limit} steps, which it has taken: `reset` begins anew",
                graph.name
            ))),
            _ => Ok(sequences),
        }
    }

    /// How many sequences there are, if it is as many as before.
    fn sequences(&self, columns: &[Column]) -> Result<usize> {
        let (name, done) = (self.steps.graph.name, self.done);
        let count = columns.first().map_or(0, Column::len);
        let (before, help) = match (self.given.sequences, done) {
            (Some((input, before)), _) => (before, format!("as many as of `{input}`")),
            (None, 0) => (count.max(1), "at least one".into()),
            (None, _) => (self.sequences, "`reset` begins anew".into()),
        };
        match columns.iter().map(Column::len).find(|&len| len != before) {
            None => Ok(before),
            Some(len) => Err(Error::Data(format!(
                "`{name}` was given {len} sequences at step {done}, not {before}: {help}"
            ))),
        }
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
