//! All steps of one sample, on two threads in step: each step waits for the weights of the state, and
//! two cores read them twice as fast.

use super::{Job, Steps, forward};
use crate::engine::kernels::conv::Act;
use crate::engine::kernels::linear::{Linear, Onto};
use crate::engine::threads::in_step;
use std::ops::Range;
use std::ptr::null;

/// Features begin at a cache line, so that no line is written by both threads.
const LINE: usize = 16;

/// What the steps read and write: see [`Forward`](super::Forward), of all steps here.
pub(crate) struct Sequence<'a> {
    /// The weights as [`Steps::pack_sequence`] leaves them.
    pub(crate) packed: &'a [f32],
    pub(crate) bias: Option<&'a [f32]>,
    /// The products of the input.
    pub(crate) gates: &'a mut [f32],
    /// Room for a product of the state.
    pub(crate) product: &'a mut [f32],
    /// The states: the first is there.
    pub(crate) states: &'a mut [f32],
    /// What is kept: the first is there.
    pub(crate) kept: &'a mut [f32],
}

/// The places of a [`Sequence`], of which each thread writes others.
struct Places<'a> {
    steps: Steps,
    packed: &'a [f32],
    bias: Option<&'a [f32]>,
    gates: *mut f32,
    product: *mut f32,
    states: *mut f32,
    kept: *mut f32,
}

// SAFETY: see `half`: threads write to different features, and read what none writes meanwhile.
unsafe impl Sync for Places<'_> {}

impl Steps {
    /// Whether two threads are done sooner: the weights take longer to read than a word from one core
    /// to the other.
    pub(crate) fn divides(&self) -> bool {
        self.hidden * self.gates() >= 1 << 14 && self.hidden >= 2 * LINE
    }

    /// All steps of a sample.
    pub(crate) fn sequence(&self, at: Sequence<'_>, threads: usize) {
        let (gates, hidden, kept) = (self.gates(), self.hidden, self.kept());
        let steps = at.gates.len() / gates;
        assert!(at.gates.len() == steps * gates && at.product.len() == gates);
        assert!(at.states.len() == (steps + 1) * hidden && at.kept.len() == (steps + 1) * kept);
        assert_eq!(at.packed.len(), self.sequence_len());
        assert!(at.bias.is_none_or(|bias| bias.len() == gates && self.apart() > 0));
        let places = Places {
            steps: *self,
            packed: at.packed,
            bias: at.bias,
            gates: at.gates.as_mut_ptr(),
            product: at.product.as_mut_ptr(),
            states: at.states.as_mut_ptr(),
            kept: at.kept.as_mut_ptr(),
        };
        in_step(threads, steps, &|step, which| {
            // SAFETY: the lengths are checked. `in_step` calls each half of a step once, and none
            // before both of the step before have returned.
            unsafe { places.half(step, which) };
        });
    }

    /// The features of each half.
    fn halves(&self) -> [Range<usize>; 2] {
        let middle = (self.hidden / 2).next_multiple_of(LINE).min(self.hidden);
        [0..middle, middle..self.hidden]
    }

    /// Floats of the packed weights of a gate's features.
    fn gate_len(&self, features: &Range<usize>) -> usize {
        match features.len() {
            0 => 0,
            len => Linear::new(self.hidden, len).packed_len()[0].next_multiple_of(LINE),
        }
    }

    /// Floats of packed weights that [`sequence`](Self::sequence) reads.
    pub(crate) fn sequence_len(&self) -> usize {
        self.halves().iter().map(|half| self.cell.gates() * self.gate_len(half)).sum()
    }

    /// Packs the weights of the state: those of a half's features follow each other, gate by gate.
    pub(crate) fn pack_sequence(&self, weight: &[f32], mut to: &mut [f32]) {
        assert!(weight.len() == self.gates() * self.hidden && to.len() == self.sequence_len());
        for features in self.halves().into_iter().filter(|half| !half.is_empty()) {
            let (linear, len) =
                (Linear::new(self.hidden, features.len()), self.gate_len(&features));
            for gate in weight.chunks_exact(self.hidden * self.hidden) {
                let (part, rest) = to.split_at_mut(len);
                let rows = &gate[features.start * self.hidden..features.end * self.hidden];
                linear.pack(rows, &mut part[..linear.packed_len()[0]]);
                to = rest;
            }
        }
    }
}

