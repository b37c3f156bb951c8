//! One file for each layer: its definition, its shape rule, and tests with shapes computed by hand.

pub mod add;
pub mod avg_pool2d;
pub mod batch_norm1d;
pub mod batch_norm2d;
pub mod concat;
pub mod conv2d;
pub mod conv_transpose2d;
pub mod dropout;
pub mod elu;
pub mod embedding;
pub mod flatten;
pub mod gelu;
pub mod global_avg_pool2d;
pub mod layer_norm;
pub mod leaky_relu;
pub mod linear;
pub mod log_softmax;
pub mod map;
pub mod mat_mul;
pub mod max_pool2d;
pub mod mean;
pub mod mul;
pub mod relu;
pub mod reshape;
pub mod sigmoid;
pub mod silu;
pub mod softmax;
pub mod softplus;
pub mod sub;
pub mod sum;
pub mod tanh;
pub mod upsample2d;

mod norm;
mod pointwise;
mod pool;
mod reduce;
mod window;

#[cfg(test)]
mod random;
#[cfg(test)]
pub(crate) mod testing;
