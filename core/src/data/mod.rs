//! Data sets: values in memory, batches of them, and readers of files.
//!
//! Everything here lies in the computer's own memory; a training moves each batch to its device.
//!
//! ```
//! use netwright_core::data::digits;
//!
//! let (train, test) = digits()?.shuffled(42).split(0.8)?;
//! for batch in train.batches(64)?.shuffled(42, 0) {
//!     let batch = batch?;
//!     assert_eq!(batch.inputs[0].shape(), [1, 8, 8]); // of one sample; `batch.len()` of them
//! }
//! # assert_eq!(test.len(), 359);
//! # Ok::<(), netwright_core::Error>(())
//! ```

mod column;
mod dataset;
mod digits;
mod idx;
mod mnist;
mod samples;

pub use column::Column;
pub use dataset::Dataset;
pub use digits::digits;
pub use idx::{Idx, read_idx};
pub use mnist::mnist;
pub use samples::{Batch, Batches, Samples, order};
