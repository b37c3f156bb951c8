//! One value per sample, for many samples.

use crate::{Error, Result};

/// One value per sample: all images of a data set, all its labels, all its texts.
///
/// `data` holds the samples one after the other, each in row-major order; `shape` is the shape
/// of *one* sample, without the batch axis: `[]` for a scalar or a class label.
///
/// ```
/// use netwright_core::data::Column;
///
/// let images = Column::floats(vec![0.5; 2 * 64], &[1, 8, 8])?; // two images of 1×8×8
/// assert_eq!((images.len(), images.shape()), (2, &[1, 8, 8][..]));
/// assert!(Column::floats(vec![0.5; 100], &[1, 8, 8]).is_err()); // 100 is no multiple of 64
/// # Ok::<(), netwright_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers: images, measurements, what a regression predicts.
    Floats {
        /// All samples, one after the other.
        data: Vec<f32>,
        /// The shape of one sample.
        shape: Vec<usize>,
    },
    /// Whole numbers that stand for something: class labels, tokens, row numbers of a table.
    Indices {
        /// All samples, one after the other.
        data: Vec<usize>,
        /// The shape of one sample.
        shape: Vec<usize>,
    },
}

impl Column {
    /// Samples of floats, each of the given shape.
    ///
    /// # Errors
    /// [`Error::Data`] if the shape has an axis of size 0, or the number of values is not a
    /// multiple of the shape's size.
    pub fn floats(data: Vec<f32>, shape: &[usize]) -> Result<Column> {
        let column = Column::Floats { data, shape: shape.to_vec() };
        column.check().map(|()| column)
    }

    /// Samples of indices, each of the given shape: `&[100]` for texts of 100 tokens.
    ///
    /// # Errors
    /// As [`Column::floats`].
    pub fn indices(data: Vec<usize>, shape: &[usize]) -> Result<Column> {
        let column = Column::Indices { data, shape: shape.to_vec() };
        column.check().map(|()| column)
    }

    /// One class number per sample (shape `[]`).
    #[must_use]
    pub fn labels(data: Vec<usize>) -> Column {
        Column::Indices { data, shape: Vec::new() }
    }

    /// The number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values().checked_div(self.size()).unwrap_or(0)
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of one sample.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        match self {
            Column::Floats { shape, .. } | Column::Indices { shape, .. } => shape,
        }
    }

    /// All values, if they are floats.
    #[must_use]
    pub fn as_floats(&self) -> Option<&[f32]> {
        match self {
            Column::Floats { data, .. } => Some(data),
            Column::Indices { .. } => None,
        }
    }

    /// All values, if they are indices.
    #[must_use]
    pub fn as_indices(&self) -> Option<&[usize]> {
        match self {
            Column::Indices { data, .. } => Some(data),
            Column::Floats { .. } => None,
        }
    }

    /// The samples with these numbers, in this order; a number may come more than once.
    ///
    /// # Errors
    /// [`Error::Data`] if there is no sample of that number.
    ///
    /// ```
    /// # use netwright_core::data::Column;
    /// let labels = Column::labels(vec![7, 8, 9]);
    /// assert_eq!(labels.gather(&[2, 0, 0])?, Column::labels(vec![9, 7, 7]));
    /// assert!(labels.gather(&[3]).is_err());
    /// # Ok::<(), netwright_core::Error>(())
    /// ```
    pub fn gather(&self, numbers: &[usize]) -> Result<Column> {
        let len = self.len();
        match numbers.iter().find(|&&number| number >= len) {
            Some(number) => Err(Error::Data(format!(
                "there is no sample {number}: the samples are numbered from 0, and there are {len}"
            ))),
            None => Ok(self.pick(numbers)),
        }
    }

    /// [`Column::gather`] for numbers that are known to be there.
    pub(super) fn pick(&self, numbers: &[usize]) -> Column {
        let size = self.size();
        match self {
            Column::Floats { data, shape } => {
                Column::Floats { data: pick(data, size, numbers), shape: shape.clone() }
            }
            Column::Indices { data, shape } => {
                Column::Indices { data: pick(data, size, numbers), shape: shape.clone() }
            }
        }
    }

    /// The first `n` samples and the others.
    pub(super) fn split_at(mut self, n: usize) -> (Column, Column) {
        let at = n.saturating_mul(self.size()).min(self.values());
        let rest = match &mut self {
            Column::Floats { data, shape } => {
                Column::Floats { data: data.split_off(at), shape: shape.clone() }
            }
            Column::Indices { data, shape } => {
                Column::Indices { data: data.split_off(at), shape: shape.clone() }
            }
        };
        (self, rest)
    }

    /// The same values, each sample seen in another shape of the same size.
    pub(super) fn reshape(self, to: &[usize]) -> Result<Column> {
        if product(to) != Some(self.size()) {
            return Err(Error::Data(format!(
                "samples of shape {:?} have {} values each and cannot become {to:?}",
                self.shape(),
                self.size()
            )));
        }
        match self {
            Column::Floats { data, .. } => Column::floats(data, to),
            Column::Indices { data, .. } => Column::indices(data, to),
        }
    }

    /// Whether shape and values fit together: a column can also be written down by hand.
    pub(super) fn check(&self) -> Result<()> {
        let (values, shape) = (self.values(), self.shape());
        match product(shape) {
            None => Err(Error::Data(format!("a sample of shape {shape:?} is too large"))),
            Some(0) => Err(Error::Data(format!(
                "a sample of shape {shape:?} holds nothing: every size must be at least 1"
            ))),
            Some(size) if values % size != 0 => Err(Error::Data(format!(
                "{values} values do not make whole samples of shape {shape:?}, \
                 which have {size} values each"
            ))),
            Some(_) => Ok(()),
        }
    }

    /// The number of values of one sample.
    fn size(&self) -> usize {
        product(self.shape()).unwrap_or(usize::MAX)
    }

    /// The number of values of all samples.
    fn values(&self) -> usize {
        match self {
            Column::Floats { data, .. } => data.len(),
            Column::Indices { data, .. } => data.len(),
        }
    }
}

fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |size, &axis| size.checked_mul(axis))
}

fn pick<T: Copy>(data: &[T], size: usize, numbers: &[usize]) -> Vec<T> {
    let mut picked = Vec::with_capacity(size.saturating_mul(numbers.len()));
    for &number in numbers {
        picked.extend_from_slice(&data[number * size..][..size]);
    }
    picked
}

#[cfg(test)]
mod tests;
