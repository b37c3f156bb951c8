//! `core/src/engine`, as far as it needs no crate but rayon.

#[path = "../../core/src/engine/chunk.rs"]
pub(crate) mod chunk;
#[path = "../../core/src/engine/kernels/mod.rs"]
pub(crate) mod kernels;
#[path = "../../core/src/engine/simd/mod.rs"]
pub(crate) mod simd;
#[path = "../../core/src/engine/threads/mod.rs"]
pub(crate) mod threads;
