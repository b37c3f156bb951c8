//! Losses: what a training makes small.

use super::value::Target;
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::value::{Array, Ranked, Value, erase, restore};
use dfdx::prelude::*;

mod binary_cross_entropy;
mod binary_focal;
pub(crate) mod check;
mod cosine_embedding;
mod criteria;
mod cross_entropy;
mod ctc;
mod custom;
mod focal;
mod hinge;
mod huber;
mod kl_divergence;
mod labels;
mod mean_absolute;
mod mean_squared;
mod multi_margin;
mod nll;
mod several;
mod triplet_margin;

pub use binary_cross_entropy::BinaryCrossEntropy;
pub use binary_focal::{BinaryFocal, Settings as BinaryFocalSettings};
pub use cosine_embedding::CosineEmbedding;
#[cfg(feature = "engine")]
pub(crate) use cosine_embedding::EPS as COSINE_EPS;
pub use criteria::Criterion;
pub use cross_entropy::{CrossEntropy, CrossEntropyWith};
#[cfg(feature = "engine")]
pub(crate) use ctc::Targets as CtcTargets;
pub use ctc::{Ctc, Settings as CtcSettings};
pub use custom::{CustomLoss, custom_loss};
pub use focal::Focal;
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KlDivergence;
pub use labels::Labels;
pub use mean_absolute::MeanAbsolute;
pub use mean_squared::MeanSquared;
pub use multi_margin::{Margins, MultiMargin};
pub use nll::Nll;
pub use several::Weighted;
#[cfg(feature = "engine")]
pub(crate) use triplet_margin::EPS as TRIPLET_EPS;
pub use triplet_margin::TripletMargin;

/// One number on the tape, ready for dfdx's `backward`.
pub type Scalar<E, D> = Tensor<Rank0, E, D, OwnedTape<E, D>>;

/// One output of a network for a batch.
///
/// Each output comes with an empty tape of its own, which operations on several of them merge;
/// what happened inside the network is added afterwards, so an unused output loses nothing.
pub struct Output<E: Float, D: Backend<E>> {
    /// All elements, in row-major order.
    pub data: Tensor<(usize,), E, D, OwnedTape<E, D>>,
    /// The shape, with the batch first.
    pub shape: Vec<usize>,
}

impl<E: Float, D: Backend<E>> Output<E, D> {
    /// With an empty tape.
    pub(crate) fn detached(array: &Array<E, D>) -> Self {
        Output { data: array.data.retaped(), shape: array.shape.clone() }
    }

    /// Of a typed tensor, batch axis first: for a loss of several outputs, in a loop written by hand.
    ///
    /// # Errors
    /// [`Error::Device`] if the device has no memory.
    pub fn of<S: Ranked>(tensor: Tensor<S, E, D, OwnedTape<E, D>>) -> Result<Self> {
        let (Array { data, shape }, tape) = erase(tensor)?;
        Ok(Output { data: data.put_tape(tape), shape })
    }

    /// As a dfdx tensor, batch axis first: `output.tensor::<(usize, Const<10>)>()?`.
    ///
    /// # Errors
    /// [`Error::Data`] if it does not have that shape.
    pub fn tensor<S: Ranked>(self) -> Result<Tensor<S, E, D, OwnedTape<E, D>>> {
        let (data, tape) = self.data.split_tape();
        restore(Array { data, shape: self.shape }, tape)
    }
}

/// How many of the answers of a batch are right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Correct {
    /// Right answers.
    pub hits: usize,
    /// All answers: mostly one for each sample.
    pub of: usize,
}

