//! The runtime of netwright: layers on dfdx's tape, training, data and files.
//!
//! Users depend on the crate `netwright`, which re-exports what is public here.

pub mod data;
pub mod error;
mod rng;

pub use error::{Error, Result};
