//! Runs plans: chunk by chunk, forward and backward.

use super::chunk::{Chunk, GROUPS, Group, Room, Slot};
use super::plan::{Plan, Planned};
use super::rows::Uses;
use super::simd::Floats;
use super::steps::{Call, Layout, Purpose, Source, add, transpose};
use super::threads::{crew, in_pool, limit, share, spread};
use netwright_spec::graph::Graph;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Multiply-adds that take longer than waking a thread.
const LONG: usize = 1 << 21;

/// What every run of a network shares: its plans, and memory that waits for the next run.
#[derive(Debug)]
pub(crate) struct Engine {
    /// For runs with a backward, and for predictions.
    plans: [Plan; 2],
    spare: [Mutex<Vec<Workspace>>; 2],
}

/// The memory of a run. It only grows, so a run as large as one before takes none.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) groups: Vec<Group>,
    prepared: Floats,
    /// The parameters that were prepared, if they were for inference: while they are the same, so
    /// is what was made of them.
    origin: Option<Vec<f32>>,
    /// Gradients of the parameters in the user's layout, at the plan's places.
    pub(super) gradients: Floats,
    /// For each step: of the forward, of the backward.
    statistics: Vec<[Vec<f64>; 2]>,
    /// For each table: the rows that were used.
    pub(super) uses: Vec<Uses>,
    pub(super) lists: Lists,
}

/// Room for the lists that a step or a prediction makes: empty between them.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) params: Vec<&'static mut [f32]>,
    pub(crate) shared: Vec<&'static [f32]>,
    pub(crate) inputs: Vec<Source<'static>>,
}

/// A forward run, with what a backward run needs.
pub(crate) struct Run {
    pub(super) engine: Arc<Engine>,
    pub(super) work: Workspace,
    /// Groups in use.
    used: usize,
    batch: usize,
    training: Option<u64>,
    /// Neither the training form nor a backward is wanted.
    inference: bool,
    pub(super) threads: usize,
    /// Whether the gradients of tables are those of their used rows.
    pub(super) by_rows: bool,
    /// Whether uses of rows stay in the order in which they were found.
    pub(super) in_order: bool,
    /// Whether a gradient that is not finite was seen.
    pub(super) unsound: AtomicBool,
}

/// What a run is given.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    /// The network's parameters.
    pub(crate) params: &'a [&'a [f32]],
    /// The network's inputs.
    pub(crate) inputs: &'a [Source<'a>],
    /// Whether the gradient of the network's input is wanted.
    pub(crate) input_gradient: bool,
}

impl Given<'_> {
    /// For what needs neither.
    pub(crate) const NOTHING: Given<'static> =
        Given { params: &[], inputs: &[], input_gradient: false };
}

impl Engine {
    /// For a graph, or a part of one, as [`Plan::of`] has it.
    pub(crate) fn of(graph: &Graph, first: usize) -> Option<Self> {
        let plans = [Plan::of(graph, first, false)?, Plan::of(graph, first, true)?];
        Some(Engine { plans, spare: Default::default() })
    }

    fn plan(&self, inference: bool) -> &Plan {
        &self.plans[usize::from(inference)]
    }

    /// A run of a batch, with memory for it.
    pub(crate) fn begin(
        self: &Arc<Self>,
        batch: usize,
        training: Option<u64>,
        backward: bool,
    ) -> Run {
        let inference = training.is_none() && !backward;
        let spare = &self.spare[usize::from(inference)];
        let spare = spare.lock().ok().and_then(|mut spare| spare.pop());
        let mut run = Run {
            engine: self.clone(),
            work: spare.unwrap_or_default(),
            used: 0,
            batch,
            training,
            inference,
            threads: limit(),
            by_rows: false,
            in_order: false,
            unsound: AtomicBool::new(false),
        };
        run.take_room(backward);
        run
    }
}

