//! What a plan consists of: one file for each kind of step.

mod add;
mod attention;
mod bands;
mod batch_norm;
mod concat;
mod conv;
mod conv_pool;
mod conv_transpose;
mod copy;
mod difference;
mod embedding;
mod embedding_bag;
mod enter;
mod gated;
mod group_norm;
mod layer_norm;
mod linear;
mod map;
mod mat_mul;
mod maximum;
mod moved;
mod p_relu;
mod pool;
mod positions;
mod product;
mod recurrent;
mod reduce;
mod rms_norm;
mod row_dots;
mod softmax;
mod upsample;

pub(crate) use crate::engine::kernels::transpose::transpose;
pub(crate) use add::{AddIntoStep, AddStep};
pub(crate) use attention::{AttentionStep, Part as AttentionPart};
pub(crate) use batch_norm::{Norm, NormStep};
pub(crate) use concat::{ConcatStep, Part};
pub(crate) use conv::{ConvParts, ConvStep, Fold};
pub(crate) use conv_pool::ConvPoolStep;
pub(crate) use conv_transpose::ConvTransposeStep;
pub(crate) use copy::Copied;
pub(crate) use difference::SubStep;
pub(crate) use embedding::EmbeddingStep;
pub(crate) use embedding_bag::{EmbeddingBagStep, Mode};
pub(crate) use enter::{Enter, Layout, Transpose, add};
pub(crate) use gated::GatedStep;
pub(crate) use group_norm::GroupNormStep;
pub(crate) use layer_norm::LayerNormStep;
pub(crate) use linear::LinearStep;
pub(crate) use map::{Dropout, Map, MapStep};
pub(crate) use mat_mul::MatMulStep;
pub(crate) use maximum::MaxStep;
pub(crate) use moved::MoveStep;
pub(crate) use p_relu::PReluStep;
pub(crate) use pool::{PoolStep, Pooling};
pub(crate) use positions::{Added, PositionsStep};
pub(crate) use product::MulStep;
pub(crate) use recurrent::{Direction, RecurrentStep, Sizes};
pub(crate) use reduce::ReduceStep;
pub(crate) use rms_norm::RmsNormStep;
pub(crate) use row_dots::RowDotsStep;
pub(crate) use softmax::SoftmaxStep;
pub(crate) use upsample::UpsampleStep;

use super::chunk::{Chunk, Group, Slot};
use super::rows::{Origin, Use};
use super::update::largest;
use std::fmt::Debug;
use std::ops::Range;

/// One fused operation on a chunk of samples.
pub(crate) trait Step: Debug + Send + Sync {
    /// What it does, for the printed plan.
    fn describe(&self) -> String;

    /// Multiply-adds for one sample.
    fn multiply_adds(&self) -> usize {
        0
    }

    /// Whether it divides the forward of a lone chunk of `n` samples among threads.
    fn divides(&self, _n: usize) -> bool {
        false
    }

    /// Floats of a table that it reads for each sample, forward and again backward: they should still
    /// be near then.
    fn table_floats(&self) -> usize {
        0
    }

    /// Samples that a chunk should have, even if fewer fit into a cache.
    fn samples(&self) -> usize {
        1
    }

    /// Floats of prepared parameters.
    fn prepared_len(&self) -> usize {
        0
    }

    /// Brings the parameters into the layout the kernels read: once for each training step, and once
    /// for all predictions with the same parameters.
    fn prepare(&self, _params: &[&[f32]], _prepared: &mut [f32], _for: Purpose) {}

    /// Whether more samples in a chunk may ask for more than was prepared for fewer.
    fn prepares_by_samples(&self) -> bool {
        false
    }

    /// Floats of the gradients of its parameters, in its own layout.
    fn gradient_len(&self) -> usize {
        0
    }