impl Places<'_> {
    /// Half of the features of a step.
    ///
    /// # Safety
    /// There is such a step, all before it are done, and nobody else computes this half of it, or
    /// anything of another step.
    unsafe fn half(&self, step: usize, which: usize) {
        let Steps { cell, hidden, level } = self.steps;
        let (gates, kept, summed) =
            (self.steps.gates(), self.steps.kept(), self.steps.apart() == 0);
        let halves = self.steps.halves();
        let features = halves[which].clone();
        if features.is_empty() {
            return;
        }
        let (linear, len) = (Linear::new(hidden, features.len()), self.steps.gate_len(&features));
        // SAFETY: the caller's promises; of the products and the gates only those of these features
        // are written, and read.
        unsafe {
            let before = self.states.add(step * hidden);
            let state = std::slice::from_raw_parts(before, hidden);
            let begin = if which == 0 { 0 } else { cell.gates() * self.steps.gate_len(&halves[0]) };
            for turn in 0..cell.gates() {
                // To and fro, so that a step begins with weights that the one before had last.
                let gate = if step.is_multiple_of(2) { turn } else { cell.gates() - 1 - turn };
                let first = gate * hidden;
                let rows = first + features.start..first + features.end;
                let packed = &self.packed[begin + gate * len..][..linear.packed_len()[0]];
                let (to, onto) = match summed {
                    true => (self.gates.add(step * gates), Onto::Sum),
                    false => (self.product, Onto::Bias(self.bias.map(|bias| &bias[rows.clone()]))),
                };
                let y = std::slice::from_raw_parts_mut(to.add(rows.start), rows.len());
                linear.forward_packed(1, state, packed, onto, Act::None, y);
            }
            let job = Job {
                cell,
                samples: 1,
                features: hidden,
                range: [features.start, features.end],
                gates: self.gates.add(step * gates),
                hidden: if summed { null() } else { self.product },
                before,
                after: self.states.add((step + 1) * hidden),
                kept_before: if kept > 0 { self.kept.add(step * kept) } else { null() },
                kept: self.kept.add((step + 1) * kept),
            };
            forward(level, &job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{close, numbers};
    use super::super::Forward;
    use super::*;
    use crate::cell::Cell;

    #[test]
    fn two_threads_give_what_step_by_step_gives() {
        const TIME: usize = 7;
        let cells = [Cell::Rnn { relu: false }, Cell::Lstm, Cell::Gru];
        for (cell, hidden) in cells.into_iter().flat_map(|c| [1, 16, 33, 100].map(|h| (c, h))) {
            let steps = Steps::new(cell, hidden);
            let (gates, kept) = (steps.gates(), steps.kept());
            let (mut weight, bias) = (numbers(gates * hidden, 1), numbers(gates, 2));
            // Larger ones would make more of each rounding from step to step.
            weight.iter_mut().for_each(|weight| *weight /= (hidden as f32).sqrt());
            let start = || {
                let of = |time, len, seed| numbers(time * len, seed);
                [of(TIME, gates, 3), of(TIME + 1, hidden, 4), of(TIME + 1, kept, 5)]
            };
            let mut product = vec![0.0; gates];
            // What is summed has its bias already.
            let bias = if steps.apart() == 0 { None } else { Some(&bias[..]) };
            let mut packed = vec![f32::NAN; steps.sequence_len()];
            steps.pack_sequence(&weight, &mut packed);
            let [mut all, mut states, mut memory] = start();
            for step in 0..TIME {
                let (before, after) = states[step * hidden..].split_at_mut(hidden);
                let (kept_before, kept) = memory[step * kept..].split_at_mut(kept);
                let linear = Linear::new(hidden, gates);
                linear.forward(1, before, &weight, bias, Act::None, &mut product);
                steps.forward(Forward {
                    gates: &mut all[step * gates..(step + 1) * gates],
                    hidden: &product,
                    before,
                    after: &mut after[..hidden],
                    kept_before,
                    kept: &mut kept[..steps.kept()],
                });
            }
            let [one, two] = [1, 2].map(|threads| {
                let mut got = start();
                let [gates, states, kept] = &mut got;
                let (product, packed) = (&mut product[..], &packed[..]);
                let of = Sequence { packed, bias, gates, product, states, kept };
                steps.sequence(of, threads);
                got
            });
            assert_eq!(one, two, "{cell:?} {hidden}");
            for (got, want) in one.iter().zip([all, states, memory]) {
                close(&format!("{cell:?} {hidden}"), got, &want);
            }
        }
    }
}
