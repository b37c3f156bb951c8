//! The gradients of the parameters, from what the chunks left: always added in the same order.

use super::chunk::{Group, Slot};
use super::exec::{Given, Run};
use super::plan::Job;
use super::steps::add;
use super::threads::both;
use super::update::all_finite;
use std::sync::atomic::Ordering;

/// Floats that one thread takes at once.
const PIECE: usize = 1 << 13;

impl Run {
    /// Fills the gradients of all parameters, in the user's layout.
    pub(super) fn finish_gradients(&mut self, given: Given<'_>) {
        self.sum_groups();
        self.find_rows(given);
        let mut gradients = std::mem::take(&mut self.work.gradients);
        let plan = self.plan();
        gradients.resize(if self.by_rows { plan.dense } else { plan.flat });
        self.run_jobs(&plan.jobs, 0, &mut gradients, self.threads);
        let by_rows = |slot: &Slot| self.by_rows && slot.offset >= plan.dense;
        for slot in plan.params.iter().filter(|slot| !plan.in_jobs(slot) && !by_rows(slot)) {
            gradients[slot.range(1)].fill(0.0);
        }
        let mut deliver = |param: usize, add: &mut dyn FnMut(&mut [f32])| {
            add(&mut gradients[plan.params[param].range(1)]);
        };
        let Some(first) = self.groups().first() else { return };
        for planned in &plan.steps {
            planned.step.deliver(&first.parameters[planned.gradients.range(1)], &mut deliver);
            for chunk in self.chunks() {
                planned.step.deliver_chunk(chunk, &mut deliver);
            }
        }
        for (number, table) in plan.tables.iter().enumerate() {
            if !(self.by_rows && table.alone) {
                let slot = plan.params[table.param];
                self.add_rows(number, &mut gradients[slot.range(1)]);
                if plan.in_jobs(&slot) {
                    self.see(&gradients[slot.range(1)]);
                }
            }
        }
        for slot in plan.params.iter().filter(|slot| !plan.in_jobs(slot) && !by_rows(slot)) {
            self.see(&gradients[slot.range(1)]);
        }
        self.work.gradients = gradients;
        if self.by_rows && !self.check_rows() {
            self.unsound.store(true, Ordering::Relaxed);
        }
    }

    /// Takes note of gradients that are not finite, while they are near.
    fn see(&self, gradients: &[f32]) {
        if !all_finite(gradients) {
            self.unsound.store(true, Ordering::Relaxed);
        }
    }

    /// Adds the gradients in the steps' layouts to the first group's.
    fn sum_groups(&mut self) {
        let (used, threads) = (self.groups().len(), self.threads);
        if let Some((first, rest)) = self.work.groups[..used].split_first_mut() {
            sum(&mut first.parameters, rest, 0, threads);
        }
    }

    /// Computes the gradients that are divided by parameters, not by samples; `gradients` begin at
    /// place `at`.
    fn run_jobs(&self, jobs: &[Job], at: usize, gradients: &mut [f32], threads: usize) {
        if let [job] = jobs {
            let to = &mut gradients[job.range.start - at..job.range.end - at];
            for (i, &step) in job.steps.iter().enumerate() {
                let step = &self.plan().steps[step].step;
                step.shared_gradient(self.groups(), job.part.clone(), i == 0, to);
            }
            self.see(to);
        } else if !jobs.is_empty() {
            let (left, right) = jobs.split_at(jobs.len() / 2);
            let middle = right[0].range.start;
            let (low, high) = gradients.split_at_mut(middle - at);
            both(
                threads,
                |threads| self.run_jobs(left, at, low, threads),
                |threads| self.run_jobs(right, middle, high, threads),
            );
        }
    }

    /// After a backward, the gradient of a parameter; none for what is not trained, nor for a
    /// table that has its gradient by rows.
    pub(crate) fn whole_gradient(&self, param: usize) -> Option<&[f32]> {
        let slot = self.plan().params[param];
        let dense = slot.len > 0 && !(self.by_rows && slot.offset >= self.plan().dense);
        dense.then(|| &self.work.gradients[slot.range(1)])
    }
}

/// Adds the gradients of `rest` from place `at` on to those of the first.
fn sum(first: &mut [f32], rest: &[Group], at: usize, threads: usize) {
    if first.len() <= PIECE || threads <= 1 {
        for group in rest {
            add(&group.parameters[at..at + first.len()], first);
        }
    } else {
        let middle = (first.len() / 2).next_multiple_of(16);
        let (low, high) = first.split_at_mut(middle);
        both(
            threads,
            |threads| sum(low, rest, at, threads),
            |threads| sum(high, rest, at + middle, threads),
        );
    }
}
