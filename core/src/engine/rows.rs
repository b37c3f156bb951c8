//! Gradients of tables by the rows that a batch used: neither the time nor the memory of a step
//! depends on how many rows there are.
//!
//! A row's gradient is never written anywhere: what each use of it adds lies among the gradients of
//! the chunks, and is summed up where it is needed, always in the order of the uses. SGD needs no sum:
//! it moves a row by each use, in the order in which they were found, which reads each vector while it
//! is near.

use super::chunk::Chunk;
use super::exec::{Given, Run};
use super::kernels::rows::{Term, add_up, ask_for, scatter};
use super::plan::Table;
use super::threads::{both, present};
use super::update::{Formula, Parts, all_finite, update};
use std::ops::Range;

/// Floats of gradients that one thread takes at once.
const PIECE: usize = 1 << 14;

/// Floats of a row that are summed up at once, on the stack.
const BLOCK: usize = 256;

/// Uses whose rows are asked for before they are moved.
const BATCH: usize = 16;

/// Uses that are looked at to divide the rows.
const SAMPLE: usize = 128;

/// Uses of a row that are added up at once.
const TOGETHER: usize = 8;

/// How many uses ahead of the one in hand memory is asked for.
const AHEAD: usize = 8;

/// Bits of a row's number that one pass of the sorting looks at, at least and at most.
const DIGITS: [u32; 2] = [8, 14];

/// One use of a row: what it adds to the row's gradient is a vector, by a factor.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Use {
    row: u32,
    /// Where the vector begins in the chunk's memory.
    at: u32,
    factor: f32,
    origin: Origin,
    /// Whether it is one of the values, not of their gradients.
    value: bool,
}

/// A chunk: its group, and its number in that.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin {
    group: u8,
    chunk: u16,
}

impl Origin {
    /// The use of a row whose gradient lies among those of the values.
    pub(super) fn gradient(self, row: usize, at: usize, factor: f32) -> Use {
        Use { row: row as u32, at: at as u32, factor, origin: self, value: false }
    }

    /// The use of a row whose gradient is a value, by a factor.
    pub(super) fn value(self, row: usize, at: usize, factor: f32) -> Use {
        Use { value: true, ..self.gradient(row, at, factor) }
    }
}

/// The uses of a table's rows, and room to sort them.
#[derive(Debug, Default)]
pub(super) struct Uses {
    all: Vec<Use>,
    spare: Vec<Use>,
    /// Where the next use with this digit goes.
    places: Vec<u32>,
}

impl Uses {
    /// Sorts by row, and leaves the uses of one row in the order in which they were found.
    fn sort(&mut self, rows: usize) {
        // A pass should count about as many digits as there are uses.
        let [least, most] = DIGITS;
        let bits = (self.all.len().max(1).ilog2() + 1).clamp(least, most);
        let mut shift = 0;
        while shift < u32::BITS && rows.saturating_sub(1) >> shift > 0 {
            self.sort_by_digit(shift, bits);
            shift += bits;
        }
    }

    fn sort_by_digit(&mut self, shift: u32, bits: u32) {
        let digit = |one: &Use| (one.row >> shift) as usize & ((1 << bits) - 1);
        let places = &mut self.places;
        places.clear();
        places.resize(1 << bits, 0);
        self.all.iter().for_each(|one| places[digit(one)] += 1);
        let mut end = 0;
        for place in &mut *places {
            end += *place;
            *place = end - *place;
        }
        self.spare.resize(self.all.len(), Use::default());
        for one in &self.all {
            let place = &mut places[digit(one)];
            self.spare[*place as usize] = *one;
            *place += 1;
        }
        std::mem::swap(&mut self.all, &mut self.spare);
    }
}

impl Run {
    /// Finds the used rows of all tables.
    pub(super) fn find_rows(&mut self, given: Given<'_>) {
        let mut found = std::mem::take(&mut self.work.uses);
        let plan = self.plan();
        found.resize_with(plan.tables.len(), Uses::default);
        for (table, uses) in plan.tables.iter().zip(&mut found) {
            uses.all.clear();
            for &step in &table.steps {
                for (origin, chunk) in self.places() {
                    plan.steps[step].step.uses(given.inputs, chunk, origin, &mut uses.all);
                }
            }
            if self.by_rows && table.alone && !self.in_order {
                uses.sort(table.rows);
            }
        }
        self.work.uses = found;
    }

    /// All chunks, in the order of the samples.
    fn places(&self) -> impl Iterator<Item = (Origin, &Chunk)> {
        self.groups().iter().zip(0..).flat_map(|(group, number)| {
            let origin = move |chunk| Origin { group: number, chunk };
            group.chunks().zip(0..).map(move |(chunk, number)| (origin(number), chunk))
        })
    }

