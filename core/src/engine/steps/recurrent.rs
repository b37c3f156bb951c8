//! `Rnn`, `Lstm` and `Gru`.
//!
//! Time is the first axis inside, then the samples of the chunk: the product of the input is one for
//! all steps, and that of the state one for each, over all samples.

mod edges;
mod packed;
mod state;

use super::{Call, Deliver, Purpose, Source, Step, add};
use crate::engine::chunk::{ALIGNMENT, Chunk, Edge, Slot, two, two_mut};
use crate::engine::kernels::conv::Act;
use crate::engine::kernels::linear::{Linear, Onto};
use crate::engine::kernels::recurrent::{Backward, Forward, Steps};
use crate::engine::threads::share;
use packed::Packed;
use state::State;
use std::ops::Range;

/// Samples that share a step's weights: fewer would wait for them.
const SAMPLES: usize = 16;

/// From so many steps on, a second thread is there before they are done.
const LONG: usize = 16;

/// A direction of the layer.
#[derive(Debug)]
pub(crate) struct Direction {
    /// From the end to the beginning.
    pub(crate) reverse: bool,
    /// Where its gates, states and what it keeps lie, in this order; see [`Parts`].
    pub(crate) room: Slot,
    /// The numbers of both weights, and of both biases.
    pub(crate) weights: [usize; 2],
    pub(crate) biases: Option<[usize; 2]>,
}

/// A state along time.
#[derive(Debug)]
pub(crate) struct RecurrentStep {
    pub(crate) kind: &'static str,
    pub(crate) x: Edge,
    pub(crate) y: Slot,
    pub(crate) sizes: Sizes,
    pub(crate) steps: Steps,
    pub(crate) directions: Vec<Direction>,
    /// Only the states behind the last step come out.
    pub(crate) last: bool,
    /// The state before the first step, and an `Lstm`'s memory; zeros where it is empty.
    pub(crate) first: Vec<Edge>,
    /// The state behind the last step comes out too, behind all others, and an `Lstm`'s memory.
    pub(crate) ends: bool,
    /// The number of the network's input that holds how many steps each sample has. Without a step,
    /// a state stays as it is.
    pub(crate) lengths: Option<usize>,
    /// The products of the input and of the state.
    pub(crate) input: Linear,
    pub(crate) hidden: Linear,
    /// Whether a backward may follow.
    pub(crate) backward: bool,
}

/// What one sample has of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) time: usize,
    pub(crate) features: usize,
    pub(crate) hidden: usize,
    /// Of a step.
    pub(crate) gates: usize,
    pub(crate) kept: usize,
}

impl Sizes {
    /// Floats of a direction's room.
    pub(crate) fn room(&self) -> usize {
        self.time * self.gates + (self.time + 1) * (self.hidden + self.kept)
    }

    /// Floats of the parameters of a direction: weights, then biases.
    fn parameters(&self, biases: bool) -> [usize; 4] {
        let bias = if biases { self.gates } else { 0 };
        [self.gates * self.features, self.gates * self.hidden, bias, bias]
    }
}

/// The parts of a direction's room for `n` samples, or of its gradients.
struct Parts<'a> {
    /// Step by step, sample by sample.
    gates: &'a mut [f32],
    /// The states, one more than there are steps.
    states: &'a mut [f32],
    /// What is kept, as many.
    kept: &'a mut [f32],
}

impl<'a> Parts<'a> {
    fn of(room: &'a mut [f32], sizes: Sizes, n: usize) -> Self {
        let (gates, rest) = room.split_at_mut(sizes.time * sizes.gates * n);
        let (states, kept) = rest.split_at_mut((sizes.time + 1) * sizes.hidden * n);
        Parts { gates, states, kept }
    }
}

/// The samples that lack the step at this time.
fn absent(lengths: &[usize], at: usize) -> impl Iterator<Item = usize> + '_ {
    let lengths = lengths.iter().enumerate().filter(move |(_, length)| **length <= at);
    lengths.map(|(sample, _)| sample)
}

