//! Runs plans: chunk by chunk, forward and backward.

use super::chunk::{Chunk, Memory};
use super::plan::Plan;
use super::simd::Floats;
use super::steps::{Call, Deliver, Layout, Purpose, Source, add, transpose};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// What every run of a network shares: its plan, and memory that waits for the next run.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) plan: Plan,
    spare: Mutex<Vec<Memory>>,
    spare_prepared: Mutex<Vec<Floats>>,
}

/// A forward run, with what a backward run needs.
pub(crate) struct Run {
    engine: Arc<Engine>,
    chunks: Vec<Chunk>,
    prepared: Floats,
    /// For each step: of the forward, of the backward.
    statistics: Vec<[Vec<f64>; 2]>,
    batch: usize,
    training: Option<u64>,
    /// Neither the training form nor a backward is wanted.
    inference: bool,
}

impl Engine {
    pub(crate) fn new(plan: Plan) -> Self {
        Engine { plan, spare: Mutex::default(), spare_prepared: Mutex::default() }
    }

    fn memory(&self) -> Memory {
        pop(&self.spare)
    }

    /// Room for the prepared parameters.
    fn prepared(&self) -> Floats {
        let mut prepared = pop(&self.spare_prepared);
        prepared.resize(self.plan.prepared);
        prepared
    }

    fn chunks(&self, batch: usize) -> Vec<Chunk> {
        let size = self.plan.chunk(batch);
        let firsts = (0..batch).step_by(size);
        firsts
            .map(|first| {
                let n = size.min(batch - first);
                let mut memory = self.memory();
                memory.values.resize(self.plan.values * n);
                memory.bytes.resize(self.plan.bytes * n, 0);
                let scratch = self.plan.steps.iter().map(|s| s.step.scratch_len(n)).max();
                memory.scratch.resize(scratch.unwrap_or(0));
                Chunk { first, n, memory }
            })
            .collect()
    }
}

/// What waits there, or something new.
fn pop<T: Default>(spare: &Mutex<Vec<T>>) -> T {
    spare.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default()
}

/// Runs `each` for all chunks, on rayon's threads where there is more than one.
fn for_all(chunks: &mut [Chunk], each: impl Fn(&mut Chunk) + Send + Sync) {
    match chunks {
        [chunk] => each(chunk),
        chunks => chunks.par_iter_mut().with_max_len(1).for_each(each),
    }
}