    /// Adds what each use of a table's rows contributes to the gradient of the whole table.
    pub(super) fn add_rows(&self, number: usize, gradient: &mut [f32]) {
        let width = self.plan().tables[number].width;
        for one in &self.work.uses[number].all {
            let row = &mut gradient[one.row as usize * width..][..width];
            add_up(&[(self.vector(one, 0..width), one.factor)], row, false);
        }
    }

    /// Part of the vector that a use adds to the gradient of its row, by its factor.
    fn vector(&self, one: &Use, part: Range<usize>) -> &[f32] {
        let memory = &self.work.groups[usize::from(one.origin.group)].chunks
            [usize::from(one.origin.chunk)]
        .memory;
        let floats = if one.value { &memory.values } else { &memory.gradients };
        let at = one.at as usize;
        &floats[at + part.start..at + part.end]
    }

    /// Whether the gradients of all used rows are finite. So they are if so many of the largest
    /// would not be infinite; else each is looked at.
    pub(super) fn check_rows(&mut self) -> bool {
        let largest = self.chunks().fold(0.0, |most: f32, chunk| most.max(chunk.largest));
        let uses: usize = self.work.uses.iter().map(|uses| uses.all.len()).sum();
        if (2.0 * largest * uses as f32).is_finite() {
            return true;
        }
        if self.in_order {
            let mut found = std::mem::take(&mut self.work.uses);
            let tables = self.plan().tables.iter().zip(&mut found);
            tables.for_each(|(table, uses)| uses.sort(table.rows));
            self.work.uses = found;
        }
        let rows = |table: &Table| self.rows(table.param).is_none_or(|r| r.finite(self.threads));
        self.plan().tables.iter().all(rows)
    }

    /// After a backward, the gradient of a parameter; none for what is not trained.
    pub(crate) fn gradient(&self, param: usize) -> Option<Gradient<'_>> {
        let rows = self.rows(param).map(Gradient::Rows);
        rows.or_else(|| self.whole_gradient(param).map(Gradient::Whole))
    }

    /// After a backward by rows, the used rows of this parameter, if it is a table.
    fn rows(&self, param: usize) -> Option<Rows<'_>> {
        let mut tables = self.plan().tables.iter().zip(&self.work.uses);
        let (table, uses) = tables.find(|(table, _)| table.param == param && table.alone)?;
        self.by_rows.then_some(Rows { run: self, uses: &uses.all, width: table.width })
    }
}

/// The gradient of a parameter.
pub(crate) enum Gradient<'a> {
    /// That of each element.
    Whole(&'a [f32]),
    /// That of the rows that were used; all others have none.
    Rows(Rows<'a>),
}

impl Gradient<'_> {
    pub(crate) fn finite(&self, threads: usize) -> bool {
        match self {
            Gradient::Whole(gradient) => all_finite(gradient),
            Gradient::Rows(rows) => rows.finite(threads),
        }
    }

    /// Moves the parameter by the formula; what `parts` have for a gradient does not matter.
    pub(crate) fn update(self, formula: Formula, parts: Parts<'_>, threads: usize) {
        match (self, formula) {
            (Gradient::Whole(gradient), _) => update(formula, Parts { gradient, ..parts }, threads),
            (Gradient::Rows(rows), Formula::Sgd { lr, decay: 0.0 }) => {
                rows.add(-lr, parts.param, threads)
            }
            (Gradient::Rows(rows), _) => rows.update(formula, parts, 0, threads),
        }
    }
}

/// Used rows of a table in their order, each with its gradient.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    run: &'a Run,
    uses: &'a [Use],
    width: usize,
}