/// The floats of one sample.
fn row(sample: usize, len: usize) -> Range<usize> {
    sample * len..(sample + 1) * len
}

/// Before a step, and behind it.
fn around(all: &mut [f32], step: usize, len: usize) -> (&[f32], &mut [f32]) {
    let (before, after) = all.split_at_mut((step + 1) * len);
    (&before[step * len..], &mut after[..len])
}

impl RecurrentStep {
    /// The time of a step.
    fn at(&self, direction: &Direction, step: usize) -> usize {
        if direction.reverse { self.sizes.time - 1 - step } else { step }
    }

    /// How many steps the samples of a chunk have; empty if all have all.
    fn lengths<'a>(&self, call: &Call<'a>, chunk: &Chunk) -> &'a [usize] {
        match self.lengths.map(|input| call.inputs[input]) {
            Some(Source::Indices(lengths)) => &lengths[chunk.first..chunk.first + chunk.n],
            _ => &[],
        }
    }

    /// One direction, from `x` step by step; see [`State`] for `work`.
    fn run(
        &self,
        call: &Call<'_>,
        number: usize,
        x: &[f32],
        work: &mut [f32],
        (room, lengths): (&mut [f32], &[usize]),
    ) {
        let (sizes, direction) = (self.sizes, &self.directions[number]);
        let n = x.len() / (sizes.time * sizes.features);
        let Parts { gates, states, kept } = Parts::of(room, sizes, n);
        let mut state = State::new(self, (call, number), n, work);
        self.input_products(call, number, n, (x, state.input_bias), gates);
        let (hidden, of_kept) = (n * sizes.hidden, n * sizes.kept);
        if self.first.is_empty() {
            states[..hidden].fill(0.0);
            kept[..of_kept].fill(0.0);
        }
        if self.divides(n) && lengths.is_empty() {
            let sequence = state.sequence([gates, states, kept]);
            return self.steps.sequence(sequence, call.threads);
        }
        for (step, gates) in gates.chunks_exact_mut(n * sizes.gates).enumerate() {
            let (before, after) = around(states, step, hidden);
            let (kept_before, kept) = around(kept, step, of_kept);
            let hidden = state.product(before, gates);
            self.steps.forward(Forward {
                gates,
                hidden,
                before,
                after: &mut *after,
                kept_before,
                kept: &mut *kept,
            });
            for sample in absent(lengths, self.at(direction, step)) {
                let state = row(sample, sizes.hidden);
                after[state.clone()].copy_from_slice(&before[state]);
                let kept_row = row(sample, sizes.kept);
                kept[kept_row.clone()].copy_from_slice(&kept_before[kept_row]);
            }
        }
    }

    /// The products of the input, of all steps at once.
    fn input_products(
        &self,
        call: &Call<'_>,
        number: usize,
        n: usize,
        (x, bias): (&[f32], Option<&[f32]>),
        gates: &mut [f32],
    ) {
        let Sizes { time, features, gates: outputs, .. } = self.sizes;
        let packed = self.packed(call.prepared, number).input;
        let weight = call.params[self.directions[number].weights[0]];
        let packs = self.packs_input(n);
        let rows = |n: usize, x: &[f32], y: &mut [f32]| match packs {
            true => self.input.forward_packed(n, x, packed, Onto::Bias(bias), Act::None, y),
            false => self.input.forward(n, x, weight, bias, Act::None, y),
        };
        if !self.divides(n) {
            return rows(time * n, x, gates);
        }
        let half = time.div_ceil(2);
        let halves = x.chunks(half * features).zip(gates.chunks_mut(half * outputs));
        share(halves, call.threads, &|(x, y)| rows(x.len() / features, x, y));
    }

    /// The backward of one direction: gates become gradients of the products. `work` has room for
    /// the gradients of the state and of the memory, and of a `Gru`'s products of the state.
    fn run_back(
        &self,
        call: &Call<'_>,
        number: usize,
        (dy, lengths): (&[f32], &[usize]),
        room: &mut [f32],
        work: &mut [f32],
    ) {
        let sizes = self.sizes;
        let n = dy.len() / self.y.len;
        let Parts { gates, states, kept } = Parts::of(room, sizes, n);
        let (hidden, of_kept, apart) = (n * sizes.hidden, n * sizes.kept, n * self.steps.apart());
        let Parts { gates: products, states: work, kept: spare_memory } = Parts::of(work, sizes, n);
        let (work, spare) = work.split_at_mut(2 * hidden);
        let (dh, dc) = work.split_at_mut(hidden);
        self.take_ends(number, dy, [&mut *dh, &mut *dc]);
        for (step, gates) in gates.chunks_exact_mut(n * sizes.gates).enumerate().rev() {
            self.take((number, step), dy, lengths, dh);
            let at = self.at(&self.directions[number], step);
            // A state that stays as it is hands its gradient on.
            for sample in absent(lengths, at) {
                let state = row(sample, sizes.hidden);
                spare[state.clone()].copy_from_slice(&dh[state.clone()]);
                if self.has_memory() {
                    spare_memory[state.clone()].copy_from_slice(&dc[state]);
                }
            }
            let products = &mut products[step * apart..(step + 1) * apart];
            self.steps.backward(Backward {
                gates,
                hidden: products,
                before: &states[step * hidden..(step + 1) * hidden],
                kept_before: &kept[step * of_kept..(step + 1) * of_kept],
                kept: &kept[(step + 1) * of_kept..(step + 2) * of_kept],
                dh,
                dc,
            });
            for sample in absent(lengths, at) {
                gates[row(sample, sizes.gates)].fill(0.0);
                if apart > 0 {
                    products[row(sample, sizes.gates)].fill(0.0);
                }
            }
            let overwrite = apart == 0;
            let products = if overwrite { gates } else { products };
            if step > 0 || !self.first.is_empty() {
                self.state_gradient((call, number), products, overwrite, dh);
            }
            for sample in absent(lengths, at) {
                let state = row(sample, sizes.hidden);
                dh[state.clone()].copy_from_slice(&spare[state.clone()]);
                if self.has_memory() {
                    dc[state.clone()].copy_from_slice(&spare_memory[state]);
                }
            }
        }
    }

    /// Adds the gradients of a direction's parameters.
    fn parameters(&self, direction: &Direction, x: &[f32], parts: [&[f32]; 3], to: &mut [f32]) {
        let [gates, products, states] = parts;
        let sizes = self.sizes;
        let rows = gates.len() / sizes.gates;
        let [ih, hh, bias, _] = sizes.parameters(direction.biases.is_some());
        let (dw_ih, rest) = to.split_at_mut(ih);
        let (dw_hh, biases) = rest.split_at_mut(hh);
        let all = 0..sizes.gates;
        let states = &states[..rows * sizes.hidden];
        self.input.backward_weights(rows, x, gates, all.clone(), false, dw_ih);
        self.hidden.backward_weights(rows, states, products, all, false, dw_hh);
        if direction.biases.is_some() {
            let (bias_ih, bias_hh) = biases.split_at_mut(bias);
            self.input.backward_bias(rows, gates, false, bias_ih);
            let bias_hh = &mut bias_hh[..bias];
            match self.steps.apart() {
                0 => bias_hh.copy_from_slice(bias_ih),
                _ => self.hidden.backward_bias(rows, products, false, bias_hh),
            }
        }
    }

    /// Floats of the gradients of a direction.
    fn gradients(&self, direction: &Direction) -> usize {
        self.sizes.parameters(direction.biases.is_some()).iter().sum()
    }

    /// Where the state's part of the scratch begins behind the input, step by step.
    fn state_at(&self, n: usize) -> usize {
        (self.sizes.time * self.sizes.features * n).next_multiple_of(ALIGNMENT)
    }
}