/// A function from what a network gives and what it should give to one number.
///
/// Every loss here is a mean over the batch, as PyTorch's with `reduction="mean"`; what it is a mean
/// of, each says. A tuple of losses is one for several outputs, `5.0 * loss` a [`Weighted`]
/// one. A loss of your own is [`custom_loss`], or a type that implements this.
pub trait Loss<E: Float, D: Backend<E>> {
    /// The loss of a batch: one `Output` for each output of the network, one `Value` for each
    /// target of the data; every shape begins with the batch.
    ///
    /// # Errors
    /// [`Error::Data`] if numbers, kinds or shapes of outputs and targets do not fit together;
    /// [`Error::Label`] for a label that is no class.
    fn compute(&self, outputs: Vec<Output<E, D>>, targets: &[Value<E, D>]) -> Result<Scalar<E, D>>;

    /// How many answers are right; `None` where a loss knows no right and wrong.
    ///
    /// # Errors
    /// As [`Loss::compute`].
    fn correct(
        &self,
        _outputs: &[Array<E, D>],
        _targets: &[Value<E, D>],
    ) -> Result<Option<Correct>> {
        Ok(None)
    }

    /// Which of the losses of this crate it is.
    #[doc(hidden)]
    fn criterion(&self) -> Option<Criterion<'_>> {
        None
    }

    /// The loss of one typed tensor, for a training loop written by hand:
    /// `CrossEntropy.loss(net.forward_mut(x.leaky_traced()), &batch.targets[0])?.backward()`.
    ///
    /// The target is a [`Column`](crate::data::Column) or a dfdx tensor of floats or indices.
    ///
    /// # Errors
    /// As [`Loss::compute`].
    fn loss<S: Ranked, T: Target<E, D>>(
        &self,
        output: Tensor<S, E, D, OwnedTape<E, D>>,
        target: T,
    ) -> Result<Scalar<E, D>>
    where
        Self: Sized,
    {
        let target = target.into_value(output.device())?;
        self.compute(vec![Output::of(output)?], &[target])
    }
}

/// A loss that is a [`Criterion`].
macro_rules! criterion {
    ($loss:ty, $self:ident => $criterion:expr) => {
        impl std::ops::Mul<$loss> for f64 {
            type Output = super::Weighted<$loss>;

            fn mul(self, loss: $loss) -> super::Weighted<$loss> {
                super::Weighted::new(self, loss)
            }
        }

        impl<E: Float, D: Backend<E>> super::Loss<E, D> for $loss {
            fn compute(
                &$self,
                outputs: Vec<super::Output<E, D>>,
                targets: &[crate::value::Value<E, D>],
            ) -> Result<super::Scalar<E, D>> {
                D::loss($criterion, outputs, targets)
            }

            fn correct(
                &$self,
                outputs: &[crate::value::Array<E, D>],
                targets: &[crate::value::Value<E, D>],
            ) -> Result<Option<super::Correct>> {
                D::correct($criterion, outputs, targets)
            }

            fn criterion(&$self) -> Option<Criterion<'_>> {
                Some($criterion)
            }
        }
    };
}
use criterion;

/// A value and its gradient by `x`, computed by hand.
fn explicit<E: Float, D: Backend<E>>(
    x: Tensor<(usize,), E, D, OwnedTape<E, D>>,
    value: E,
    gradient: Vec<E>,
) -> Result<Scalar<E, D>> {
    let (x, mut tape) = x.split_tape();
    let scalar: Tensor<Rank0, E, D> =
        x.device().try_tensor_from_vec(vec![value], ()).map_err(Error::device)?;
    let result = scalar.clone();
    tape.add_backward_op(move |gradients| {
        gradients.try_alloc_for(&scalar)?;
        let scale = gradients.get(&scalar).as_vec().first().copied().unwrap_or_default();
        let scaled = gradient.into_iter().map(|slope| slope * scale).collect();
        D::add_gradient(gradients, &x, scaled)
    });
    Ok(result.put_tape(tape))
}

/// The mean of all elements.
fn mean<E: Float, D: Backend<E>>(
    elements: Tensor<(usize,), E, D, OwnedTape<E, D>>,
) -> Result<Scalar<E, D>> {
    elements.try_mean::<Rank0, _>().map_err(Error::device)
}
