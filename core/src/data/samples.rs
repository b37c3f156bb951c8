//! Samples from anywhere, and their way into batches.

use super::dataset::check;
use super::{Column, Dataset};
use crate::rng::Rng;
use crate::{Error, Result};

/// Keeps the order of batches apart from the other uses of a seed; the epoch is added to it.
const ORDER: u64 = u64::from_be_bytes(*b"order\0\0\0");

/// A source of samples that can be asked for any of them: a [`Dataset`] in memory, or a type of
/// your own that reads or makes them when they are needed.
///
/// ```
/// use netwright_core::data::{Batch, Batches, Column, Samples};
/// use netwright_core::Result;
///
/// /// Numbers and their squares.
/// struct Squares;
///
/// impl Samples for Squares {
///     fn len(&self) -> usize {
///         1_000_000
///     }
///     fn batch(&self, numbers: &[usize]) -> Result<Batch> {
///         let x: Vec<f32> = numbers.iter().map(|&n| n as f32).collect();
///         let y = x.iter().map(|x| x * x).collect();
///         Ok(Batch {
///             inputs: vec![Column::floats(x, &[1])?],
///             targets: vec![Column::floats(y, &[1])?],
///         })
///     }
/// }
///
/// let mut batches = Batches::new(&Squares, 64)?.shuffled(42, 0);
/// assert_eq!(batches.len(), 15_625);
/// assert_eq!(batches.next().unwrap()?.len(), 64);
/// # Ok::<(), netwright_core::Error>(())
/// ```
pub trait Samples {
    /// The number of samples.
    fn len(&self) -> usize;

    /// Whether there is no sample.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples with these numbers, in this order.
    ///
    /// # Errors
    /// [`Error::Data`] if a number is not below [`Samples::len`]; [`Error::File`] or another if
    /// the samples cannot be had.
    fn batch(&self, numbers: &[usize]) -> Result<Batch>;
}

impl Samples for Dataset {
    fn len(&self) -> usize {
        Dataset::len(self)
    }

    fn batch(&self, numbers: &[usize]) -> Result<Batch> {
        let gather = |columns: &[Column]| -> Result<Vec<Column>> {
            columns.iter().map(|column| column.gather(numbers)).collect()
        };
        Ok(Batch { inputs: gather(self.inputs())?, targets: gather(self.targets())? })
    }
}

/// Some samples, as a network takes them in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What goes into the network; each column has the same number of samples.
    pub inputs: Vec<Column>,
    /// What should come out.
    pub targets: Vec<Column>,
}

impl Batch {
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

    /// Whether every column is sound and has `len` samples.
    fn check(&self, len: usize) -> Result<()> {
        if self.inputs.is_empty() {
            return Err(Error::Data("a batch has no input".into()));
        }
        for (kind, columns) in [("input", &self.inputs), ("target", &self.targets)] {
            for (place, column) in (1..).zip(columns) {
                check(&format!("{kind} {place} of a batch"), column, len)?;
            }
        }
        Ok(())
    }
}

/// An iterator over the samples of one epoch, batch by batch.
///
/// The last batch is smaller if the samples do not divide; none is left out.
///
/// ```
/// use netwright_core::data::digits;
///
/// let set = digits()?;
/// let batches = set.batches(64)?.shuffled(42, 0);
/// assert_eq!(batches.len(), 29);
/// for batch in batches {
///     let batch = batch?;
///     assert_eq!(batch.inputs[0].shape(), [1, 8, 8]);
/// }
/// # Ok::<(), netwright_core::Error>(())
/// ```
pub struct Batches<'a> {
    samples: &'a dyn Samples,
    order: Vec<usize>,
    size: usize,
    next: usize,
}

impl<'a> Batches<'a> {
    /// The samples in their own order, in batches of `size`.
    ///
    /// # Errors
    /// [`Error::Setting`] if `size` is 0, [`Error::Data`] if the samples are too many to number.
    pub fn new(samples: &'a dyn Samples, size: usize) -> Result<Self> {
        if size == 0 {
            return Err(Error::Setting("the batch size is 0, but must be at least 1".into()));
        }
        let (len, mut order) = (samples.len(), Vec::new());
        if order.try_reserve_exact(len).is_err() {
            return Err(Error::Data(format!("there is no memory to number {len} samples")));
        }
        order.extend(0..len);
        Ok(Batches { samples, order, size, next: 0 })
    }

    /// All samples, from the first, in the [`order`] of this seed and epoch.
    #[must_use]
    pub fn shuffled(self, seed: u64, epoch: u64) -> Self {
        Batches { order: order(self.order.len(), seed, epoch), next: 0, ..self }
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        let rest = self.order.get(self.next..).filter(|rest| !rest.is_empty())?;
        let numbers = &rest[..rest.len().min(self.size)];
        self.next += numbers.len();
        let batch = self.samples.batch(numbers);
        Some(batch.and_then(|batch| batch.check(numbers.len()).map(|()| batch)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.next).div_ceil(self.size);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Batches<'_> {}

/// The numbers `0..len` in a random order that depends only on `len`, `seed` and `epoch`: the
/// same on every machine and in every version.
#[must_use]
pub fn order(len: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..len).collect();
    Rng::seeded(seed, ORDER.wrapping_add(epoch)).shuffle(&mut numbers);
    numbers
}

#[cfg(test)]
mod tests;