impl Step for RecurrentStep {
    fn describe(&self) -> String {
        let Sizes { time, features, hidden, .. } = self.sizes;
        let both = if self.directions.len() > 1 { ", both ways" } else { "" };
        let kind = self.kind.to_lowercase();
        format!("{kind} {features} -> {hidden} over {time} steps{both}")
    }

    fn multiply_adds(&self) -> usize {
        let Sizes { time, features, hidden, gates, .. } = self.sizes;
        self.directions.len() * time * gates * (features + hidden)
    }

    fn samples(&self) -> usize {
        SAMPLES
    }

    fn divides(&self, n: usize) -> bool {
        n == 1 && self.sizes.time >= LONG && self.steps.divides()
    }

    fn prepared_len(&self) -> usize {
        self.directions.len() * self.packed_lens().iter().sum::<usize>()
    }

    fn prepare(&self, params: &[&[f32]], prepared: &mut [f32], purpose: Purpose) {
        for number in 0..self.directions.len() {
            self.pack(params, number, prepared, purpose);
        }
    }

    fn prepares_by_samples(&self) -> bool {
        true
    }

    fn gradient_len(&self) -> usize {
        self.directions.iter().map(|direction| self.gradients(direction)).sum()
    }

    fn deliver(&self, mut gradients: &[f32], to: &mut Deliver<'_>) {
        for direction in &self.directions {
            let lens = self.sizes.parameters(direction.biases.is_some());
            let numbers =
                direction.weights.into_iter().chain(direction.biases.into_iter().flatten());
            for (number, len) in numbers.zip(lens) {
                let (gradient, rest) = gradients.split_at(len);
                to(number, &mut |sum| add(gradient, sum));
                gradients = rest;
            }
        }
    }