impl Run {
    /// Divides the batch into chunks, and those among groups: by the batch's size alone.
    fn take_room(&mut self, backward: bool) {
        let (plan, work) = (self.engine.plan(self.inference), &mut self.work);
        let size = plan.chunk(self.batch);
        let chunks = self.batch.div_ceil(size);
        self.used = chunks.min(GROUPS);
        work.groups.resize_with(GROUPS.max(work.groups.len()), Group::default);
        work.prepared.resize(plan.prepared);
        work.statistics.resize_with(plan.steps.len(), Default::default);
        // A step may go another way with few samples, and need more room for the last, smaller chunk.
        let last = self.batch - (chunks - 1) * size;
        let of = |n: usize| plan.steps.iter().map(move |planned| planned.step.scratch_len(n)).max();
        let scratch = of(size).max(of(last));
        let room = Room {
            values: plan.values,
            bytes: plan.bytes,
            gradients: backward.then_some(plan.gradients),
            scratch: scratch.unwrap_or(0),
        };
        for (number, group) in work.groups[..self.used].iter_mut().enumerate() {
            let edge = |number: usize| (number * chunks / self.used * size).min(self.batch);
            group.begin(edge(number)..edge(number + 1), size, room);
        }
    }

    /// The plan it follows.
    pub(super) fn plan(&self) -> &Plan {
        self.engine.plan(self.inference)
    }

    /// Room for lists, to be given back with [`keep`](Self::keep).
    pub(crate) fn lists(&mut self) -> Lists {
        std::mem::take(&mut self.work.lists)
    }

    pub(crate) fn keep(&mut self, lists: Lists) {
        self.work.lists = lists;
    }

    /// The threads this run may use.
    pub(crate) fn threads(&self) -> usize {
        match self.used {
            1 => 1,
            _ => self.threads,
        }
    }

    /// Where the outputs lie.
    pub(crate) fn outputs(&self) -> &[Slot] {
        &self.plan().outputs
    }

    /// After a backward, whether all gradients are finite.
    pub(crate) fn sound(&self) -> bool {
        !self.unsound.load(Ordering::Relaxed)
    }

    /// The groups in use.
    pub(super) fn groups(&self) -> &[Group] {
        &self.work.groups[..self.used]
    }

