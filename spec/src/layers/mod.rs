//! One file for each layer: its definition, its shape rule, and tests with shapes computed by hand.

pub mod conv2d;
pub mod flatten;
pub mod linear;
pub mod relu;

mod window;

#[cfg(test)]
pub(crate) mod testing;
