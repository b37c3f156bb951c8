//! What a plan consists of.

use super::chunk::{Chunk, Slot};
use std::fmt::Debug;

/// One fused operation on a chunk of samples.
///
/// Gradients of values are added to, because a value may be used more than once; those of
/// parameters too, because a chunk has many samples.
pub(crate) trait Step: Debug + Send + Sync {
    /// What it does, for the printed plan.
    fn describe(&self) -> String;

    /// Multiply-adds for one sample.
    fn multiply_adds(&self) -> usize {
        0
    }

    /// Floats of prepared parameters.
    fn prepared_len(&self) -> usize {
        0
    }

    /// Brings the parameters into the layout the kernels read; once for each run.
    fn prepare(&self, _params: &[&[f32]], _prepared: &mut [f32]) {}

    /// Floats of the gradients of its parameters, in its own layout.
    fn gradient_len(&self) -> usize {
        0
    }

    /// Adds the gradients in its own layout to those of the parameters.
    fn deliver(&self, _gradients: &[f32], _params: &mut [Vec<f32>]) {}

    /// Floats of working memory for a chunk of `n` samples.
    fn scratch_len(&self, _n: usize) -> usize {
        0
    }

    /// Computes its output.
    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk);

    /// Adds to the gradients of its input and parameters.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk);
}

/// What a step is given beside its chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The network's parameters.
    pub(crate) params: &'a [&'a [f32]],
    /// This step's prepared parameters.
    pub(crate) prepared: &'a [f32],
    /// Where this step's gradients lie in the chunk's.
    pub(crate) gradients: Slot,
    /// The key of random numbers in the training form.
    pub(crate) training: Option<u64>,
    /// Whether the gradient of the network's input is wanted.
    pub(crate) input_gradient: bool,
}
