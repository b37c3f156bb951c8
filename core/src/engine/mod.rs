//! The engine: networks on the CPU in f32, as a plan of fused steps over explicit kernels.
//!
//! Images lie pixel-major inside (height, width, channels), vectors as they are. Work is cut into
//! chunks of samples, whose number and order depend on the batch alone, so that the same seed gives
//! the same bits on any number of threads.

pub(crate) mod bridge;
mod chunk;
mod exec;
mod kernels;
mod plan;
mod report;
mod run;
mod simd;
mod steps;
pub(crate) mod update;

pub use report::PlanReport;
pub use run::covers;
pub(crate) use run::run;
