//! What is kept from step to step, and how it goes into the next one.

use super::given::{Given, array};
use super::steps::Memory;
use crate::backend::{Backend, Float};
use crate::data::Column;
use crate::error::Result;
use crate::train::Target;
use crate::value::{Array, Value};
use crate::waves::waves;

/// What is kept.
#[derive(Clone, Debug)]
pub(super) enum Kept<E: Float, D: Backend<E>> {
    /// Nothing but the number of the step, or not yet anything.
    Nothing,
    /// What goes in as it is.
    Whole(Array<E, D>),
    /// Rows or columns of all steps before, for each sequence.
    All(Vec<E>),
    /// A row for each step, the same for all sequences.
    Table(Vec<E>),
    /// A row for each step of each sequence.
    Tables(Vec<E>),
}

/// Where a stream is.
#[derive(Clone, Copy)]
pub(super) struct Now {
    /// Steps so far.
    pub(super) done: usize,
    /// Steps of the network.
    pub(super) time: usize,
    pub(super) sequences: usize,
}

impl<E: Float, D: Backend<E>> Kept<E, D> {
    /// Before the first step.
    pub(super) fn first(
        memory: &Memory,
        time: usize,
        all: &[Array<E, D>],
        given: &Given<E, D>,
    ) -> Self {
        match *memory {
            Memory::State { first: Some(made), .. } | Memory::Given { made } => {
                Kept::Whole(given.made[made].clone())
            }
            Memory::Row { made } => Kept::Tables(given.made[made].data.as_vec()),
            Memory::Waves { width } => Kept::Table(waves(time, width).map(E::of).collect()),
            Memory::Learned { param } => Kept::Table(all[param].data.as_vec()),
            _ => Kept::Nothing,
        }
    }

    /// As before the first step.
    pub(super) fn reset(&mut self, memory: &Memory, given: &Given<E, D>) {
        match *memory {
            Memory::State { first: Some(made), .. } => {
                *self = Kept::Whole(given.made[made].clone())
            }
            Memory::State { .. } | Memory::All { .. } => *self = Kept::Nothing,
            _ => {}
        }
    }

    /// What goes into this step, of this shape for each sequence.
    pub(super) fn value(
        &self,
        memory: &Memory,
        shape: &[usize],
        now: Now,
        given: &Given<E, D>,
        device: &D,
    ) -> Result<Value<E, D>> {
        let Now { done, sequences, time } = now;
        if let Memory::There { lengths } = *memory {
            let there = given.indices[lengths].iter().map(|&end| usize::from(done < end));
            return Column::labels(there.collect()).into_value(device);
        }
        let width: usize = shape.iter().product();
        let data = match self {
            Kept::Whole(whole) => return Ok(Value::Floats(whole.clone())),
            Kept::All(all) => all.clone(),
            Kept::Table(table) => table[done * width..(done + 1) * width].repeat(sequences),
            Kept::Tables(tables) => tables
                .chunks_exact(time * width)
                .flat_map(|table| &table[done * width..(done + 1) * width])
                .copied()
                .collect(),
            Kept::Nothing => {
                let lengths = |input: usize| given.indices.get(input).map(Vec::as_slice);
                (0..sequences)
                    .flat_map(|i| row(memory, width, now, |n| lengths(n)?.get(i).copied()))
                    .collect()
            }
        };
        Ok(Value::Floats(array(data, [&[sequences], shape].concat(), device)?))
    }

    /// Keeps what comes out for the next step.
    pub(super) fn remember(
        &mut self,
        memory: &Memory,
        outputs: &[Array<E, D>],
        now: Now,
        given: &Given<E, D>,
    ) {
        let Now { done, sequences, time } = now;
        match *memory {
            Memory::State { output, .. } => *self = Kept::Whole(outputs[output].clone()),
            Memory::All { output, columns, lengths } if done + 1 < time => {
                let new = outputs[output].data.as_vec();
                let (width, before) = (new.len() / sequences.max(1), time - 1);
                if !matches!(self, Kept::All(_)) {
                    *self = Kept::All(vec![E::default(); new.len() * before]);
                }
                let Kept::All(all) = self else { return };
                let [first, apart] = if columns { [done, before] } else { [done * width, 1] };
                let ends = lengths.map(|lengths| given.indices[lengths].as_slice());
                let sequences = all.chunks_exact_mut(before * width).zip(new.chunks_exact(width));
                for (sequence, (all, new)) in sequences.enumerate() {
                    // A weight of 0 does not hide what is not finite.
                    if ends.is_some_and(|ends| done >= ends[sequence]) {
                        continue;
                    }
                    let places = all[first..].iter_mut().step_by(apart);
                    places.zip(new).for_each(|(place, new)| *place = *new);
                }
            }
            _ => {}
        }
    }
}

/// What goes in of one sequence where nothing is kept: zeros, or what its length says.
fn row<E: Float>(
    memory: &Memory,
    width: usize,
    Now { done, time, .. }: Now,
    length: impl Fn(usize) -> Option<usize>,
) -> Vec<E> {
    let hidden = |hide: bool| E::of(if hide { f64::NEG_INFINITY } else { 0.0 });
    match *memory {
        Memory::Seen { lengths } => {
            let end = lengths.and_then(length).unwrap_or(time);
            // The present step stands behind all others.
            let step = |at| if at + 1 == time { done } else { at };
            let there = |at| (at < done || at + 1 == time) && step(at) < end;
            (0..time).map(|at| hidden(!there(at))).collect()
        }
        Memory::Looked { lengths } => {
            let end = length(lengths).unwrap_or(width);
            (0..width).map(|at| hidden(at >= end)).collect()
        }
        _ => vec![E::default(); width],
    }
}
