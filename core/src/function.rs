//! Operations whose forward and backward the user writes, over slices: for speed, or for a gradient
//! that the tape would not give.

use crate::backend::{Backend, Float};
use crate::engine::threads::{limit, spread};
use crate::error::{Error, Result};
use crate::layer::Taped;
use crate::value::{AnyTensor, Array, Ranked, erase, restore};
use dfdx::prelude::*;

/// Samples are divided into at most this many parts, whatever the number of threads is: sums of
/// gradients have the same order, and so the same bits.
const PARTS: usize = 8;

/// An operation with an explicit gradient, as PyTorch's `autograd.Function`. [`function`] applies it.
///
/// Slices hold one sample after the other; both methods are called for some samples of a batch at a
/// time, on several threads, so they must treat samples alike.
///
/// A neuron that fires above a threshold has no useful gradient; trainings of spiking networks take
/// that of a fast sigmoid instead (Zenke and Ganguli: SuperSpike, 2018):
///
/// ```
/// use netwright_core::function::{Function, Gradient};
/// use netwright_core::Float;
///
/// struct Spike;
///
/// impl<E: Float> Function<E> for Spike {
///     fn forward(&self, x: &[E], _: &[&[E]], y: &mut [E]) {
///         for (y, &x) in y.iter_mut().zip(x) {
///             *y = if x > E::of(0.0) { E::of(1.0) } else { E::of(0.0) };
///         }
///     }
///
///     fn backward(&self, at: Gradient<'_, E>) {
///         for ((dx, &dy), &x) in at.dx.iter_mut().zip(at.dy).zip(at.x) {
///             let slope = E::of(1.0) + x.abs();
///             *dx = dy / (slope * slope);
///         }
///     }
/// }
/// ```
pub trait Function<E>: Send + Sync + 'static {
    /// Writes `y` from `x` and the parameters. `y` holds zeros before.
    fn forward(&self, x: &[E], params: &[&[E]], y: &mut [E]);

    /// Writes the gradient of `x` and adds to those of the parameters.
    fn backward(&self, at: Gradient<'_, E>);
}

/// What a backward reads and writes.
#[derive(Debug)]
pub struct Gradient<'a, E> {
    /// What the forward read.
    pub x: &'a [E],
    /// Its parameters.
    pub params: &'a [&'a [E]],
    /// What it wrote.
    pub y: &'a [E],
    /// The gradient of `y`.
    pub dy: &'a [E],
    /// The gradient of `x`: zeros before.
    pub dx: &'a mut [E],
    /// Those of the parameters, in their order: zeros before.
    pub dparams: &'a mut [Vec<E>],
}

/// Applies a [`Function`] to a batch inside of [`Apply`](crate::Apply): the result has this shape,
/// whose first axis is the batch. `params` are the layer's tensors that the function reads.
///
/// # Errors
/// [`Error::Data`] if the batch of the result is not that of `x`; [`Error::Device`] if the device
/// has no memory left.
pub fn function<F, S, O, E, D>(
    function: F,
    x: Taped<S, E, D>,
    params: &[&dyn AnyTensor<E, D>],
    shape: O,
) -> Result<Taped<O, E, D>>
where
    F: Function<E>,
    S: Ranked,
    O: Ranked,
    E: Float,
    D: Backend<E>,
{
    let (x, mut tape) = erase(x)?;
    let output: Vec<usize> = shape.concrete().into();
    let params: Vec<Array<E, D>> = params.iter().map(|p| p.array()).collect::<Result<_>>()?;
    let y = Applied { function, params }.record(x, output, &mut tape)?;
    restore(y, tape)
}

/// One application.
struct Applied<F, E: Float, D: Backend<E>> {
    function: F,
    params: Vec<Array<E, D>>,
}

