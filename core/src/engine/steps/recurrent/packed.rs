//! The weights in the order of the products' tiles.

use super::super::{Call, Purpose};
use super::{LONG, RecurrentStep};
use crate::engine::chunk::ALIGNMENT;

/// From so many samples and steps on, packed weights of the state are worth it.
const SAMPLES: usize = 4;
const STEPS: usize = 4;

/// A direction's packed weights: empty where a chunk can have no use for them.
pub(super) struct Packed<'a> {
    pub(super) input: &'a [f32],
    /// Of the state: for all steps of one sample, for several samples, and for gradients.
    pub(super) lone: &'a [f32],
    pub(super) state: &'a [f32],
    pub(super) gradient: &'a [f32],
}

/// The first of some parts, and the others; parts begin at whole vectors.
fn first<T>(all: &[T], len: usize) -> (&[T], &[T]) {
    let (part, rest) = all.split_at(len.next_multiple_of(ALIGNMENT));
    (&part[..len], rest)
}

impl RecurrentStep {
    /// Whether so many samples are worth packed weights of the state.
    pub(super) fn packs(&self, n: usize) -> bool {
        n >= SAMPLES && self.sizes.time >= STEPS
    }

    /// Whether the steps of so many samples are worth packed weights of the input.
    pub(super) fn packs_input(&self, n: usize) -> bool {
        self.input.packs(self.sizes.time * n)
    }

    /// Floats of the parts of [`Packed`].
    fn lens(&self) -> [usize; 4] {
        let [forward, back] = self.hidden.packed_len();
        let long = self.sizes.time >= LONG && self.steps.divides();
        let many = self.packs(SAMPLES);
        [
            (self.input.packs(usize::MAX), self.input.packed_len()[0]),
            (long, self.steps.sequence_len()),
            (many, forward),
            (many && self.backward, back),
        ]
        .map(|(there, len)| if there { len } else { 0 })
    }

    /// The same, with what fills them up to whole vectors.
    pub(super) fn packed_lens(&self) -> [usize; 4] {
        self.lens().map(|len| len.next_multiple_of(ALIGNMENT))
    }

    /// Those of one direction.
    pub(super) fn packed<'a>(&self, prepared: &'a [f32], number: usize) -> Packed<'a> {
        let all = &prepared[number * self.packed_lens().iter().sum::<usize>()..];
        let [input, lone, state, gradient] = self.lens();
        let (input, all) = first(all, input);
        let (lone, all) = first(all, lone);
        let (state, all) = first(all, state);
        Packed { input, lone, state, gradient: first(all, gradient).0 }
    }

    /// Packs the weights of one direction.
    pub(super) fn pack(
        &self,
        params: &[&[f32]],
        number: usize,
        prepared: &mut [f32],
        purpose: Purpose,
    ) {
        let [weight_ih, weight_hh] = self.directions[number].weights.map(|weight| params[weight]);
        let mut at = number * self.packed_lens().iter().sum::<usize>();
        let [rows, many] = [self.packs_input(purpose.samples), self.packs(purpose.samples)];
        let wanted = [rows, true, many, many];
        for (part, len) in self.lens().into_iter().enumerate() {
            let to = &mut prepared[at..at + len];
            match part {
                _ if len == 0 || !wanted[part] => {}
                0 => self.input.pack(weight_ih, to),
                1 => self.steps.pack_sequence(weight_hh, to),
                2 => self.hidden.pack(weight_hh, to),
                _ => self.hidden.pack_back(weight_hh, to),
            }
            at += len.next_multiple_of(ALIGNMENT);
        }
    }

    /// Adds the gradient of a state to `to`, or overwrites it; `from` is that of its product.
    pub(super) fn state_gradient(
        &self,
        (call, number): (&Call<'_>, usize),
        from: &[f32],
        overwrite: bool,
        to: &mut [f32],
    ) {
        let (linear, n) = (&self.hidden, to.len() / self.sizes.hidden);
        if self.packs(n) {
            let packed = self.packed(call.prepared, number).gradient;
            return linear.backward_input_packed(n, from, packed, overwrite, to);
        }
        let plain = call.params[self.directions[number].weights[1]];
        linear.backward_input(n, from, plain, overwrite, to);
    }
}
