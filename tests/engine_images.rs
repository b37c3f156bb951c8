//! The engine against the portable executor: values that come together, pooling, batch norm.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/referee.rs"]
mod referee;
#[path = "support/mod.rs"]
mod support;

use netwright::prelude::*;
use referee::check;
use support::Random;

/// A module for each network, and a test that checks it.
macro_rules! networks {
    ($($name:ident: $shape:tt => { $($layers:tt)* })*) => {
        $(
            #[test]
            fn $name() {
                network! { struct Net($shape) { $($layers)* } }
                check(Net::<f32, Cpu>::GRAPH);
            }
        )*
    };
}

networks! {
    sum_of_images: [3, 5, 4] => { Residual { Conv2d<3, 3, padding = same> }, Relu }
    sum_of_features: [5] => { Residual { Linear<5> }, Relu, Linear<2> }
    sum_of_rows: [4, 5] => { Residual { Linear<5> } }
    itself: [6] => { Residual { Flatten } }
    itself_inside: [6] => { Linear<5>, Residual { Flatten }, Relu, Residual { Flatten } }
    nested: [2, 4, 4] => {
        Residual { Residual { Residual { Conv2d<2, 1> }, Relu }, Relu } skip { Conv2d<2, 3, padding = 1> }
    }
    joined_images: [3, 4, 5] => {
        Parallel { { Conv2d<5, 3, padding = same>, Relu }, { Conv2d<2, 1> }, { MaxPool2d<3, stride = 1, padding = 1> } },
        Conv2d<3, 1>,
    }
    joined_features: [7] => { Parallel { { Linear<3> }, { Relu }, { Linear<4>, Relu } }, Linear<2> }
    joined_rows: [3, 4] => { Linear<4>, Parallel { { Linear<3> }, { Relu } }, Linear<2> }
}
