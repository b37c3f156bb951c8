//! A step of a training on the engine with a built-in loss and optimizer, and a prediction: without
//! dfdx's tape and gradients, without copies of the parameters, and, after the first, without an
//! allocation.

use super::CHUNK;
use super::loss::{Correct, Criterion};
use super::optim::{Memory, Rule, fused};
use super::step::{Report, bad_gradient, bad_value, finite_loss};
use crate::data::{Batch, Column};
use crate::engine::learn::{
    Given, Handles, LossJob, Memory as Values, Run, Source, check, engine_of, inside,
};
use crate::error::Result;
use crate::model::Model;
use dfdx::prelude::Cpu;
use netwright_spec::graph::Graph;
use std::ops::Range;

/// Learns from one batch; `None`, and nothing has changed, for what must go another way: the
/// general one, which also words all errors of data that do not fit.
pub(crate) fn learn(
    model: &mut dyn Model<f32, Cpu>,
    batch: &Batch,
    criterion: Criterion<'_>,
    rule: Rule,
    memory: &mut Memory,
) -> Result<Option<Report>> {
    let (graph, samples) = (model.graph(), batch.len());
    let targets = &batch.targets[..];
    let fits =
        columns_fit(graph, &batch.inputs, samples) && criterion.fits(graph, targets, samples);
    let Some(engine) = engine_of(graph).filter(|_| fits) else { return Ok(None) };
    rule.check()?;
    let slots = memory.slots(graph)?;
    let before = model.state().clone();
    let key = model.state().next_key();
    let run = engine.begin(samples, Some(key), true);
    let mut run = run.by_rows(rule.by_rows()).in_order(rule.is_linear());
    let mut lists = run.lists();
    let mut params = recycled(std::mem::take(&mut lists.params));
    model.visit_mut(&mut |tensor| params.extend(tensor.slice_mut()));
    if params.len() != graph.params.len() {
        drop(params);
        *model.state() = before;
        return Ok(None);
    }
    let mut inputs = recycled(std::mem::take(&mut lists.inputs));
    inputs.extend(batch.inputs.iter().map(source));
    check(graph, &inputs, samples, true)?;
    let task = Task { graph, criterion, targets, samples };
    let threads = run.threads();
    let result = inside(threads, || {
        let mut shared = recycled(std::mem::take(&mut lists.shared));
        shared.extend(params.iter().map(|param| &**param));
        let given = Given { params: &shared, inputs: &inputs, input_gradient: false };
        let report = task.differentiate(&mut run, given)?;
        lists.shared = recycled(shared);
        fused::move_all(rule, graph, &run, &mut params, slots, threads);
        move_buffers(&run, &mut params);
        Ok(report)
    });
    (lists.params, lists.inputs) = (recycled(params), recycled(inputs));
    run.keep(lists);
    result.map(Some)
}

/// Overwrites `outputs` with the outputs for all samples in the inference form; false, and nothing
/// has changed, for what must go another way, which also words all errors of data that do not fit.
pub(crate) fn predict(
    model: &dyn Model<f32, Cpu>,
    inputs: &[Column],
    outputs: &mut Vec<Column>,
) -> Result<bool> {
    let graph = model.graph();
    let samples = inputs.first().map_or(0, Column::len);
    let fits = columns_fit(graph, inputs, samples);
    let Some(engine) = engine_of(graph).filter(|_| fits) else { return Ok(false) };
    for first in (0..samples).step_by(CHUNK) {
        let range = first..samples.min(first + CHUNK);
        let mut run = engine.begin(range.len(), None, false);
        if !forward(&mut run, model, inputs, range)? {
            return Ok(false);
        }
        if first == 0 {
            begin(graph, outputs);
        }
        for (number, output) in outputs.iter_mut().enumerate() {
            if let Column::Floats { data, .. } = output {
                run.output(number, data);
            }
        }
    }
    Ok(true)
}

/// Runs some samples forward; false if a parameter does not lie as the engine reads it.
fn forward(
    run: &mut Run,
    model: &dyn Model<f32, Cpu>,
    inputs: &[Column],
    samples: Range<usize>,
) -> Result<bool> {
    let graph = model.graph();
    let mut lists = run.lists();
    let mut params = recycled(std::mem::take(&mut lists.shared));
    model.visit(&mut |tensor| params.extend(tensor.slice()));
    let mut sources = recycled(std::mem::take(&mut lists.inputs));
    sources.extend(graph.inputs.iter().zip(inputs).map(|(port, column)| {
        let size: usize = port.shape.iter().product();
        part(source(column), samples.start * size..samples.end * size)
    }));
    check(graph, &sources, samples.len(), false)?;
    let whole = params.len() == graph.params.len();
    if whole {
        let given = Given { params: &params, inputs: &sources, input_gradient: false };
        run.forward(given, &|| handles(model));
    }
    (lists.shared, lists.inputs) = (recycled(params), recycled(sources));
    run.keep(lists);
    Ok(whole)
}

