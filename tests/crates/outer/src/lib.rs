//! Networks that contain the networks and layers of `netwright-test-blocks`.

use netwright::prelude::*;
use netwright::typenum::{U1, U8};
use netwright_test_blocks::vision::{self, Encoder};

network! {
    /// A classifier behind the library's encoder and its layer.
    pub struct Classifier([1, 8, 8]) -> [10] {
        encoder: Encoder<U1, U8> -> [4, 2, 2],
        gain: vision::Gain -> [4, 2, 2],
        Flatten,
        Linear<10>,
    }
}
