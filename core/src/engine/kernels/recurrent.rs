//! One step of a recurrent layer, element by element: what its gates make of the state.

mod alone;
pub(crate) use alone::Sequence;
#[cfg(test)]
mod tests;

use super::math::{sigmoids, tanh};
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

/// A sample in two passes: where one computed all, a chain of two activations would be so long that
/// the processor saw too little beside it.
///
/// # Safety
/// See [`Job`].
#[inline(always)]
unsafe fn forward_lanes<V: Lanes>(job: &Job) {
    let [start, end] = job.range;
    for sample in 0..job.samples {
        for first in (start..end).step_by(V::COUNT) {
            // SAFETY: these are features of the sample.
            unsafe { job.gates::<V>(sample, first) };
        }
        for first in (start..end).step_by(V::COUNT) {
            // SAFETY: as above, and all before the state is there.
            unsafe { job.state::<V>(sample, first) };
        }
    }
}

impl Job {
    /// Floats of a vector that begins at this feature.
    #[inline(always)]
    fn count<V: Lanes>(&self, first: usize) -> usize {
        V::COUNT.min(self.range[1] - first)
    }

    /// The place of a gate.
    #[inline(always)]
    fn gate(&self, sample: usize, first: usize, i: usize) -> usize {
        (sample * self.cell.gates() + i) * self.features + first
    }

    /// A gate's products: of the input, and of the state.
    #[inline(always)]
    unsafe fn products<V: Lanes>(&self, sample: usize, first: usize, i: usize) -> [V; 2] {
        let (at, count) = (self.gate(sample, first, i), self.count::<V>(first));
        // SAFETY: `count` floats are left of the gate.
        unsafe {
            let of_state = match self.hidden.is_null() {
                true => V::splat(0.0),
                false => V::load_up_to(self.hidden.add(at), count),
            };
            [V::load_up_to(self.gates.add(at), count), of_state]
        }
    }

    /// The gates that need only the products, and what an `Lstm` keeps.
    #[inline(always)]
    unsafe fn gates<V: Lanes>(&self, sample: usize, first: usize) {
        let (at, count) = (sample * self.features + first, self.count::<V>(first));
        // SAFETY: `count` floats are left of the sample and of each of its gates.
        unsafe {
            let products = |i| self.products::<V>(sample, first, i);
            let keep = |i, value: V| {
                value.store_up_to(self.gates.add(self.gate(sample, first, i)), count);
                value
            };
            let sum = |i| {
                let [x, h] = products(i);
                x.add(h)
            };
            match self.cell {
                Cell::Rnn { .. } => {}
                Cell::Lstm => {
                    let [i, f, o] = sigmoids([sum(0), sum(1), sum(3)]);
                    let g = keep(2, tanh(sum(2)));
                    let (i, f) = (keep(0, i), keep(1, f));
                    keep(3, o);
                    let c = f.mul_add(V::load_up_to(self.kept_before.add(at), count), i.mul(g));
                    c.store_up_to(self.kept.add(at), count);
                }
                Cell::Gru => {
                    let [r, z] = sigmoids([sum(0), sum(1)]);
                    keep(0, r);
                    keep(1, z);
                }
            }
        }
    }

    /// The state, and the gate that needs others.
    #[inline(always)]
    unsafe fn state<V: Lanes>(&self, sample: usize, first: usize) {
        let (at, count) = (sample * self.features + first, self.count::<V>(first));
        // SAFETY: as in `gates`.
        unsafe {
            let gate = |i| self.gates.add(self.gate(sample, first, i));
            let state = match self.cell {
                Cell::Rnn { relu } => {
                    let [x, h] = self.products::<V>(sample, first, 0);
                    let sum = x.add(h);
                    let state = if relu { sum.relu() } else { tanh(sum) };
                    state.store_up_to(gate(0), count);
                    state
                }
                Cell::Lstm => {
                    let c = V::load_up_to(self.kept.add(at), count);
                    V::load_up_to(gate(3), count).mul(tanh(c))
                }
                Cell::Gru => {
                    let y = |i| V::load_up_to(gate(i), count);
                    let (r, z) = (y(0), y(1));
                    let [x, h] = self.products::<V>(sample, first, 2);
                    h.store_up_to(self.kept.add(at), count);
                    let n = tanh(r.mul_add(h, x));
                    n.store_up_to(gate(2), count);
                    z.mul_add(V::load_up_to(self.before.add(at), count).sub(n), n)
                }
            };
            state.store_up_to(self.after.add(at), count);
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
