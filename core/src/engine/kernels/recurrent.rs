//! One step of a recurrent layer, element by element: what its gates make of the state.

mod alone;
pub(crate) use alone::Sequence;
#[cfg(test)]
mod tests;

use super::math::{sigmoid, tanh};
use crate::cell::Cell;
use crate::engine::simd::{Lanes, Level, kernel};
use std::ptr::null;

/// The steps of a layer with so many features.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    cell: Cell,
    hidden: usize,
    level: Level,
}

/// What a step reads and writes: `hidden` floats of each sample, of gates as many for each gate.
pub(crate) struct Forward<'a> {
    /// The product of the input; it becomes the gates behind their activations.
    pub(crate) gates: &'a mut [f32],
    /// The product of the state; empty if the gates hold the sum of both, which a `Gru`'s may not.
    pub(crate) hidden: &'a [f32],
    /// The state before the step.
    pub(crate) before: &'a [f32],
    /// The state behind it.
    pub(crate) after: &'a mut [f32],
    /// What was kept before: an `Lstm`'s memory.
    pub(crate) kept_before: &'a [f32],
    /// What is kept: an `Lstm`'s memory, a `Gru`'s product of the state for its third gate; empty for
    /// an `Rnn`.
    pub(crate) kept: &'a mut [f32],
}

/// What a step's backward reads and writes.
pub(crate) struct Backward<'a> {
    /// The gates; they become the gradients of the input's product.
    pub(crate) gates: &'a mut [f32],
    /// The gradients of the state's product, where a `Gru`'s are others; else empty.
    pub(crate) hidden: &'a mut [f32],
    pub(crate) before: &'a [f32],
    pub(crate) kept_before: &'a [f32],
    pub(crate) kept: &'a [f32],
    /// The gradient of the state behind the step; it becomes what of it reaches the state before it
    /// without the product.
    pub(crate) dh: &'a mut [f32],
    /// The gradient of an `Lstm`'s memory behind the step; it becomes that before it.
    pub(crate) dc: &'a mut [f32],
}

impl Steps {
    /// # Panics
    /// If there are no features.
    pub(crate) fn new(cell: Cell, hidden: usize) -> Self {
        Self::at_level(cell, hidden, Level::best())
    }

    fn at_level(cell: Cell, hidden: usize, level: Level) -> Self {
        assert!(hidden > 0);
        Steps { cell, hidden, level: level.fitting(hidden) }
    }

    /// Floats of a sample that a step keeps beside its state.
    pub(crate) fn kept(&self) -> usize {
        if matches!(self.cell, Cell::Rnn { .. }) { 0 } else { self.hidden }
    }

    /// Floats of a sample that are gradients of the state's product alone.
    pub(crate) fn apart(&self) -> usize {
        if self.cell == Cell::Gru { self.gates() } else { 0 }
    }

    fn gates(&self) -> usize {
        self.cell.gates() * self.hidden
    }

    /// A step of all samples.
    pub(crate) fn forward(&self, at: Forward<'_>) {
        let samples = at.after.len() / self.hidden;
        let (whole, gates) = (samples * self.hidden, samples * self.gates());
        assert!(at.after.len() == whole && at.before.len() == whole);
        let summed = at.hidden.is_empty() && self.apart() == 0;
        assert!(at.gates.len() == gates && (summed || at.hidden.len() == gates));
        let kept = samples * self.kept();
        assert!(at.kept.len() == kept && at.kept_before.len() == kept);
        let job = Job {
            cell: self.cell,
            samples,
            features: self.hidden,
            range: [0, self.hidden],
            gates: at.gates.as_mut_ptr(),
            hidden: if summed { null() } else { at.hidden.as_ptr() },
            before: at.before.as_ptr(),
            after: at.after.as_mut_ptr(),
            kept_before: at.kept_before.as_ptr(),
            kept: at.kept.as_mut_ptr(),
        };
        // SAFETY: all lengths are checked.
        unsafe { forward(self.level, &job) };
    }

    /// The backward of a step of all samples.
    pub(crate) fn backward(&self, at: Backward<'_>) {
        let samples = at.dh.len() / self.hidden;
        let (whole, gates) = (samples * self.hidden, samples * self.gates());
        assert!(at.dh.len() == whole && at.before.len() == whole && at.dc.len() == whole);
        assert!(at.gates.len() == gates && at.hidden.len() == samples * self.apart());
        let kept = samples * self.kept();
        assert!(at.kept.len() == kept && at.kept_before.len() == kept);
        let job = BackwardJob {
            cell: self.cell,
            samples,
            features: self.hidden,
            gates: at.gates.as_mut_ptr(),
            hidden: at.hidden.as_mut_ptr(),
            before: at.before.as_ptr(),
            kept_before: at.kept_before.as_ptr(),
            kept: at.kept.as_ptr(),
            dh: at.dh.as_mut_ptr(),
            dc: at.dc.as_mut_ptr(),
        };
        // SAFETY: all lengths are checked.
        unsafe { backward(self.level, &job) };
    }
}

/// # Safety
/// All hold what [`Forward`] says; `kept` and `kept_before` nothing for an `Rnn`. `hidden` is null if
/// the gates hold the sum of both products.
struct Job {
    cell: Cell,
    samples: usize,
    features: usize,
    /// Those of each sample that are computed.
    range: [usize; 2],
    gates: *mut f32,
    hidden: *const f32,
    before: *const f32,
    after: *mut f32,
    kept_before: *const f32,
    kept: *mut f32,
}

kernel!(unsafe fn forward(job: &Job) = forward_lanes);

