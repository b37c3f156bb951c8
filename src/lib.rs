#![doc = include_str!("../README.md")]

pub use netwright_core::engine::with_threads;
pub use netwright_core::{
    Backend, Error, Files, Float, Forward, Model, Result, data, dfdx, layers,
};
pub use netwright_core::{engine, files, sizes, summary, train, typenum, value};
pub use netwright_macros::network;

/// What a program that declares, trains or runs a network needs.
pub mod prelude {
    pub use crate::network;
    pub use netwright_core::dfdx::prelude::*;
    // dfdx's own trait, so that its optimizers can be stepped as well; the name is ours.
    pub use netwright_core::dfdx::optim::Optimizer as _;
    pub use netwright_core::sizes::{Num, Size};
    pub use netwright_core::train::{
        Adam, AdamW, BinaryCrossEntropy, CrossEntropy, Fit, Huber, Loss, MeanAbsolute, MeanSquared,
        Optimizer, RmsProp, Sgd, Train,
    };
    pub use netwright_core::{Backend, Files, Forward, Model};
}

#[doc(hidden)]
pub mod __private {
    pub use netwright_core::private::*;
}
