//! The product of the state, step after step with the same weights.

use super::super::{Call, Step, add};
use super::{Direction, RecurrentStep};
use crate::engine::chunk::ALIGNMENT;
use crate::engine::kernels::conv::Act;
use crate::engine::kernels::linear::{Linear, Onto};
use crate::engine::kernels::recurrent::{Sequence, Steps};

/// From so many samples and steps on, the weights are packed first.
const SAMPLES: usize = 4;
const STEPS: usize = 4;

/// A direction's weights of the state, for products of `n` samples.
pub(super) struct Weights<'a> {
    linear: &'a Linear,
    n: usize,
    plain: &'a [f32],
    packed: Option<&'a [f32]>,
}

/// The products of the state.
pub(super) struct State<'a> {
    weights: Weights<'a>,
    /// What the input's product is added to, and the state's.
    pub(super) input_bias: Option<&'a [f32]>,
    bias: Option<&'a [f32]>,
    /// The product is added to that of the input, where both count alike.
    summed: bool,
    product: &'a mut [f32],
    /// Room for what a sequence packs by itself.
    room: &'a mut [f32],
}

/// Whether so many samples are worth packed weights.
fn packs(step: &RecurrentStep, n: usize) -> bool {
    n >= SAMPLES && step.sizes.time >= STEPS
}

/// Floats of a product, and of the sum of both biases.
fn lens(step: &RecurrentStep, n: usize) -> [usize; 2] {
    let gates = step.sizes.gates;
    [gates * n, gates].map(|len| len.next_multiple_of(ALIGNMENT))
}

impl<'a> Weights<'a> {
    /// Packed in `room` by `pack`, number `which` of those that the layer has.
    fn new(
        step: &'a RecurrentStep,
        (call, direction): (&Call<'a>, &Direction),
        n: usize,
        (room, which, pack): (&'a mut [f32], usize, impl FnOnce(&Linear, &[f32], &mut [f32])),
    ) -> Self {
        let (linear, plain) = (&step.hidden, call.params[direction.weights[1]]);
        let packed = packs(step, n).then(|| {
            let packed = &mut room[..linear.packed_len()[which]];
            pack(linear, plain, packed);
            &*packed
        });
        Weights { linear, n, plain, packed }
    }

    /// For gradients.
    pub(super) fn backward(
        step: &'a RecurrentStep,
        from: (&Call<'a>, &Direction),
        n: usize,
        scratch: &'a mut [f32],
    ) -> Self {
        Self::new(step, from, n, (scratch, 1, Linear::pack_back))
    }

    /// Adds the gradient of the state to `to`, or overwrites it; `from` is that of its product.
    pub(super) fn gradient(&self, from: &[f32], overwrite: bool, to: &mut [f32]) {
        match self.packed {
            Some(packed) => self.linear.backward_input_packed(self.n, from, packed, overwrite, to),
            None => self.linear.backward_input(self.n, from, self.plain, overwrite, to),
        }
    }
}

impl<'a> State<'a> {
    /// Floats of scratch: of a forward, or of the packed weights of a backward.
    pub(super) fn scratch_len(step: &RecurrentStep, n: usize) -> usize {
        let packed = step.hidden.packed_len().map(|len| if packs(step, n) { len } else { 0 });
        let alone = if step.divides(n) { step.steps.sequence_len() } else { 0 };
        (lens(step, n).iter().sum::<usize>() + packed[0].max(alone)).max(packed[1])
    }

    pub(super) fn new(
        step: &'a RecurrentStep,
        (call, direction): (&Call<'a>, &Direction),
        n: usize,
        scratch: &'a mut [f32],
    ) -> Self {
        let [product_len, bias_len] = lens(step, n);
        let (product, rest) = scratch.split_at_mut(product_len);
        let (sum, rest) = rest.split_at_mut(bias_len);
        let packed_len = if packs(step, n) { step.hidden.packed_len()[0] } else { 0 };
        let (packed, room) = rest.split_at_mut(packed_len);
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
        let weights = Weights::new(step, (call, direction), n, (packed, 0, Linear::pack));
        let (summed, product) = (alike && weights.packed.is_some(), &mut product[..gates * n]);
        State { weights, input_bias, bias, summed, product, room }
    }

    /// What all steps of one sample need.
    pub(super) fn sequence<'b>(
        &'b mut self,
        steps: &Steps,
        [gates, states, kept]: [&'b mut [f32]; 3],
    ) -> Sequence<'b> {
        let (weight, bias, product) = (self.weights.plain, self.bias, &mut *self.product);
        let packed = &mut self.room[..steps.sequence_len()];
        Sequence { weight, bias, gates, product, packed, states, kept }
    }

    /// The product of a state; empty if it was added to `gates`.
    pub(super) fn product(&mut self, state: &[f32], gates: &mut [f32]) -> &[f32] {
        let Weights { linear, n, plain, packed } = self.weights;
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
