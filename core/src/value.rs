//! Tensors without their shape in the type: what the executor, files and optimizers work with.
//!
//! dfdx instantiates its operations for each shape type. Networks run on flat tensors instead, so
//! each operation is compiled once; a tensor keeps its identity on the way (dfdx's `realize`, and
//! `reshape` of contiguous memory), so gradients reach the typed parameter it came from.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use dfdx::prelude::*;

/// A tensor's numbers in row-major order, and its shape as data.
#[derive(Clone, Debug)]
pub struct Array<E: Unit, D: Storage<E>> {
    /// All elements.
    pub data: Tensor<(usize,), E, D>,
    /// The shape, the batch axis included where there is one.
    pub shape: Vec<usize>,
}

/// A value that flows through a network.
#[derive(Clone, Debug)]
pub enum Value<E: Dtype, D: Device<E>> {
    /// Floats.
    Floats(Array<E, D>),
    /// Indices, such as token ids.
    Indices(Array<usize, D>),
}

impl<E: Dtype, D: Device<E>> Value<E, D> {
    /// The shape, batch included.
    pub fn shape(&self) -> &[usize] {
        match self {
            Value::Floats(array) => &array.shape,
            Value::Indices(array) => &array.shape,
        }
    }

    pub(crate) fn device(&self) -> &D {
        match self {
            Value::Floats(array) => array.data.device(),
            Value::Indices(array) => array.data.device(),
        }
    }

    /// The same elements under another shape of as many elements.
    pub(crate) fn reshaped(mut self, shape: Vec<usize>) -> Self {
        match &mut self {
            Value::Floats(array) => array.shape = shape,
            Value::Indices(array) => array.shape = shape,
        }
        self
    }
}

/// Shapes of a fixed number of axes, and the run-time form of the same rank.
pub trait Ranked: Shape {
    /// All axes as `usize`.
    type Dyn: Shape<Concrete = Self::Concrete>;
}

macro_rules! ranked {
    ($(($($axis:ident),*) => $dyn:ty;)*) => {
        $(impl<$($axis: Dim),*> Ranked for ($($axis,)*) { type Dyn = $dyn; })*
    };
}

ranked! {
    () => ();
    (A) => (usize,);
    (A, B) => (usize, usize);
    (A, B, C) => (usize, usize, usize);
    (A, B, C, F) => (usize, usize, usize, usize);
    (A, B, C, F, G) => (usize, usize, usize, usize, usize);
    (A, B, C, F, G, H) => (usize, usize, usize, usize, usize, usize);
}

/// A tensor whose shape its type knows.
pub trait Parameter {
    /// The shape.
    const SHAPE: &'static [usize];
}

macro_rules! parameter {
    ($(($($axis:ident),*);)*) => {
        $(impl<$($axis: ConstDim,)* __E: Unit, __D: Storage<__E>> Parameter
            for Tensor<($($axis,)*), __E, __D>
        {
            const SHAPE: &'static [usize] = &[$($axis::SIZE),*];
        })*
    };
}

parameter! {
    ();
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, F);
    (A, B, C, F, G);
    (A, B, C, F, G, H);
}

/// Takes the shape out of the type. The tensor keeps its identity if its memory is contiguous.
pub fn erase<S: Ranked, E: Dtype, D: Device<E>, T: Tape<E, D>>(
    tensor: Tensor<S, E, D, T>,
) -> Result<(Array<E, D>, T)> {
    match tensor.try_realize::<S::Dyn>() {
        Ok(ranked) => flatten(ranked),
        Err(_) => Err(unreal(&[])),
    }
}

/// Instantiated once for each rank, not for each shape.
fn flatten<R: Shape, E: Dtype, D: Device<E>, T: Tape<E, D>>(
    tensor: Tensor<R, E, D, T>,
) -> Result<(Array<E, D>, T)> {
    let shape: Vec<usize> = tensor.shape().concrete().into();
    let (data, tape) = flat(tensor)?.split_tape();
    Ok((Array { data, shape }, tape))
}

/// All elements in row-major order; the same tensor if they lie so.
pub(crate) fn flat<R: Shape, E: Dtype, D: Device<E>, T: Tape<E, D>>(
    tensor: Tensor<R, E, D, T>,
) -> Result<Tensor<(usize,), E, D, T>> {
    let count = tensor.shape().num_elements();
    tensor.try_reshape_like(&(count,)).map_err(Error::device)
}

/// Puts the shape back into the type.
pub fn restore<S: Ranked, E: Dtype, D: Device<E>, T: Tape<E, D>>(
    array: Array<E, D>,
    tape: T,
) -> Result<Tensor<S, E, D, T>> {
    let sizes = concrete::<S>(&array.shape).ok_or_else(|| unreal(&array.shape))?;
    let shape = S::Dyn::from_concrete(&sizes).ok_or_else(|| unreal(&array.shape))?;
    let ranked = array.data.put_tape(tape).try_reshape_like(&shape).map_err(Error::device)?;
    ranked.try_realize::<S>().map_err(|_| unreal(&array.shape))
}

pub(crate) fn concrete<S: Shape>(sizes: &[usize]) -> Option<S::Concrete> {
    let mut concrete = S::Concrete::default();
    if sizes.len() != S::NUM_DIMS {
        return None;
    }
    for (i, &size) in sizes.iter().enumerate() {
        concrete[i] = size;
    }
    Some(concrete)
}

/// The macro proved the shape, so this says that netwright itself is wrong.
pub(crate) fn unreal(shape: &[usize]) -> Error {
    Error::Data(format!("a tensor of shape {shape:?} does not have its declared shape"))
}

/// A typed parameter, seen without its type. A program compiles these methods for each shape, so
/// they leave to others whatever does not depend on the shape's type.
pub trait AnyTensor<E: Dtype, D: Device<E>> {
    /// Shares its memory and its identity, so gradients for the array are gradients for it.
    fn array(&self) -> Result<Array<E, D>>;

    /// `self = alpha · self + beta · other`, in place.
    fn axpy(&mut self, alpha: f64, other: &Array<E, D>, beta: f64) -> Result<()>;

    /// Overwrites all elements, in row-major order, in place.
    fn write(&mut self, data: &[E]) -> Result<()>;

    /// All elements in row-major order, where they lie so: on the CPU.
    fn slice(&self) -> Option<&[E]>;

    /// All elements in row-major order, to be changed in place: on the CPU.
    fn slice_mut(&mut self) -> Option<&mut [E]>;
}

impl<S: Ranked, E: Float, D: Backend<E>> AnyTensor<E, D> for Tensor<S, E, D> {
    fn array(&self) -> Result<Array<E, D>> {
        Ok(erase(self.clone())?.0)
    }

    fn axpy(&mut self, alpha: f64, other: &Array<E, D>, beta: f64) -> Result<()> {
        D::axpy(self, alpha, other, beta)
    }

    fn write(&mut self, data: &[E]) -> Result<()> {
        let checked = fits(self.shape().concrete().as_ref(), data.len());
        if checked.is_ok() {
            self.copy_from(data);
        }
        checked
    }

    fn slice(&self) -> Option<&[E]> {
        D::slice(self)
    }

    fn slice_mut(&mut self) -> Option<&mut [E]> {
        D::slice_mut(self)
    }
}

fn fits(shape: &[usize], given: usize) -> Result<()> {
    let count: usize = shape.iter().product();
    if given == count {
        return Ok(());
    }
    Err(Error::Data(format!("a parameter of {count} elements cannot take {given}")))
}
