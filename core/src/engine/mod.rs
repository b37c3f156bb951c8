//! The engine: networks on the CPU in f32, as a plan of fused steps over explicit kernels.
//!
//! Images lie pixel-major inside (height, width, channels), vectors as they are. Work is cut into
//! chunks of samples, whose number and order depend on the batch alone, so that the same seed gives
//! the same bits on any number of threads.

pub(crate) mod bridge;
#[cfg(feature = "engine")]
mod chunk;
#[cfg(feature = "engine")]
mod exec;
#[cfg(feature = "engine")]
mod gradients;
#[cfg(feature = "engine")]
mod kernels;
/// What a training step takes of the engine.
#[cfg(feature = "engine")]
pub(crate) mod learn {
    pub(crate) use super::chunk::Memory;
    pub(crate) use super::exec::{Given, Run};
    pub(crate) use super::loss::Job as LossJob;
    pub(crate) use super::prepared::Handles;
    pub(crate) use super::rows::Gradient;
    pub(crate) use super::run::{check, engine_of};
    pub(crate) use super::steps::Source;
    pub(crate) use super::threads::inside;
}
#[cfg(feature = "engine")]
mod loss;
#[cfg(feature = "engine")]
mod plan;
#[cfg(feature = "engine")]
mod prepared;
mod report;
#[cfg(feature = "engine")]
mod rows;
#[cfg(feature = "engine")]
mod run;
#[cfg_attr(not(feature = "engine"), allow(dead_code, unused_imports, unused_macros))]
mod simd;
#[cfg(feature = "engine")]
mod split;
#[cfg(feature = "engine")]
mod steps;
#[cfg_attr(not(feature = "engine"), allow(dead_code))]
pub(crate) mod threads;
pub(crate) mod update;

#[cfg(not(feature = "engine"))]
pub(crate) use crate::run::portable as run;
pub use report::PlanReport;
#[cfg(feature = "engine")]
pub use run::covers;
#[cfg(feature = "engine")]
pub(crate) use run::run;
pub use threads::with_threads;
