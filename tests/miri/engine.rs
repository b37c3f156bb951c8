//! `core/src/engine`, as far as it needs no other crate.

#[path = "../../core/src/engine/chunk.rs"]
pub(crate) mod chunk;
#[path = "../../core/src/engine/kernels/mod.rs"]
pub(crate) mod kernels;
#[path = "../../core/src/engine/simd/mod.rs"]
pub(crate) mod simd;
