//! Kernels: slices in, slices out; no tensors, no allocation. Each has a slow reference beside it
//! and a test against it.

pub(crate) mod attention;
pub(crate) mod batch_norm;
pub(crate) mod binary;
pub(crate) mod conv;
pub(crate) mod gated;
pub(crate) mod layer_norm;
pub(crate) mod linear;
pub(crate) mod math;
pub(crate) mod maximum;
pub(crate) mod product;
pub(crate) mod recurrent;
pub(crate) mod reduce;
pub(crate) mod rms_norm;
pub(crate) mod rows;
pub(crate) mod slopes;
pub(crate) mod softmax;
pub(crate) mod sum;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod transpose;
pub(crate) mod upsample;
pub(crate) mod window;
