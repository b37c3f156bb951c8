//! A library that exports networks whose sizes its users choose.

pub use netwright;

/// The height of every table in this library.
pub const ROWS: usize = 3;

/// Networks in a module, as a library has them.
pub mod vision {
    use crate::ROWS;
    use netwright::prelude::*;

    network! {
        /// Halves an image twice.
        pub struct Encoder<Channels: Size, Side: Size>([Channels, Side, Side])
            -> [{ 4 * Channels }, { Side / 2 / 2 }, { Side / 2 / 2 }]
        {
            Conv2d<{ 2 * Channels }, ROWS, padding = 1>, Relu, MaxPool2d<2>,
            deep: Conv2d<{ 4 * Channels }, ROWS, padding = 1>, Relu, MaxPool2d<2>,
        }
    }
}