/// Handles on all parameters that have one; without all of them, none is the same again.
fn handles(model: &dyn Model<f32, Cpu>) -> Handles {
    let mut handles = Handles::new();
    model.visit(&mut |tensor| handles.extend(tensor.array()));
    handles
}

/// One column for each output, without a sample, in the memory of those that are there.
fn begin(graph: &Graph, outputs: &mut Vec<Column>) {
    outputs.truncate(graph.outputs.len());
    for (number, port) in graph.outputs.iter().enumerate() {
        let wanted = graph.shape_of(port.value);
        match outputs.get_mut(number) {
            Some(Column::Floats { data, shape }) => {
                data.clear();
                shape.clear();
                shape.extend_from_slice(wanted);
            }
            Some(other) => *other = Column::Floats { data: Vec::new(), shape: wanted.to_vec() },
            None => outputs.push(Column::Floats { data: Vec::new(), shape: wanted.to_vec() }),
        }
    }
}

fn part(source: Source<'_>, range: Range<usize>) -> Source<'_> {
    match source {
        Source::Floats(all) => Source::Floats(&all[range]),
        Source::Indices(all) => Source::Indices(&all[range]),
    }
}

/// What a step is to do.
struct Task<'a> {
    graph: &'static Graph,
    criterion: Criterion<'a>,
    targets: &'a [Column],
    samples: usize,
}

impl Task<'_> {
    /// Forward, loss and backward; an error if anything is not finite.
    fn differentiate(&self, run: &mut Run, given: Given<'_>) -> Result<Report> {
        let output = self.graph.shape_of(self.graph.outputs[0].value);
        let (count, total) = self.criterion.total(output, self.samples, self.targets);
        run.there_and_back(given, |run, chunk| {
            let job = LossJob {
                criterion: self.criterion,
                output,
                samples: chunk.n,
                targets: self.targets(chunk.first..chunk.first + chunk.n),
                share: (1.0 / total) as f32,
            };
            let Values { values, gradients, .. } = &mut chunk.memory;
            chunk.found = job.run(run.outputs(), values, gradients);
        });
        let (mut loss, mut hits) = (0.0, 0);
        for chunk in run.chunks() {
            loss += chunk.found.loss;
            hits += chunk.found.hits;
        }
        let loss = finite_loss(loss / total)?;
        self.finite(run)?;
        let correct = self.criterion.has_accuracy().then_some(Correct { hits, of: count });
        let weight = self.criterion.weight(self.targets).unwrap_or(self.samples as f64);
        Ok(Report { loss, weight, correct })
    }

    /// The targets of some samples; a loss has at most three.
    fn targets(&self, samples: Range<usize>) -> [Source<'_>; 3] {
        let mut targets = [Source::Floats(&[]); 3];
        for (target, column) in targets.iter_mut().zip(self.targets) {
            let size: usize = column.shape().iter().product();
            *target = part(source(column), samples.start * size..samples.end * size);
        }
        targets
    }

    /// Whether all gradients and new values of buffers are finite.
    fn finite(&self, run: &Run) -> Result<()> {
        let params = self.graph.params;
        if !run.sound() {
            let threads = run.threads();
            let bad = |i: &usize| run.gradient(*i).is_some_and(|g| !g.finite(threads));
            return bad_gradient((0..params.len()).find(bad).map(|i| params[i].name));
        }
        let mut bad = None;
        run.buffers(Given::NOTHING, &mut |param, _, _, value| {
            if !value.is_finite() {
                bad = bad.or(Some(param));
            }
        });
        bad.map_or(Ok(()), |param| bad_value(Some(params[param].name)))
    }
}

/// Moves running statistics.
fn move_buffers(run: &Run, params: &mut [&mut [f32]]) {
    run.buffers(Given::NOTHING, &mut |param, share, place, value| {
        let x = &mut params[param][place];
        *x = *x * (1.0 - share) as f32 + value * share as f32;
    });
}

/// Whether so many samples are what the network takes.
fn columns_fit(graph: &Graph, columns: &[Column], samples: usize) -> bool {
    samples > 0
        && graph.inputs.len() == columns.len()
        && graph.inputs.iter().zip(columns).all(|(port, column)| {
            port.shape == column.shape()
                && column.len() == samples
                && port.index == column.as_indices().is_some()
        })
}

fn source(column: &Column) -> Source<'_> {
    match column {
        Column::Floats { data, .. } => Source::Floats(data),
        Column::Indices { data, .. } => Source::Indices(data),
    }
}

/// An empty list in the memory of one whose items lived shorter or longer.
fn recycled<A, B>(list: Vec<A>) -> Vec<B> {
    list.into_iter().filter_map(|_| None).collect()
}
