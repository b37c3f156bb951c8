//! The runtime of netwright: layers on dfdx's tape, training, data and files.
//!
//! Users depend on the crate `netwright`, which re-exports what is public here.

pub mod backend;
mod cell;
pub mod check;
pub mod data;
pub mod error;
pub mod files;
pub mod function;
pub mod in_place;
pub mod init;
pub mod layer;
pub mod layers;
pub mod model;
mod repeated;
pub mod run;
pub mod sizes;
pub mod stream;
pub mod summary;
pub mod train;
pub mod value;
mod waves;

#[doc(hidden)]
pub mod private;

pub mod engine;
mod rng;

pub use backend::{Backend, Float};
pub use check::{GradientReport, check_gradients};
pub use dfdx;
pub use error::{Error, Result};
pub use files::{Files, StateDict};
pub use layer::{Apply, Layer, Mode, Taped};
pub use model::{Forward, Model};
pub use netwright_spec as spec;
pub use stream::Stream;
pub use typenum;