    /// The chunks in use, in the order of the samples.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.groups().iter().flat_map(Group::chunks)
    }

    /// Tables need no gradients but those of the used rows, which [`rows`](Self::rows) gives.
    pub(crate) fn by_rows(mut self, by_rows: bool) -> Self {
        self.by_rows = by_rows;
        self
    }

    /// The rule adds each use of a row by itself, and needs no sum of them.
    pub(crate) fn in_order(mut self, in_order: bool) -> Self {
        self.in_order = in_order;
        self
    }

    /// Ranges of steps between which all chunks wait for each other.
    fn segments(&self) -> usize {
        if self.training.is_some() { self.plan().segments.len() } else { 1 }
    }

    fn segment(&self, number: usize) -> Range<usize> {
        match self.training {
            Some(_) => self.plan().segments[number].clone(),
            None => 0..self.plan().steps.len(),
        }
    }

    pub(super) fn call<'a>(&'a self, step: usize, given: Given<'a>) -> Call<'a> {
        let planned = &self.plan().steps[step];
        let [forward, backward] = &self.work.statistics[step];
        Call {
            params: given.params,
            inputs: given.inputs,
            prepared: &self.work.prepared[planned.prepared.range(1)],
            gradients: planned.gradients,
            training: self.training,
            inference: self.inference,
            batch: self.batch,
            statistics: [forward, backward],
            threads: if self.used == 1 { self.threads } else { 1 },
            input_gradient: given.input_gradient,
            by_rows: self.by_rows,
        }
    }

    /// Calls `each` for all chunks. `fresh` begins the gradients of the parameters.
    fn pass(&mut self, fresh: bool, each: impl Fn(&Run, &mut Chunk) + Sync) {
        let mut groups = std::mem::take(&mut self.work.groups);
        let run = &*self;
        spread(&mut groups[..run.used], run.threads, &|_, group: &mut Group| {
            if fresh {
                group.parameters.fill(0.0);
            }
            group.each(&|chunk: &mut Chunk| each(run, chunk));
        });
        self.work.groups = groups;
    }

    /// Brings the parameters into the layouts the kernels read.
    fn prepare(&mut self, params: &[&[f32]]) {
        let plan = self.engine.plan(self.inference);
        if plan.prepared == 0 {
            return;
        }
        let old = self.inference && self.is_prepared(params);
        let purpose = Purpose { inference: self.inference };
        let mut rest = &mut self.work.prepared[..];
        let mut at = 0;
        // A thread more is worth some thousand floats.
        let anew = |planned: &&Planned| !old || planned.step.prepares_anew();
        let len: usize = plan.steps.iter().filter(anew).map(|s| s.prepared.len).sum();
        let threads = if len < 1 << 14 { 1 } else { self.threads };
        let steps = plan.steps.iter().filter(anew).map(|planned| {
            let Slot { offset, len } = planned.prepared;
            let (part, behind) = std::mem::take(&mut rest)[offset - at..].split_at_mut(len);
            (rest, at) = (behind, offset + len);
            (planned, part)
        });
        share(steps, threads, &|(planned, part)| planned.step.prepare(params, part, purpose));
        if old {
            return;
        }
        let mut origin = self.work.origin.take().unwrap_or_default();
        origin.clear();
        self.work.origin = self.inference.then(|| {
            plan.packed(params).for_each(|param| origin.extend_from_slice(param));
            origin
        });
    }

    /// Whether these very parameters were prepared for inference. Comparing them costs a fraction
    /// of preparing them, and no mistake of a flag that somebody forgot to set.
    fn is_prepared(&self, params: &[&[f32]]) -> bool {
        let Some(mut rest) = self.work.origin.as_deref() else { return false };
        self.plan().packed(params).all(|param| {
            let (origin, more) = rest.split_at(param.len());
            rest = more;
            same_bits(param, origin)
        })
    }

    /// All but the last segment.
    fn forward_to_last(&mut self, given: Given<'_>) {
        self.prepare(given.params);
        for segment in 0..self.segments() - 1 {
            self.pass(false, |run, chunk| run.segment_forward(segment, given, chunk));
            self.total(self.segment(segment + 1).start, false);
        }
    }

    /// Runs forward.
    pub(crate) fn forward(&mut self, given: Given<'_>) {
        let (last, threads, divides) = (self.segments() - 1, self.threads, self.divides());
        let crew = if divides { crew::lead(threads, self.is_long()) } else { None };
        // In a pool, a thread is woken for a lone chunk only if it takes long.
        if self.used == 1 && crew.is_none() && !(divides && self.is_long() && in_pool()) {
            self.threads = 1;
        }
        self.forward_to_last(given);
        self.pass(false, |run, chunk| run.segment_forward(last, given, chunk));
        self.threads = threads;
    }

    /// Whether there is work for several threads.
    fn divides(&self) -> bool {
        self.used > 1 || self.plan().steps.iter().any(|s| s.step.divides(self.batch))
    }

    /// Whether that takes so long that a thread may as well be woken for it.
    fn is_long(&self) -> bool {
        self.used > 1 || self.plan().multiply_adds * self.batch >= LONG
    }

    /// Runs forward, `turn`, which makes the gradients of a chunk's outputs, and backward.
    pub(crate) fn there_and_back(
        &mut self,
        given: Given<'_>,
        turn: impl Fn(&Run, &mut Chunk) + Sync,
    ) {
        self.forward_to_last(given);
        let last = self.segments() - 1;
        self.pass(true, |run, chunk| {
            run.segment_forward(last, given, chunk);
            chunk.largest = 0.0;
            turn(run, chunk);
            run.segment_backward(last, given, chunk);
        });
        self.backward_from(last, given);
    }

    /// Runs backward from the gradients of the outputs.
    pub(crate) fn backward(&mut self, given: Given<'_>, output_gradients: &[Vec<f32>]) {
        let last = self.segments() - 1;
        self.pass(true, |run, chunk| {
            for (slot, gradient) in run.plan().outputs.iter().zip(output_gradients) {
                let part = chunk.first * slot.len..(chunk.first + chunk.n) * slot.len;
                chunk.memory.gradients[slot.range(chunk.n)].copy_from_slice(&gradient[part]);
            }
            run.segment_backward(last, given, chunk);
        });
        self.backward_from(last, given);
    }

    /// The segments before `last`, and the gradients of the parameters.
    fn backward_from(&mut self, last: usize, given: Given<'_>) {
        for segment in (0..last).rev() {
            let barrier = self.segment(segment + 1).start;
            self.total(barrier, true);
            self.pass(false, |run, chunk| {
                run.plan().steps[barrier].step.backward(&run.call(barrier, given), chunk);
                run.segment_backward(segment, given, chunk);
            });
        }
        self.finish_gradients(given);
    }

    /// The steps of a segment, and this chunk's share of the statistics that the next one begins
    /// with, while their numbers are near.
    fn segment_forward(&self, number: usize, given: Given<'_>, chunk: &mut Chunk) {
        let (steps, segment) = (&self.plan().steps, self.segment(number));
        for step in segment.clone() {
            steps[step].step.forward(&self.call(step, given), chunk);
        }
        if number + 1 < self.segments() {
            gather(chunk, steps[segment.end].step.statistics_len(), |chunk, part| {
                steps[segment.end].step.gather(&self.call(segment.end, given), chunk, part);
            });
        }
    }

    /// The steps of a segment, but not the one behind its barrier, which needs statistics first.
    fn segment_backward(&self, number: usize, given: Given<'_>, chunk: &mut Chunk) {
        let (steps, segment) = (&self.plan().steps, self.segment(number));
        let waits = number > 0;
        for step in (segment.start + usize::from(waits)..segment.end).rev() {
            steps[step].step.backward(&self.call(step, given), chunk);
        }
        if waits {
            gather(chunk, steps[segment.start].step.statistics_len(), |chunk, part| {
                let call = self.call(segment.start, given);
                steps[segment.start].step.gather_backward(&call, chunk, part);
            });
        }
    }

    /// Adds up the statistics of a step, chunk by chunk in a fixed order.
    fn total(&mut self, step: usize, backward: bool) {
        let len = self.plan().steps[step].step.statistics_len();
        let mut total = std::mem::take(&mut self.work.statistics[step][usize::from(backward)]);
        total.clear();
        total.resize(len, 0.0);
        for chunk in self.chunks() {
            for (total, part) in total.iter_mut().zip(&chunk.memory.statistics) {
                *total += part;
            }
        }
        self.work.statistics[step][usize::from(backward)] = total;
    }

    /// Adds the values of an output to the end of `to`, in the user's order.
    pub(crate) fn output(&self, number: usize, to: &mut Vec<f32>) {
        let slot = self.plan().outputs[number];
        to.reserve(slot.len * self.batch);
        for chunk in self.chunks() {
            to.extend_from_slice(&chunk.memory.values[slot.range(chunk.n)]);
        }
    }

    /// How buffers move after this run: parameter, share of the new value, place, new value.
    pub(crate) fn buffers(&self, given: Given<'_>, each: &mut dyn FnMut(usize, f64, usize, f32)) {
        if self.training.is_some() {
            for (number, planned) in self.plan().steps.iter().enumerate() {
                planned.step.buffers(&self.call(number, given), each);
            }
        }
    }

    /// After a backward, adds the gradient of an input, in the user's order.
    pub(crate) fn add_input_gradient(&self, number: usize, to: &mut [f32]) {
        let (slot, layout) = self.plan().inputs[number];
        let mut turned = vec![];
        for chunk in self.chunks() {
            let to = &mut to[chunk.first * slot.len..(chunk.first + chunk.n) * slot.len];
            let from = &chunk.memory.gradients[slot.range(chunk.n)];
            match layout {
                Layout::Pixels { channels, pixels } if !layout.is_plain() => {
                    turned.resize(from.len(), 0.0);
                    transpose(from, &mut turned, pixels, channels);
                    add(&turned, to);
                }
                _ => add(from, to),
            }
        }
    }
}

/// Whether all floats are the same bits.
fn same_bits(a: &[f32], b: &[f32]) -> bool {
    // Without an early end inside of a piece, so that the loop is vectorized.
    let same = |(a, b): (&[f32], &[f32])| {
        a.iter().zip(b).fold(0, |all, (a, b)| all | (a.to_bits() ^ b.to_bits())) == 0
    };
    a.len() == b.len() && a.chunks(1024).zip(b.chunks(1024)).all(same)
}

/// Begins a chunk's statistics and has them filled.
fn gather(chunk: &mut Chunk, len: usize, fill: impl FnOnce(&Chunk, &mut [f64])) {
    let mut part = std::mem::take(&mut chunk.memory.statistics);
    part.clear();
    part.resize(len, 0.0);
    fill(chunk, &mut part);
    chunk.memory.statistics = part;
}

impl Drop for Run {
    /// Memory goes back to the engine.
    fn drop(&mut self) {
        if let Ok(mut spare) = self.engine.spare[usize::from(self.inference)].lock() {
            spare.push(std::mem::take(&mut self.work));
        }
    }
}
