//! The engine's kernels and vectors, and their tests, without the crates around them.
//!
//! Miri reports no instruction set, so it runs the portable vectors: the same generic kernels, every
//! pointer checked.

#![allow(dead_code, unused_imports)] // what the steps and the plan use

#[path = "../../core/src/cell.rs"]
mod cell;
mod engine;
#[path = "../../core/src/waves.rs"]
mod waves;
