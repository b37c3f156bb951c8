//! The engine: networks on the CPU in f32, as a plan of fused steps over explicit kernels.
//!
//! Images lie pixel-major inside (height, width, channels), vectors as they are.

pub(crate) mod bridge;
mod kernels;
mod simd;
pub(crate) mod update;
