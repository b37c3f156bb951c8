//! One file for each layer: its definition, its shape rule, and tests with shapes computed by hand.

pub mod add;
pub mod avg_pool2d;
pub mod batch_norm1d;
pub mod batch_norm2d;
pub mod celu;
pub mod concat;
pub mod conv2d;
pub mod conv_transpose2d;
pub mod dropout;
pub mod elu;
pub mod embedding;
pub mod flatten;
pub mod gelu;
pub mod global_avg_pool2d;
pub mod glu;
pub mod hard_sigmoid;
pub mod hard_swish;
pub mod layer_norm;
pub mod leaky_relu;
pub mod linear;
pub mod log_sigmoid;
pub mod log_softmax;
pub mod map;
pub mod mat_mul;
pub mod max;
pub mod max_pool2d;
pub mod mean;
pub mod mish;
pub mod mul;
pub mod p_relu;
pub mod permute;
pub mod relu;
pub mod relu6;
pub mod repeat_vector;
pub mod reshape;
pub mod select;
pub mod selu;
pub mod sigmoid;
pub mod silu;
pub mod slice;
pub mod softmax;
pub mod softplus;
pub mod softsign;
pub mod squeeze;
pub mod sub;
pub mod sum;
pub mod swiglu;
pub mod tanh;
pub mod transpose;
pub mod unsqueeze;
pub mod upsample2d;

mod axis;
mod gated;
mod norm;
mod pointwise;
mod pool;
mod reduce;
mod window;

#[cfg(test)]
mod random;
#[cfg(test)]
pub(crate) mod testing;