impl<F: Function<E>, E: Float, D: Backend<E>> Applied<F, E, D> {
    fn record(
        self,
        x: Array<E, D>,
        shape: Vec<usize>,
        tape: &mut OwnedTape<E, D>,
    ) -> Result<Array<E, D>> {
        let (batch, samples) = (shape.first().copied(), x.shape.first().copied());
        let (Some(batch), true) = (batch, batch == samples) else {
            return Err(Error::Data(format!(
                "a function must give as many samples as it takes: {:?} from {:?}",
                shape, x.shape
            )));
        };
        let values = self.forward(&x.data.as_vec(), batch, shape.iter().product());
        let count = values.len();
        let data = x.data.device().try_tensor_from_vec(values, (count,)).map_err(Error::device)?;
        let y = Array { data, shape };
        let result = y.clone();
        tape.add_backward_op(move |gradients| self.backward(&x, &y, batch, gradients));
        Ok(result)
    }

    fn forward(&self, x: &[E], batch: usize, count: usize) -> Vec<E> {
        let params = self.host_params();
        let params: Vec<&[E]> = params.iter().map(Vec::as_slice).collect();
        let mut y = vec![E::default(); count];
        let size = batch.div_ceil(PARTS).max(1);
        let mut parts: Vec<_> = y.chunks_mut((count / batch.max(1) * size).max(1)).collect();
        let function = &self.function;
        spread(&mut parts, limit(), &|number, y: &mut &mut [E]| {
            function.forward(part(x, batch, size, number), &params, y);
        });
        y
    }

    fn host_params(&self) -> Vec<Vec<E>> {
        self.params.iter().map(|param| param.data.as_vec()).collect()
    }

    fn backward(
        &self,
        x: &Array<E, D>,
        y: &Array<E, D>,
        batch: usize,
        gradients: &mut Gradients<E, D>,
    ) -> std::result::Result<(), D::Err> {
        gradients.try_alloc_for(&y.data)?;
        let dy = gradients.get(&y.data).as_vec();
        let (dx, dparams) = self.differentiate(&x.data.as_vec(), &y.data.as_vec(), &dy, batch);
        D::add_gradient(gradients, &x.data, dx)?;
        for (param, gradient) in self.params.iter().zip(dparams) {
            D::add_gradient(gradients, &param.data, gradient)?;
        }
        Ok(())
    }

    /// The gradients of `x` and of the parameters.
    fn differentiate(&self, x: &[E], y: &[E], dy: &[E], batch: usize) -> (Vec<E>, Vec<Vec<E>>) {
        let host = self.host_params();
        let params: Vec<&[E]> = host.iter().map(Vec::as_slice).collect();
        let zeros = || host.iter().map(|p| vec![E::default(); p.len()]).collect::<Vec<_>>();
        let mut dx = vec![E::default(); x.len()];
        let size = batch.div_ceil(PARTS).max(1);
        let parts = dx.chunks_mut((x.len() / batch.max(1) * size).max(1));
        let mut parts: Vec<(&mut [E], Vec<Vec<E>>)> = parts.map(|dx| (dx, zeros())).collect();
        let function = &self.function;
        spread(&mut parts, limit(), &|number, (dx, dparams): &mut (&mut [E], Vec<Vec<E>>)| {
            function.backward(Gradient {
                x: part(x, batch, size, number),
                params: &params,
                y: part(y, batch, size, number),
                dy: part(dy, batch, size, number),
                dx,
                dparams,
            });
        });
        let mut sums = zeros();
        for (_, dparams) in &parts {
            for (sum, part) in sums.iter_mut().zip(dparams) {
                sum.iter_mut().zip(part).for_each(|(sum, &part)| *sum += part);
            }
        }
        (dx, sums)
    }
}

/// The samples of part `number`, of `size` samples each but the last.
fn part<E>(all: &[E], batch: usize, size: usize, number: usize) -> &[E] {
    let each = all.len() / batch.max(1);
    &all[number * size * each..((number + 1) * size).min(batch) * each]
}