/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn forward_lanes<V: Lanes>(job: &Job) {
    let &Job { cell, samples, features, gates, hidden, before, after, kept_before, kept, .. } = job;
    let [start, end] = job.range;
    for sample in 0..samples {
        for first in (start..end).step_by(V::COUNT) {
            let (count, at) = (V::COUNT.min(end - first), sample * features + first);
            let gate = |i: usize| (sample * cell.gates() + i) * features + first;
            // SAFETY: `count` floats are left of the sample and of each of its gates.
            unsafe {
                let x = |i: usize| V::load_up_to(gates.add(gate(i)), count);
                let h = |i: usize| match hidden.is_null() {
                    true => V::splat(0.0),
                    false => V::load_up_to(hidden.add(gate(i)), count),
                };
                let keep = |i: usize, value: V| value.store_up_to(gates.add(gate(i)), count);
                let state = match cell {
                    Cell::Rnn { relu } => {
                        let sum = x(0).add(h(0));
                        let state = if relu { sum.relu() } else { tanh(sum) };
                        keep(0, state);
                        state
                    }
                    Cell::Lstm => {
                        let (i, f) = (sigmoid(x(0).add(h(0))), sigmoid(x(1).add(h(1))));
                        let (g, o) = (tanh(x(2).add(h(2))), sigmoid(x(3).add(h(3))));
                        let c = f.mul_add(V::load_up_to(kept_before.add(at), count), i.mul(g));
                        c.store_up_to(kept.add(at), count);
                        [i, f, g, o].into_iter().enumerate().for_each(|(i, gate)| keep(i, gate));
                        o.mul(tanh(c))
                    }
                    Cell::Gru => {
                        let (r, z) = (sigmoid(x(0).add(h(0))), sigmoid(x(1).add(h(1))));
                        h(2).store_up_to(kept.add(at), count);
                        let n = tanh(r.mul_add(h(2), x(2)));
                        [r, z, n].into_iter().enumerate().for_each(|(i, gate)| keep(i, gate));
                        z.mul_add(V::load_up_to(before.add(at), count).sub(n), n)
                    }
                };
                state.store_up_to(after.add(at), count);
            }
        }
    }
}

/// # Safety
/// All hold what [`Backward`] says.
struct BackwardJob {
    cell: Cell,
    samples: usize,
    features: usize,
    gates: *mut f32,
    hidden: *mut f32,
    before: *const f32,
    kept_before: *const f32,
    kept: *const f32,
    dh: *mut f32,
    dc: *mut f32,
}

kernel!(unsafe fn backward(job: &BackwardJob) = backward_lanes);

/// The gradient before a sigmoid of which `y` is the value.
#[inline(always)]
unsafe fn before_sigmoid<V: Lanes>(d: V, y: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe { d.mul(y).mul(V::splat(1.0).sub(y)) }
}

/// The gradient before a tanh of which `y` is the value.
#[inline(always)]
unsafe fn before_tanh<V: Lanes>(d: V, y: V) -> V {
    // SAFETY: the caller has the instruction set.
    unsafe { d.mul(V::splat(1.0).sub(y.mul(y))) }
}

/// # Safety
/// See [`BackwardJob`].
#[inline(always)]
unsafe fn backward_lanes<V: Lanes>(job: &BackwardJob) {
    let &BackwardJob { cell, samples, features, gates, hidden, .. } = job;
    for sample in 0..samples {
        for first in (0..features).step_by(V::COUNT) {
            let (count, at) = (V::COUNT.min(features - first), sample * features + first);
            let gate = |i: usize| (sample * cell.gates() + i) * features + first;
            // SAFETY: `count` floats are left of the sample and of each of its gates.
            unsafe {
                let one = V::splat(1.0);
                let load = |from: *const f32| V::load_up_to(from.add(at), count);
                let y = |i: usize| V::load_up_to(gates.add(gate(i)), count);
                let put = |to: *mut f32, i: usize, d: V| d.store_up_to(to.add(gate(i)), count);
                let dh = load(job.dh);
                match cell {
                    Cell::Rnn { relu } => {
                        let d = if relu { dh.where_active(y(0)) } else { before_tanh(dh, y(0)) };
                        put(gates, 0, d);
                    }
                    Cell::Lstm => {
                        let [i, f, g, o] = [y(0), y(1), y(2), y(3)];
                        let new = tanh(load(job.kept));
                        let dc = load(job.dc).add(before_tanh(dh.mul(o), new));
                        put(gates, 0, before_sigmoid(dc.mul(g), i));
                        put(gates, 1, before_sigmoid(dc.mul(load(job.kept_before)), f));
                        put(gates, 2, before_tanh(dc.mul(i), g));
                        put(gates, 3, before_sigmoid(dh.mul(new), o));
                        dc.mul(f).store_up_to(job.dc.add(at), count);
                    }
                    Cell::Gru => {
                        let [r, z, n] = [y(0), y(1), y(2)];
                        let dn = before_tanh(dh.mul(one.sub(z)), n);
                        let dz = before_sigmoid(dh.mul(load(job.before).sub(n)), z);
                        let dr = before_sigmoid(dn.mul(load(job.kept)), r);
                        for (i, d) in [dr, dz, dn].into_iter().enumerate() {
                            put(gates, i, d);
                        }
                        for (i, d) in [dr, dz, dn.mul(r)].into_iter().enumerate() {
                            put(hidden, i, d);
                        }
                        dh.mul(z).store_up_to(job.dh.add(at), count);
                    }
                }
            }
        }
    }
}