    fn scratch_len(&self, n: usize) -> usize {
        self.state_at(n) + State::scratch_len(self, n)
    }

    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, lengths) = (chunk.n, self.lengths(call, chunk));
        let (x, state) = chunk.memory.scratch.split_at_mut(self.state_at(n));
        let x = &mut x[..self.sizes.time * self.sizes.features * n];
        for (number, direction) in self.directions.iter().enumerate() {
            let values = &chunk.memory.values[self.x.slot.range(n)];
            self.by_step(direction, values, lengths, x);
            let room = direction.room.range(n);
            self.begin(number, &mut chunk.memory.values, n);
            let own = &mut chunk.memory.values[room.clone()];
            self.run(call, number, x, state, (own, lengths));
            let (room, y) = two(&mut chunk.memory.values, room, self.y.range(n));
            let Sizes { time, hidden, gates, .. } = self.sizes;
            let (states, kept) = room[time * gates * n..].split_at((time + 1) * hidden * n);
            self.give(number, [states, kept], lengths, y);
        }
    }

    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk) {
        let (n, sizes, lengths) = (chunk.n, self.sizes, self.lengths(call, chunk));
        let memory = &mut chunk.memory;
        let x = &mut memory.scratch[..sizes.time * sizes.features * n];
        let mut to = &mut memory.parameters[call.gradients.range(1)];
        for (number, direction) in self.directions.iter().enumerate() {
            let room = direction.room.range(n);
            // Nobody has gradients of the room: it is where the backward works.
            let (work, dy) = two_mut(&mut memory.gradients, room.clone(), self.y.range(n));
            let own = &mut memory.values[room.clone()];
            self.run_back(call, number, (dy, lengths), own, &mut *work);
            let (values, gates) = (&memory.values, sizes.time * sizes.gates * n);
            let (gates, rest) = values[room].split_at(gates);
            let products = match self.steps.apart() {
                0 => gates,
                _ => &work[..gates.len()],
            };
            self.by_step(direction, &values[self.x.slot.range(n)], lengths, x);
            let (own, others) = to.split_at_mut(self.gradients(direction));
            self.parameters(direction, x, [gates, products, rest], own);
            to = others;
            if !self.x.input || call.input_gradient {
                let weight = call.params[direction.weights[0]];
                self.input.backward_input(sizes.time * n, gates, weight, true, x);
                let dx = &mut memory.gradients[self.x.slot.range(n)];
                self.back_by_step(direction, x, dx, self.x.first && number == 0);
            }
            self.begin_back(call, number, &mut memory.gradients, n);
        }
    }
}
