//! A data set that lies in memory.

use super::{Batches, Column};
use crate::rng::Rng;
use crate::{Error, Result};

/// Keeps [`Dataset::shuffled`] apart from the other uses of a seed.
const SHUFFLE: u64 = u64::from_be_bytes(*b"dataset\0");

/// Samples in memory: what goes into a network, and what should come out.
///
/// Mostly one input and one target; a network with several of either takes them in the order in
/// which they were added. Methods take the data set by value, so that nothing is copied which
/// need not be; `clone` it to keep the original.
///
/// ```
/// use netwright_core::data::{Column, Dataset};
///
/// let inputs = Column::floats(vec![0., 0., 0., 1., 1., 0., 1., 1.], &[2])?;
/// let xor = Dataset::new(inputs, Column::labels(vec![0, 1, 1, 0]))?;
/// let (train, test) = xor.shuffled(42).split(0.75)?;
/// assert_eq!((train.len(), test.len()), (3, 1));
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    inputs: Vec<Column>,
    targets: Vec<Column>,
}

impl Dataset {
    /// A data set of one input and one target.
    ///
    /// # Errors
    /// [`Error::Data`] if they have different numbers of samples.
    pub fn new(input: Column, target: Column) -> Result<Dataset> {
        check("input 1", &input, input.len())?;
        check("target 1", &target, input.len())?;
        Ok(Dataset { inputs: vec![input], targets: vec![target] })
    }

    /// A data set of one input and no target, for a loss that compares a network's outputs with each
    /// other, such as [`TripletMargin`](crate::train::TripletMargin).
    ///
    /// # Errors
    /// [`Error::Data`] if the column is not sound.
    pub fn of_inputs(input: Column) -> Result<Dataset> {
        check("input 1", &input, input.len())?;
        Ok(Dataset { inputs: vec![input], targets: Vec::new() })
    }

    /// With one more input.
    ///
    /// # Errors
    /// [`Error::Data`] if it has not one value for each sample.
    pub fn with_input(mut self, column: Column) -> Result<Dataset> {
        check(&format!("input {}", self.inputs.len() + 1), &column, self.len())?;
        self.inputs.push(column);
        Ok(self)
    }

    /// With one more target.
    ///
    /// # Errors
    /// [`Error::Data`] if it has not one value for each sample.
    pub fn with_target(mut self, column: Column) -> Result<Dataset> {
        check(&format!("target {}", self.targets.len() + 1), &column, self.len())?;
        self.targets.push(column);
        Ok(self)
    }

    /// The number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inputs.first().map_or(0, Column::len)
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What goes into the network, at least one column.
    #[must_use]
    pub fn inputs(&self) -> &[Column] {
        &self.inputs
    }

    /// What should come out: one column, or several, or of [`of_inputs`](Self::of_inputs) none.
    #[must_use]
    pub fn targets(&self) -> &[Column] {
        &self.targets
    }

    /// The first `fraction` of the samples, rounded to the nearest number, and the others, in
    /// their order: shuffle before, if the samples are sorted.
    ///
    /// # Errors
    /// [`Error::Setting`] if the fraction is not between 0 and 1, [`Error::Data`] if one part
    /// would be empty.
    pub fn split(self, fraction: f64) -> Result<(Dataset, Dataset)> {
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(Error::Setting(format!(
                "a data set is split at a fraction between 0 and 1, not at {fraction}"
            )));
        }
        let n = (fraction * self.len() as f64).round() as usize;
        self.split_at(n)
    }

    /// The first `n` samples and the others.
    ///
    /// # Errors
    /// [`Error::Data`] if one part would be empty.
    pub fn split_at(self, n: usize) -> Result<(Dataset, Dataset)> {
        let len = self.len();
        if n == 0 || n >= len {
            return Err(Error::Data(format!(
                "splitting {len} samples into {n} and {} leaves a part empty",
                len.saturating_sub(n)
            )));
        }
        let cut = |columns: Vec<Column>| columns.into_iter().map(|c| c.split_at(n)).unzip();
        let (first_inputs, inputs) = cut(self.inputs);
        let (first_targets, targets) = cut(self.targets);
        let first = Dataset { inputs: first_inputs, targets: first_targets };
        Ok((first, Dataset { inputs, targets }))
    }

    /// The samples in a random order that depends only on the seed and their number.
    #[must_use]
    pub fn shuffled(self, seed: u64) -> Dataset {
        let mut numbers: Vec<usize> = (0..self.len()).collect();
        Rng::seeded(seed, SHUFFLE).shuffle(&mut numbers);
        let pick = |columns: &[Column]| columns.iter().map(|c| c.pick(&numbers)).collect();
        Dataset { inputs: pick(&self.inputs), targets: pick(&self.targets) }
    }

    /// The first `n` samples, or all if there are fewer.
    #[must_use]
    pub fn take(self, n: usize) -> Dataset {
        let cut = |columns: Vec<Column>| columns.into_iter().map(|c| c.split_at(n).0).collect();
        Dataset { inputs: cut(self.inputs), targets: cut(self.targets) }
    }

    /// Each sample of the first input seen in another shape of the same size: `&[784]` for
    /// images of `[1, 28, 28]`.
    ///
    /// # Errors
    /// [`Error::Data`] if the sizes differ.
    pub fn reshape(mut self, shape: &[usize]) -> Result<Dataset> {
        let first = self.inputs.remove(0);
        let first = first.reshape(shape).map_err(|error| named("input 1", &error))?;
        self.inputs.insert(0, first);
        Ok(self)
    }

    /// Every number of the first input changed, for example scaled.
    ///
    /// # Errors
    /// [`Error::Data`] if the first input holds indices.
    pub fn map(mut self, change: impl Fn(f32) -> f32) -> Result<Dataset> {
        match self.inputs.first_mut() {
            Some(Column::Floats { data, .. }) => {
                data.iter_mut().for_each(|value| *value = change(*value));
                Ok(self)
            }
            _ => Err(Error::Data("input 1: holds indices, but `map` changes floats".into())),
        }
    }

    /// The samples in batches of `size`, the last one smaller if they do not divide.
    ///
    /// # Errors
    /// [`Error::Setting`] if `size` is 0.
    pub fn batches(&self, size: usize) -> Result<Batches<'_>> {
        Batches::new(self, size)
    }
}

/// Whether a column is sound and has `len` samples.
pub(super) fn check(name: &str, column: &Column, len: usize) -> Result<()> {
    column.check().map_err(|error| named(name, &error))?;
    if column.len() == len {
        return Ok(());
    }
    Err(Error::Data(format!("{name} has {} samples, but {len} are expected", column.len())))
}

fn named(name: &str, error: &Error) -> Error {
    Error::Data(format!("{name}: {error}"))
}

#[cfg(test)]
mod tests;
