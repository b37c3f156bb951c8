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
mod kernels;
#[cfg(feature = "engine")]
mod plan;
mod report;
#[cfg(feature = "engine")]
mod run;
#[cfg_attr(not(feature = "engine"), allow(dead_code, unused_imports, unused_macros))]
mod simd;
#[cfg(feature = "engine")]
mod steps;
pub(crate) mod update;

#[cfg(not(feature = "engine"))]
pub(crate) use crate::run::portable as run;
pub use report::PlanReport;
#[cfg(feature = "engine")]
pub use run::covers;
#[cfg(feature = "engine")]
pub(crate) use run::run;