impl<'a> Rows<'a> {
    /// The uses of each row.
    fn each(self) -> impl Iterator<Item = &'a [Use]> {
        self.uses.chunk_by(|a, b| a.row == b.row)
    }

    /// Two parts of nearly the same size, and the first row of the second; `None` for what one
    /// thread does.
    fn split(self) -> Option<([Self; 2], usize)> {
        let half = self.uses.len() / 2;
        if self.uses.len() * self.width <= PIECE {
            return None;
        }
        let row = self.uses[half].row;
        let middle = match self.uses.partition_point(|one| one.row < row) {
            0 => self.uses.partition_point(|one| one.row <= row),
            middle => middle,
        };
        let first = self.uses.get(middle)?.row as usize;
        let (left, right) = self.uses.split_at(middle);
        Some(([left, right].map(|uses| Rows { uses, ..self }), first))
    }

    /// What the uses of one row add to part of its gradient.
    fn sum<'s>(&'s self, uses: &[Use], part: Range<usize>, sum: &'s mut [f32; BLOCK]) -> &'s [f32] {
        if let [only] = uses
            && only.factor == 1.0
        {
            return self.run.vector(only, part);
        }
        let sum = &mut sum[..part.len()];
        for (i, uses) in uses.chunks(TOGETHER).enumerate() {
            let of: [_; TOGETHER] = std::array::from_fn(|i| match uses.get(i) {
                Some(one) => (self.run.vector(one, part.clone()), one.factor),
                None => (&[][..], 0.0),
            });
            add_up(&of[..uses.len()], sum, i == 0);
        }
        sum
    }

    /// The parts of a row for [`sum`](Self::sum).
    fn parts(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let width = self.width;
        (0..width).step_by(BLOCK).map(move |first| first..width.min(first + BLOCK))
    }

    /// Whether all gradients are finite.
    pub(crate) fn finite(self, threads: usize) -> bool {
        if let Some(([left, right], _)) = self.split() {
            let mut both_finite = [true; 2];
            let [a, b] = &mut both_finite;
            both(threads, |n| *a = left.finite(n), |n| *b = right.finite(n));
            return both_finite == [true; 2];
        }
        let mut sum = [0.0; BLOCK];
        self.each().all(|uses| self.parts().all(|part| all_finite(self.sum(uses, part, &mut sum))))
    }

    /// Adds each use, by a factor, to its row of the table.
    fn add(self, by: f32, table: &mut [f32], threads: usize) {
        let worth = self.uses.len() * self.width / PIECE;
        let pieces = present(threads).min(worth).max(1);
        self.add_to(0..table.len() / self.width, by, table, pieces);
    }

    /// Adds those of some rows, with which `table` begins: each thread looks at all uses, and takes
    /// those of its own rows in their order.
    fn add_to(self, rows: Range<usize>, by: f32, table: &mut [f32], pieces: usize) {
        if pieces <= 1 {
            return self.add_here(rows, by, table);
        }
        let middle = self.middle(&rows);
        let (low, high) = table.split_at_mut((middle - rows.start) * self.width);
        let (left, right) = (rows.start..middle, middle..rows.end);
        both(
            pieces,
            |pieces| self.add_to(left, by, low, pieces),
            |pieces| self.add_to(right, by, high, pieces),
        );
    }

    /// A row before and behind which there are about as many uses.
    fn middle(self, rows: &Range<usize>) -> usize {
        let (mut sample, mut len) = ([0; SAMPLE], 0);
        let step = self.uses.len().div_ceil(SAMPLE).max(1);
        let some = self.uses.iter().step_by(step).map(|one| one.row as usize);
        for (place, row) in sample.iter_mut().zip(some.filter(|row| rows.contains(row))) {
            *place = row;
            len += 1;
        }
        sample[..len].sort_unstable();
        sample[..len].get(len / 2).copied().unwrap_or(rows.start)
    }

    fn add_here(self, rows: Range<usize>, by: f32, table: &mut [f32]) {
        let width = self.width;
        let mut terms = self.uses.iter().filter(|one| rows.contains(&(one.row as usize)));
        let (mut batches, mut now) = ([([Term::default(); BATCH], 0); 2], 0);
        loop {
            let (batch, len) = &mut batches[now];
            *len = 0;
            for (term, one) in batch.iter_mut().zip(terms.by_ref().take(BATCH)) {
                let at = (one.row as usize - rows.start) * width;
                ask_for(&table[at..at + width]);
                *term = Term { at, x: self.run.vector(one, 0..width), factor: by * one.factor };
                *len += 1;
            }
            let (batch, len) = &batches[1 - now];
            scatter(&batch[..*len], table);
            if batches[now].1 == 0 {
                return;
            }
            now = 1 - now;
        }
    }

    /// Moves the used rows by the formula; `parts` begin with row `first` of the table, and what
    /// `gradient` is in them does not matter.
    pub(crate) fn update(self, formula: Formula, parts: Parts<'_>, first: usize, threads: usize) {
        if let Some(([left, right], row)) = self.split() {
            let [low, high] = parts.split_at((row - first) * self.width);
            both(
                threads,
                |threads| left.update(formula, low, first, threads),
                |threads| right.update(formula, high, row, threads),
            );
        } else {
            self.update_here(formula, parts, first);
        }
    }

    fn update_here(self, formula: Formula, mut parts: Parts<'_>, first: usize) {
        let (mut sum, width) = ([0.0; BLOCK], self.width);
        let place = |one: &Use| (one.row as usize - first) * width;
        let mut next = 0;
        for uses in self.each() {
            for one in self.uses.iter().take(next + uses.len() + AHEAD).skip(next + AHEAD) {
                ask_for(self.run.vector(one, 0..width));
                ask_for(&parts.param[place(one)..][..width]);
            }
            next += uses.len();
            let at = place(&uses[0]);
            let still = |part| self.sum(uses, part, &mut sum).iter().all(|g| *g == 0.0);
            if formula.moves_without_gradient() && self.parts().all(still) {
                continue;
            }
            for part in self.parts() {
                let gradient = self.sum(uses, part.clone(), &mut sum);
                let place = at + part.start..at + part.end;
                update(formula, Parts { gradient, ..parts.part(place) }, 1);
            }
        }
    }
}
