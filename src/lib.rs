#![doc = include_str!("../README.md")]

pub use netwright_core::engine::with_threads;
pub use netwright_core::{
    Apply, Backend, Error, Files, Float, Forward, GradientReport, Layer, Mode, Model, Result,
    Taped, check_gradients, data, dfdx, function, layers,
};
pub use netwright_core::{engine, files, summary, train, value};
pub use netwright_macros::{Layer, network};

/// What a program that declares, trains or runs a network needs.
pub mod prelude {
    pub use crate::{Layer, network};
    pub use netwright_core::dfdx::prelude::*;
    // dfdx's own trait, so that its optimizers can be stepped as well; the name is ours.
    pub use netwright_core::dfdx::optim::Optimizer as _;
    pub use netwright_core::train::{
        Adam, AdamW, BinaryCrossEntropy, CrossEntropy, Fit, Huber, Loss, MeanAbsolute, MeanSquared,
        Optimizer, RmsProp, Sgd, Train,
    };
    pub use netwright_core::{Apply, Backend, Files, Float, Forward, Mode, Model, Taped};
}

#[doc(hidden)]
pub mod __private {
    pub use netwright_core::private::*;
}