    /// Adds the gradients in its own layout to those of the parameters: calls `add` with a
    /// parameter's number and what adds to its gradient.
    fn deliver(&self, _gradients: &[f32], _add: &mut Deliver<'_>) {}

    /// As [`deliver`](Self::deliver), chunk after chunk, for gradients that lie in the values'.
    fn deliver_chunk(&self, _chunk: &Chunk, _add: &mut Deliver<'_>) {}

    /// The parameter that it takes rows of.
    fn table(&self) -> Option<usize> {
        None
    }

    /// Lists every row that it took for this chunk and that has a gradient, with where that lies.
    /// The backward by rows has noted how large they may be in the chunk's `largest`.
    fn uses(&self, _inputs: &[Source<'_>], _chunk: &Chunk, _origin: Origin, _to: &mut Vec<Use>) {}

    /// Floats of working memory for chunks of up to `n` samples, the last of which may have fewer. One
    /// sample is a batch of its own: only that is divided among threads.
    fn scratch_len(&self, _n: usize) -> usize {
        0
    }

    /// Numbers that all samples of a batch contribute to before the forward of any can begin, in
    /// the training form: batch statistics.
    fn statistics_len(&self) -> usize {
        0
    }

    /// Adds this chunk's share of the statistics.
    fn gather(&self, _call: &Call<'_>, _chunk: &Chunk, _statistics: &mut [f64]) {}

    /// As [`gather`](Self::gather), before the backward, from values and gradients. As long as
    /// the statistics.
    fn gather_backward(&self, _call: &Call<'_>, _chunk: &Chunk, _statistics: &mut [f64]) {}

    /// How buffers move after a forward in the training form: calls `each` with the number of a
    /// buffer, the share of its new value, a place in it and the new value there.
    fn buffers(&self, _call: &Call<'_>, _each: &mut dyn FnMut(usize, f64, usize, f32)) {}

    /// A parameter whose gradient is computed from all chunks after the backward, divided by the
    /// parameter's elements rather than by samples; see [`Shared`].
    fn shared(&self) -> Option<Shared> {
        None
    }

    /// Adds to part of the gradient of the [`shared`](Self::shared) parameter, or overwrites it.
    fn shared_gradient(&self, _: &[Group], _: Range<usize>, _overwrite: bool, _to: &mut [f32]) {}

    /// Computes its output.
    fn forward(&self, call: &Call<'_>, chunk: &mut Chunk);

    /// Writes or adds to the gradients of its inputs, adds to those of its parameters.
    fn backward(&self, call: &Call<'_>, chunk: &mut Chunk);
}

/// A parameter with so many elements that the chunks should not have a gradient each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared {
    /// Its number.
    pub(crate) param: usize,
    /// The first element of it that is this step's, and how many are.
    pub(crate) first: usize,
    pub(crate) len: usize,
    /// Elements that are computed at once.
    pub(crate) piece: usize,
}

/// Where gradients of parameters go: a parameter's number, and what adds to its gradient.
pub(crate) type Deliver<'a> = dyn FnMut(usize, &mut dyn FnMut(&mut [f32])) + 'a;

/// What a run will do with the parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose {
    /// Neither the training form nor a backward follows.
    pub(crate) inference: bool,
    /// The samples of a chunk.
    pub(crate) samples: usize,
}

/// One of the network's inputs: a whole batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    Floats(&'a [f32]),
    Indices(&'a [usize]),
}

/// What a step is given beside its chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The network's parameters.
    pub(crate) params: &'a [&'a [f32]],
    /// The network's inputs.
    pub(crate) inputs: &'a [Source<'a>],
    /// This step's prepared parameters.
    pub(crate) prepared: &'a [f32],
    /// Where this step's gradients lie in the chunk's.
    pub(crate) gradients: Slot,
    /// The key of random numbers in the training form.
    pub(crate) training: Option<u64>,
    /// Neither the training form nor a backward is wanted.
    pub(crate) inference: bool,
    /// Samples in the whole batch.
    pub(crate) batch: usize,
    /// This step's statistics over the whole batch: of the forward, then of the backward.
    pub(crate) statistics: [&'a [f64]; 2],
    /// The threads that one chunk may use: more than one where there is but one chunk.
    pub(crate) threads: usize,
    /// Whether the gradient of the network's input is wanted.
    pub(crate) input_gradient: bool,
    /// Whether the gradients of tables are those of their used rows.
    pub(crate) by_rows: bool,
}
