//! The engine against the portable executor: values that come together, pooling, batch norm.

#![cfg(feature = "engine")]
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
    sum_in_place: [3, 5, 4] => {
        Conv2d<4, 1>, Residual { Conv2d<6, 3, padding = same>, Relu, Conv2d<4, 3, padding = same> }, Relu,
        Residual { Relu, Conv2d<4, 1> } skip { Conv2d<4, 1> }, MaxPool2d<2>, Flatten,
        Residual { Linear<9>, Relu, Linear<16> }, Relu, Residual { Linear<16> }
    }
    sum_in_place_read_twice: [3, 5, 4] => {
        let a = input => Conv2d<4, 1>;
        let b = (a + (a => Conv2d<4, 1>)) => Relu;
        let c = a + (b => Conv2d<4, 1>);
        a + c * b
    }
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
    transposed: [3, 4, 5] => { ConvTranspose2d<17, 3> }
    transposed_twice: [20, 4, 3] => {
        ConvTranspose2d<9, 3, stride = 2, padding = 1, output_padding = 1>, Relu,
        ConvTranspose2d<3, 2, stride = 2, bias = false>,
    }
    transposed_many: [16, 5, 6] => {
        Conv2d<16, 1>, ConvTranspose2d<17, 3, padding = 1>, Relu, ConvTranspose2d<16, 3>
    }
    transposed_groups: [6, 3, 4] => {
        ConvTranspose2d<9, (2, 3), stride = (1, 3), groups = 3, dilation = (3, 2), padding = (0, 1),
            output_padding = (2, 1)>
    }
    transposed_depthwise: [19, 4, 3] => { ConvTranspose2d<19, 3, stride = 2, groups = 19>, Tanh }
    transposed_norm: [4, 3, 3] => { ConvTranspose2d<8, 2, stride = 2, bias = false>, BatchNorm2d, Relu }
    transposed_sum: [4, 3, 3] => {
        let a = input => Tanh, ConvTranspose2d<4, 1>, Relu;
        a + (a => ConvTranspose2d<4, 3, padding = 1>)
    }
    max: [3, 6, 7] => { MaxPool2d<2> }
    max_behind_a_convolution: [3, 6, 7] => { Conv2d<17, 3>, Relu, MaxPool2d<2, padding = 1> }
    max_overlapping: [17, 6, 7] => { Relu, MaxPool2d<3, stride = 2, padding = 1> }
    max_ceil: [4, 6, 7] => { MaxPool2d<(3, 2), stride = 2, ceil_mode = true> }
    max_dilated: [2, 9, 8] => { MaxPool2d<(2, 3), stride = 1, dilation = (3, 2), padding = (1, 0)> }
    max_of_padding: [2, 5, 3] => { MaxPool2d<2, stride = 1, dilation = 4, padding = 1> }
    max_of_many: [2, 17, 18] => { MaxPool2d<17, stride = 1> }
    max_twice: [2, 5, 5] => {
        Parallel { { MaxPool2d<3> }, { MaxPool2d<3> }, { AvgPool2d<3> } }
    }
    mean: [3, 6, 7] => { AvgPool2d<2> }
    mean_padded: [17, 5, 6] => { AvgPool2d<3, stride = 2, padding = 1> }
    mean_ceil: [4, 6, 7] => { AvgPool2d<(3, 2), stride = 2, padding = 1, ceil_mode = true> }
    mean_uncounted: [4, 6, 7] => {
        AvgPool2d<3, stride = 2, padding = 1, ceil_mode = true, count_include_pad = false>
    }
    norm: [3, 4, 5] => { BatchNorm2d }
    norm_behind_a_convolution: [3, 4, 5] => { Conv2d<17, 3>, BatchNorm2d, Relu, Conv2d<4, 2>, BatchNorm2d }
    norm_without_bias: [2, 4, 5] => {
        Conv2d<9, 3, bias = false>, BatchNorm2d<affine = false>(eps = 0.01, momentum = 0.3), Relu, MaxPool2d<2>
    }
    norm_of_a_shared_value: [3, 4, 4] => {
        Conv2d<4, 1>, Residual { BatchNorm2d, Relu }, BatchNorm2d, Residual { Relu }, BatchNorm2d, Relu
    }
    norm_of_features: [9] => { Linear<11>, BatchNorm1d, Relu, Linear<2>, BatchNorm1d<affine = false> }
    norm_over_time: [3, 4] => { BatchNorm1d, Residual { BatchNorm1d<affine = false>, Relu }, Linear<2> }
    residual_stages: [3, 8, 8] => {
        Conv2d<4, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
        Residual {
            Conv2d<4, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<4, 3, padding = 1, bias = false>, BatchNorm2d,
        },
        Relu,
        Residual {
            Conv2d<8, 3, stride = 2, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<8, 3, padding = 1, bias = false>, BatchNorm2d,
        } skip { Conv2d<8, 1, stride = 2, bias = false>, BatchNorm2d },
        Relu,
        GlobalAvgPool2d, Linear<10>,
    }
    mean_of_all: [18, 5, 4] => { Conv2d<18, 1>, GlobalAvgPool2d, Linear<3> }
}

network! { struct Max([3, 4, 4]) { MaxPool2d<3, stride = 1> } }

/// The first of equal values takes the whole gradient, and a NaN wins, as in PyTorch.
#[test]
fn winners_of_a_max() {
    let mut example = referee::Example::random(Max::<f32, Cpu>::GRAPH, 2, None);
    let mut random = Random(1);
    for x in &mut example.inputs[0] {
        *x = random.below(3) as f64;
    }
    referee::compare(&example, 1e-6);
    example.inputs[0][17] = f64::NAN;
    let [got, expected] = [example.infer::<f32>().unwrap(), example.infer::<f64>().unwrap()];
    assert!(expected[0].iter().any(|y| y.is_nan()));
    assert!(got[0].iter().zip(&expected[0]).all(|(a, b)| a == b || a.is_nan() && b.is_nan()));
}
