//! What goes into a recurrent step and comes out, between [samples, time, …] and step by step.

use super::super::{Call, add};
use super::{Direction, RecurrentStep, Sizes, absent, row};
use crate::engine::chunk::{two, two_mut};

impl RecurrentStep {
    /// [samples, time, features] step by step. What stands in steps that a sample lacks is nothing to
    /// anybody, not even NaN.
    pub(super) fn by_step(
        &self,
        direction: &Direction,
        x: &[f32],
        lengths: &[usize],
        to: &mut [f32],
    ) {
        let Sizes { time, features, .. } = self.sizes;
        let n = x.len() / (time * features);
        for (step, rows) in to.chunks_exact_mut(n * features).enumerate() {
            let at = self.at(direction, step);
            for (sample, row) in rows.chunks_exact_mut(features).enumerate() {
                let from = (sample * time + at) * features;
                row.copy_from_slice(&x[from..from + features]);
            }
            for sample in absent(lengths, at) {
                rows[row(sample, features)].fill(0.0);
            }
        }
    }

    /// The gradient of the input, step by step, to where it belongs.
    pub(super) fn back_by_step(
        &self,
        direction: &Direction,
        from: &[f32],
        dx: &mut [f32],
        overwrite: bool,
    ) {
        let Sizes { time, features, .. } = self.sizes;
        let n = dx.len() / (time * features);
        for (step, rows) in from.chunks_exact(n * features).enumerate() {
            let at = self.at(direction, step);
            for (sample, row) in rows.chunks_exact(features).enumerate() {
                let to = (sample * time + at) * features;
                match overwrite {
                    true => dx[to..to + features].copy_from_slice(row),
                    false => add(row, &mut dx[to..to + features]),
                }
            }
        }
    }

    /// Where the state behind a step stands in the output of a sample, if it does.
    fn place(&self, number: usize, step: usize) -> Option<usize> {
        let Sizes { time, hidden, .. } = self.sizes;
        let at = match self.last {
            true if step + 1 < time => return None,
            true => 0,
            false => self.at(&self.directions[number], step),
        };
        Some((at * self.directions.len() + number) * hidden)
    }

    /// Where the end of a state (0), or of a memory (1), stands in the output of a sample.
    fn end_place(&self, number: usize, part: usize) -> usize {
        let Sizes { time, hidden, .. } = self.sizes;
        let steps = if self.last { 1 } else { time };
        ((steps + part) * self.directions.len() + number) * hidden
    }

    /// How many parts of a direction's state are given in the end: 0, 1, or with a memory 2.
    fn end_parts(&self) -> usize {
        if self.ends { 1 + usize::from(self.has_memory()) } else { 0 }
    }

    pub(super) fn has_memory(&self) -> bool {
        self.kind == "Lstm"
    }

    /// The state before the first step of a direction, where it is given: the gates lie before it.
    pub(super) fn begin(&self, number: usize, values: &mut [f32], n: usize) {
        let Sizes { time, hidden, gates, .. } = self.sizes;
        let starts = [time * gates * n, (time * gates + (time + 1) * hidden) * n];
        for (edge, start) in self.first.iter().zip(starts) {
            let room = self.directions[number].room.range(n);
            let (from, room) = two(values, edge.slot.range(n), room);
            let samples = from.chunks_exact(edge.slot.len);
            for (to, from) in room[start..].chunks_exact_mut(hidden).zip(samples) {
                to.copy_from_slice(&from[number * hidden..][..hidden]);
            }
        }
    }

    /// The gradients of the state before the first step to where they belong; they lie where the
    /// backward of this direction worked.
    pub(super) fn begin_back(
        &self,
        call: &Call<'_>,
        number: usize,
        gradients: &mut [f32],
        n: usize,
    ) {
        let Sizes { time, hidden, gates, .. } = self.sizes;
        let starts = [time * gates * n, (time * gates + hidden) * n];
        // Backwards: of a value that is taken twice, the last writes first.
        for (edge, start) in self.first.iter().zip(starts).rev() {
            if edge.input && !call.input_gradient {
                continue;
            }
            let room = self.directions[number].room.range(n);
            let (work, dx) = two_mut(gradients, room, edge.slot.range(n));
            let samples = dx.chunks_exact_mut(edge.slot.len);
            for (to, from) in samples.zip(work[start..].chunks_exact(hidden)) {
                let to = &mut to[number * hidden..][..hidden];
                match edge.first {
                    true => to.copy_from_slice(from),
                    false => add(from, to),
                }
            }
        }
    }

    /// The states to the output, and what is behind the last step; `kept` holds an `Lstm`'s memory.
    pub(super) fn give(
        &self,
        number: usize,
        [states, kept]: [&[f32]; 2],
        lengths: &[usize],
        y: &mut [f32],
    ) {
        let hidden = self.sizes.hidden;
        let n = y.len() / self.y.len;
        let behind = self.sizes.time * n * hidden;
        for (part, all) in [states, kept].into_iter().enumerate().take(self.end_parts()) {
            for (sample, end) in all[behind..][..n * hidden].chunks_exact(hidden).enumerate() {
                let to = sample * self.y.len + self.end_place(number, part);
                y[to..to + hidden].copy_from_slice(end);
            }
        }
        for step in 0..self.sizes.time {
            let Some(place) = self.place(number, step) else { continue };
            for sample in 0..n {
                let from = ((step + 1) * n + sample) * hidden;
                let to = sample * self.y.len + place;
                y[to..to + hidden].copy_from_slice(&states[from..from + hidden]);
            }
            for sample in absent(lengths, self.at(&self.directions[number], step)) {
                let to = sample * self.y.len + place;
                if !self.last {
                    y[to..to + hidden].fill(0.0);
                }
            }
        }
    }

    /// Adds the output's gradient to that of the state behind a step.
    pub(super) fn take(
        &self,
        (number, step): (usize, usize),
        dy: &[f32],
        lengths: &[usize],
        dh: &mut [f32],
    ) {
        let Some(place) = self.place(number, step) else { return };
        let at = self.at(&self.directions[number], step);
        for (sample, dh) in dh.chunks_exact_mut(self.sizes.hidden).enumerate() {
            // What is always zero has no gradient.
            if !self.last && lengths.get(sample).is_some_and(|length| *length <= at) {
                continue;
            }
            let from = sample * self.y.len + place;
            add(&dy[from..from + dh.len()], dh);
        }
    }

    /// The gradients of what is behind the last step, or zeros.
    pub(super) fn take_ends(&self, number: usize, dy: &[f32], to: [&mut [f32]; 2]) {
        for (part, to) in to.into_iter().enumerate() {
            if part >= self.end_parts() {
                to.fill(0.0);
                continue;
            }
            for (sample, to) in to.chunks_exact_mut(self.sizes.hidden).enumerate() {
                let from = sample * self.y.len + self.end_place(number, part);
                to.copy_from_slice(&dy[from..from + to.len()]);
            }
        }
    }
}
