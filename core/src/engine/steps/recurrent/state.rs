//! The product of the state, step after step with the same weights.

use super::super::{Call, add};
use super::{Packed, RecurrentStep};
use crate::engine::chunk::ALIGNMENT;
use crate::engine::kernels::conv::Act;
use crate::engine::kernels::linear::{Linear, Onto};
use crate::engine::kernels::recurrent::Sequence;

/// The products of the state.
pub(super) struct State<'a> {
    linear: &'a Linear,
    n: usize,
    /// The weights: as they are, packed if that is worth it for so many samples, and packed for all
    /// steps of one.
    plain: &'a [f32],
    packed: Option<&'a [f32]>,
    lone: &'a [f32],
    /// What the input's product is added to, and the state's.
    pub(super) input_bias: Option<&'a [f32]>,
    bias: Option<&'a [f32]>,
    /// The product is added to that of the input, where both count alike.
    summed: bool,
    product: &'a mut [f32],
}

/// Floats of a product, and of the sum of both biases.
fn lens(step: &RecurrentStep, n: usize) -> [usize; 2] {
    let gates = step.sizes.gates;
    [gates * n, gates].map(|len| len.next_multiple_of(ALIGNMENT))
}

impl<'a> State<'a> {
    /// Floats of scratch.
    pub(super) fn scratch_len(step: &RecurrentStep, n: usize) -> usize {
        lens(step, n).iter().sum()
    }

    pub(super) fn new(
        step: &'a RecurrentStep,
        (call, number): (&Call<'a>, usize),
        n: usize,
        scratch: &'a mut [f32],
    ) -> Self {
        let direction = &step.directions[number];
        let (product, sum) = scratch.split_at_mut(lens(step, n)[0]);
        let gates = step.sizes.gates;
        let biases = direction.biases.map(|biases| biases.map(|number| call.params[number]));
        let alike = step.steps.apart() == 0;
        let [input_bias, bias] = match biases {
            Some([input, state]) if alike => {
                let sum = &mut sum[..gates];
                sum.copy_from_slice(input);
                add(state, sum);
                [Some(&*sum), None]
            }
            Some(biases) => biases.map(Some),
            None => [None, None],
        };
        let Packed { lone, state, .. } = step.packed(call.prepared, number);
        let packed = step.packs(n).then_some(state);
        let (summed, product) = (alike && packed.is_some(), &mut product[..gates * n]);
        let (linear, plain) = (&step.hidden, call.params[direction.weights[1]]);
        State { linear, n, plain, packed, lone, input_bias, bias, summed, product }
    }

    /// What all steps of one sample need.
    pub(super) fn sequence<'b>(
        &'b mut self,
        [gates, states, kept]: [&'b mut [f32]; 3],
    ) -> Sequence<'b> {
        let (packed, bias, product) = (self.lone, self.bias, &mut *self.product);
        Sequence { packed, bias, gates, product, states, kept }
    }

    /// The product of a state; empty if it was added to `gates`.
    pub(super) fn product(&mut self, state: &[f32], gates: &mut [f32]) -> &[f32] {
        let State { linear, n, plain, packed, .. } = *self;
        match packed {
            Some(packed) if self.summed => {
                linear.forward_packed(n, state, packed, Onto::Sum, Act::None, gates);
                return &[];
            }
            Some(packed) => {
                linear.forward_packed(
                    n,
                    state,
                    packed,
                    Onto::Bias(self.bias),
                    Act::None,
                    self.product,
                );
            }
            None => linear.forward(n, state, plain, self.bias, Act::None, self.product),
        }
        self.product
    }
}
