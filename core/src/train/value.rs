//! From the computer's memory to the device.

use crate::backend::{Backend, Float};
use crate::data::Column;
use crate::error::{Error, Result};
use crate::value::{Array, Ranked, Value, concrete, restore, unreal};
use dfdx::prelude::*;

/// What a loss can compare a typed tensor with: a batch's [`Column`], a dfdx tensor of floats or
/// indices, or a [`Value`].
pub trait Target<E: Float, D: Backend<E>> {
    /// On the device, without its type.
    ///
    /// # Errors
    /// [`Error::Device`] if the device has no memory.
    fn into_value(self, device: &D) -> Result<Value<E, D>>;
}

impl<E: Float, D: Backend<E>> Target<E, D> for &Column {
    fn into_value(self, device: &D) -> Result<Value<E, D>> {
        let mut shape = vec![self.len()];
        shape.extend_from_slice(self.shape());
        match self {
            Column::Floats { data, .. } => {
                let data = data.iter().map(|&x| E::of(f64::from(x))).collect();
                Ok(Value::Floats(Array { data: upload(device, data)?, shape }))
            }
            Column::Indices { data, .. } => {
                Ok(Value::Indices(Array { data: upload(device, data.clone())?, shape }))
            }
        }
    }
}

impl<S: Ranked, E: Float, D: Backend<E>> Target<E, D> for Tensor<S, E, D> {
    fn into_value(self, device: &D) -> Result<Value<E, D>> {
        let shape = self.shape().concrete().into();
        Ok(Value::Floats(Array { data: upload(device, self.as_vec())?, shape }))
    }
}

impl<S: Ranked, E: Float, D: Backend<E>> Target<E, D> for Tensor<S, usize, D> {
    fn into_value(self, device: &D) -> Result<Value<E, D>> {
        let shape = self.shape().concrete().into();
        Ok(Value::Indices(Array { data: upload(device, self.as_vec())?, shape }))
    }
}

impl<E: Float, D: Backend<E>> Target<E, D> for Value<E, D> {
    fn into_value(self, _: &D) -> Result<Value<E, D>> {
        Ok(self)
    }
}

fn upload<T: Unit, D: TensorFromVec<T>>(
    device: &D,
    data: Vec<T>,
) -> Result<Tensor<(usize,), T, D>> {
    let count = data.len();
    device.try_tensor_from_vec(data, (count,)).map_err(Error::device)
}

/// All columns of a batch.
pub(crate) fn values<E: Float, D: Backend<E>>(
    columns: &[Column],
    device: &D,
) -> Result<Vec<Value<E, D>>> {
    columns.iter().map(|column| column.into_value(device)).collect()
}

impl Column {
    /// The samples as a dfdx tensor, the batch axis first:
    /// `let x: Tensor<(usize, Const<1>, Const<8>, Const<8>), f32, _> = images.tensor(&device)?`.
    ///
    /// # Errors
    /// [`Error::Data`] if the column holds indices, or samples of another shape.
    ///
    /// ```
    /// use netwright_core::data::Column;
    /// use netwright_core::dfdx::prelude::*;
    ///
    /// let column = Column::floats(vec![1.0, 2.0, 3.0, 4.0], &[2])?;
    /// let x: Tensor<(usize, Const<2>), f32, _> = column.tensor(&Cpu::default())?;
    /// assert_eq!(x.as_vec(), [1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), netwright_core::Error>(())
    /// ```
    pub fn tensor<S: Ranked, E: Float, D: Backend<E>>(
        &self,
        device: &D,
    ) -> Result<Tensor<S, E, D>> {
        match Target::<E, D>::into_value(self, device)? {
            Value::Floats(array) => restore(array, NoneTape),
            Value::Indices(_) => {
                Err(Error::Data("a column of indices does not make a tensor of floats".into()))
            }
        }
    }
    /// The samples as a dfdx tensor of indices, the batch axis first: what a network with an
    /// index input takes.
    ///
    /// # Errors
    /// [`Error::Data`] if the column holds floats, or samples of another shape.
    ///
    /// ```
    /// use netwright_core::data::Column;
    /// use netwright_core::dfdx::prelude::*;
    ///
    /// let texts = Column::indices(vec![7, 8, 9, 7, 7, 7], &[3])?;
    /// let x: Tensor<(usize, Const<3>), usize, _> = texts.index_tensor(&Cpu::default())?;
    /// assert_eq!(x.as_vec(), [7, 8, 9, 7, 7, 7]);
    /// # Ok::<(), netwright_core::Error>(())
    /// ```
    pub fn index_tensor<S: Ranked, D: TensorFromVec<usize>>(
        &self,
        device: &D,
    ) -> Result<Tensor<S, usize, D>> {
        let Column::Indices { data, .. } = self else {
            return Err(Error::Data("a column of floats does not make a tensor of indices".into()));
        };
        let mut sizes = vec![self.len()];
        sizes.extend_from_slice(self.shape());
        let shape = concrete::<S>(&sizes).and_then(|sizes| S::Dyn::from_concrete(&sizes));
        let shape = shape.ok_or_else(|| unreal(&sizes))?;
        let tensor = device.try_tensor_from_vec(data.clone(), shape).map_err(Error::device)?;
        tensor.try_realize::<S>().map_err(|_| unreal(&sizes))
    }
}
