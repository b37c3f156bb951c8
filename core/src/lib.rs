//! The runtime of netwright: layers on dfdx's tape, training, data and files.
//!
//! Users depend on the crate `netwright`, which re-exports what is public here.

pub mod error;

pub use error::{Error, Result};
