#![doc = include_str!("../README.md")]

pub use netwright_core::engine::with_threads;
/// A function that makes a network of any size demands that the sizes fit; others demand nothing:
///
/// ```
/// use netwright::prelude::*;
/// use netwright::sizes::Fits;
/// use netwright::typenum::U8;
///
/// network! {
///     struct Head<Side: Size>([1, Side, Side]) -> [10] { MaxPool2d<2>, Flatten, Linear<10> }
/// }
///
/// fn new<Side: Size>(device: &Cpu) -> Head<Side>
/// where
///     Head<Side>: Fits,
/// {
///     Head::seeded(device, 42)
/// }
///
/// let net = new::<U8>(&Cpu::default());
/// assert_eq!(net.linear_1.weight.shape().1.size(), 16);
/// ```
pub use netwright_core::sizes;
pub use netwright_core::sizes::{Num, Size};
pub use netwright_core::spec::scalar::Scalar;
pub use netwright_core::{
    Apply, Backend, Error, Files, Float, Forward, GradientReport, Layer, Mode, Model, Result,
    Stream, Taped, check_gradients, data, dfdx, function, layers,
};
pub use netwright_core::{engine, files, summary, train, typenum, value};
pub use netwright_macros::{Layer, network};

/// What a program that declares, trains or runs a network needs.
pub mod prelude {
    pub use crate::{Layer, network};
    pub use netwright_core::dfdx::prelude::*;
    // dfdx's own trait, so that its optimizers can be stepped as well; the name is ours.
    pub use netwright_core::dfdx::optim::Optimizer as _;
    pub use netwright_core::sizes::{Num, Size};
    pub use netwright_core::spec::scalar::Scalar;
    pub use netwright_core::train::{
        Adagrad, Adam, AdamW, Adamax, BinaryCrossEntropy, BinaryFocal, CosineEmbedding,
        CrossEntropy, Ctc, Fit, Focal, Hinge, Huber, KlDivergence, Lamb, Lion, Loss, MeanAbsolute,
        MeanSquared, MultiMargin, NAdam, Nll, Optimizer, RmsProp, Sgd, Train, TripletMargin,
    };
    pub use netwright_core::{Apply, Backend, Files, Float, Forward, Mode, Model, Taped};
}

#[doc(hidden)]
pub mod __private {
    pub use netwright_core::private::*;
}
