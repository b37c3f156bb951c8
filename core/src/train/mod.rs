//! Training: losses, optimizers, `fit`, and the pieces for a loop of your own.
//!
//! | piece | what it does |
//! | --- | --- |
//! | [`Train`] | `fit`, `step`, `evaluate`, `predict` and `summary` for every network |
//! | [`Fit`] | the settings of a training |
//! | [`Loss`] | [`CrossEntropy`], [`Nll`], [`Focal`], [`MeanSquared`], [`MeanAbsolute`], [`Huber`], [`BinaryCrossEntropy`], [`BinaryFocal`], [`Hinge`], [`MultiMargin`], [`KlDivergence`], [`Ctc`], [`CosineEmbedding`], [`TripletMargin`], [`custom_loss`]; tuples and [weights](Weighted) for several outputs |
//! | [`Optimizer`] | [`Sgd`], [`Adam`], [`AdamW`], [`RmsProp`], [`Adagrad`], [`Adamax`], [`NAdam`], [`Lion`], [`Lamb`] |
//! | [`History`], [`Evaluation`] | what a training and an evaluation report |
//!
//! A bad step (a loss or gradient that is not finite, a label that is no class) is an error, and
//! leaves the network as it was before that step.

#[cfg(feature = "engine")]
mod direct;
mod evaluate;
mod fit;
mod history;
mod loss;
mod model;
mod optim;
mod predict;
mod progress;
mod settings;
mod step;
mod value;

pub use history::{Epoch, Evaluation, History};
pub use loss::{
    BinaryCrossEntropy, BinaryFocal, Correct, CosineEmbedding, Criterion, CrossEntropy,
    CrossEntropyWith, Ctc, CustomLoss, Focal, Hinge, Huber, KlDivergence, Loss, MeanAbsolute,
    MeanSquared, MultiMargin, Nll, Output, Scalar, TripletMargin, Weighted, custom_loss,
};
#[cfg(feature = "engine")]
pub(crate) use loss::{
    BinaryFocalSettings, COSINE_EPS, CtcSettings, CtcTargets, Labels, Margins, TRIPLET_EPS,
};
pub use model::Train;
pub use optim::{
    Adagrad, Adam, AdamW, Adamax, Lamb, Lion, Memory, NAdam, Optimizer, RmsProp, Rule, Sgd,
};
pub use predict::Inputs;
pub use settings::{Fit, Settings};
pub use step::Report;
pub use value::Target;

pub(crate) use evaluate::evaluate;
pub(crate) use fit::fit;
#[cfg(feature = "engine")]
pub(crate) use loss::check::highest;
pub(crate) use optim::{fused, plain};
pub(crate) use predict::predict;
pub(crate) use step::step;
pub(crate) use value::values;

/// Samples that an evaluation or prediction takes at once.
const CHUNK: usize = 256;