/// Runs a network forward.
pub(crate) fn forward(
    engine: &Arc<Engine>,
    params: &[&[f32]],
    inputs: &[Source<'_>],
    batch: usize,
    training: Option<u64>,
    backward: bool,
) -> Run {
    let plan = &engine.plan;
    let mut prepared = engine.prepared();
    let inference = training.is_none() && !backward;
    let purpose = Purpose { inference };
    for planned in &plan.steps {
        planned.step.prepare(params, &mut prepared[planned.prepared.range(1)], purpose);
    }
    let mut run = Run {
        engine: engine.clone(),
        chunks: engine.chunks(batch),
        prepared,
        statistics: plan.steps.iter().map(|_| [Vec::new(), Vec::new()]).collect(),
        batch,
        training,
        inference,
    };
    for segment in run.segments() {
        run.gather(segment.start, params, inputs, false);
        run.run_forward(segment, params, inputs);
    }
    run
}

impl Run {
    /// Ranges of steps between which all chunks wait for each other.
    fn segments(&self) -> Vec<Range<usize>> {
        let steps = &self.engine.plan.steps;
        let barrier = |i: &usize| self.training.is_some() && steps[*i].step.statistics_len() > 0;
        let mut starts: Vec<usize> = (0..steps.len()).filter(|i| *i == 0 || barrier(i)).collect();
        starts.push(steps.len());
        starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }

    fn call<'a>(
        &'a self,
        step: usize,
        params: &'a [&'a [f32]],
        inputs: &'a [Source<'a>],
        input_gradient: bool,
    ) -> Call<'a> {
        let planned = &self.engine.plan.steps[step];
        let [forward, backward] = &self.statistics[step];
        Call {
            params,
            inputs,
            prepared: &self.prepared[planned.prepared.range(1)],
            gradients: planned.gradients,
            training: self.training,
            inference: self.inference,
            batch: self.batch,
            statistics: [forward, backward],
            input_gradient,
        }
    }

    /// The statistics of a step, chunk by chunk in a fixed order.
    fn gather(&mut self, step: usize, params: &[&[f32]], inputs: &[Source<'_>], backward: bool) {
        let engine = self.engine.clone();
        let step_ref = &engine.plan.steps[step].step;
        let len = step_ref.statistics_len();
        if len == 0 || self.training.is_none() {
            return;
        }
        let call = self.call(step, params, inputs, false);
        let parts: Vec<Vec<f64>> = self
            .chunks
            .par_iter()
            .with_max_len(1)
            .map(|chunk| {
                let mut part = vec![0.0; len];
                match backward {
                    false => step_ref.gather(&call, chunk, &mut part),
                    true => step_ref.gather_backward(&call, chunk, &mut part),
                }
                part
            })
            .collect();
        let mut total = vec![0.0; len];
        for part in parts {
            for (total, part) in total.iter_mut().zip(part) {
                *total += part;
            }
        }
        self.statistics[step][usize::from(backward)] = total;
    }

    fn run_forward(&mut self, segment: Range<usize>, params: &[&[f32]], inputs: &[Source<'_>]) {
        let mut chunks = std::mem::take(&mut self.chunks);
        let run = &*self;
        for_all(&mut chunks, |chunk| {
            for step in segment.clone() {
                let call = run.call(step, params, inputs, false);
                run.engine.plan.steps[step].step.forward(&call, chunk);
            }
        });
        self.chunks = chunks;
    }

    /// The values of an output, in the user's order.
    pub(crate) fn output(&self, number: usize) -> Vec<f32> {
        let slot = self.engine.plan.outputs[number];
        let mut output = Vec::with_capacity(slot.len * self.batch);
        for chunk in &self.chunks {
            output.extend_from_slice(&chunk.memory.values[slot.range(chunk.n)]);
        }
        output
    }

    /// How buffers move after this run.
    pub(crate) fn updates(
        &self,
        params: &[&[f32]],
        inputs: &[Source<'_>],
    ) -> Vec<(usize, f64, Vec<f32>)> {
        if self.training.is_none() {
            return Vec::new();
        }
        let steps = self.engine.plan.steps.iter().enumerate();
        steps
            .flat_map(|(i, planned)| planned.step.updates(&self.call(i, params, inputs, false)))
            .collect()
    }

    /// Runs backward from the gradients of the outputs. The gradients of the parameters go to
    /// `deliver`, those of the inputs, if they are wanted, are returned in the user's order.
    pub(crate) fn backward(
        &mut self,
        params: &[&[f32]],
        inputs: &[Source<'_>],
        output_gradients: &[Vec<f32>],
        input_gradient: bool,
        deliver: &mut Deliver<'_>,
    ) -> Vec<Vec<f32>> {
        self.begin_backward(output_gradients);
        for segment in self.segments().into_iter().rev() {
            let mut chunks = std::mem::take(&mut self.chunks);
            let run = &*self;
            let waits = segment.start > 0;
            // The step behind the barrier needs statistics of its own before it can go on.
            let from = segment.start + usize::from(waits);
            for_all(&mut chunks, |chunk| {
                run.steps_backward(from..segment.end, params, inputs, chunk, input_gradient)
            });
            self.chunks = chunks;
            if waits {
                self.gather(segment.start, params, inputs, true);
                let mut chunks = std::mem::take(&mut self.chunks);
                let run = &*self;
                for_all(&mut chunks, |chunk| {
                    run.steps_backward(
                        segment.start..segment.start + 1,
                        params,
                        inputs,
                        chunk,
                        input_gradient,
                    )
                });
                self.chunks = chunks;
            }
        }
        self.deliver(inputs, deliver);
        let wanted = if input_gradient { self.engine.plan.inputs.len() } else { 0 };
        (0..wanted).map(|input| self.input_gradient(input)).collect()
    }

    fn steps_backward(
        &self,
        steps: Range<usize>,
        params: &[&[f32]],
        inputs: &[Source<'_>],
        chunk: &mut Chunk,
        input_gradient: bool,
    ) {
        for step in steps.rev() {
            let call = self.call(step, params, inputs, input_gradient);
            self.engine.plan.steps[step].step.backward(&call, chunk);
        }
    }

    fn begin_backward(&mut self, output_gradients: &[Vec<f32>]) {
        let plan = &self.engine.plan;
        for chunk in &mut self.chunks {
            chunk.memory.gradients.resize(plan.values * chunk.n);
            chunk.memory.parameters.resize(plan.gradients);
            chunk.memory.parameters.fill(0.0);
            for (slot, gradient) in plan.outputs.iter().zip(output_gradients) {
                let part = chunk.first * slot.len..(chunk.first + chunk.n) * slot.len;
                chunk.memory.gradients[slot.range(chunk.n)].copy_from_slice(&gradient[part]);
            }
        }
    }

    /// Adds up the chunks' gradients in a fixed order.
    fn deliver(&mut self, inputs: &[Source<'_>], deliver: &mut Deliver<'_>) {
        let Some((first, rest)) = self.chunks.split_first_mut() else { return };
        for chunk in rest {
            add(&chunk.memory.parameters, &mut first.memory.parameters);
        }
        for planned in &self.engine.plan.steps {
            let part = &self.chunks[0].memory.parameters[planned.gradients.range(1)];
            planned.step.deliver(part, deliver);
            for chunk in &self.chunks {
                planned.step.deliver_chunk(inputs, chunk, deliver);
            }
        }
    }

    fn input_gradient(&self, number: usize) -> Vec<f32> {
        let (slot, layout) = self.engine.plan.inputs[number];
        let mut gradient = vec![0.0; slot.len * self.batch];
        for chunk in &self.chunks {
            let from = &chunk.memory.gradients[slot.range(chunk.n)];
            let to = &mut gradient[chunk.first * slot.len..(chunk.first + chunk.n) * slot.len];
            match layout {
                Layout::Pixels { channels, pixels } => {
                    transpose(from, to, pixels, channels);
                }
                Layout::Plain => to.copy_from_slice(from),
            }
        }
        gradient
    }
}

impl Drop for Run {
    /// Memory goes back to the engine.
    fn drop(&mut self) {
        if let Ok(mut spare) = self.engine.spare.lock() {
            spare.extend(self.chunks.drain(..).map(|chunk| chunk.memory));
        }
        if let Ok(mut spare) = self.engine.spare_prepared.lock() {
            spare.push(std::mem::take(&mut self.prepared));
        }
    }
}
