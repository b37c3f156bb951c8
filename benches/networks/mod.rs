//! The networks of the workloads, for benches and tests.

#![allow(dead_code)] // each program uses a part of it

use netwright::prelude::*;

network! {
    /// W1: the small convolutional network of the README.
    pub struct Cnn([3, 32, 32]) -> [10] {
        Conv2d<32, 3>, Relu, MaxPool2d<2>,
        Conv2d<16, 3>, Relu, MaxPool2d<2>,
        Flatten, Linear<10>,
    }
}

network! {
    /// W2: a dense network.
    pub struct Mlp([784]) -> [10] {
        Linear<512>, Relu, Linear<256>, Relu, Linear<10>,
    }
}

network! {
    /// W6: six residual blocks in three stages.
    pub struct ResNet([3, 32, 32]) -> [10] {
        Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
        Residual {
            Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d,
        }, Relu,
        Residual {
            Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<16, 3, padding = 1, bias = false>, BatchNorm2d,
        }, Relu,
        Residual {
            Conv2d<32, 3, stride = 2, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<32, 3, padding = 1, bias = false>, BatchNorm2d,
        } skip { Conv2d<32, 1, stride = 2, bias = false>, BatchNorm2d }, Relu,
        Residual {
            Conv2d<32, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<32, 3, padding = 1, bias = false>, BatchNorm2d,
        }, Relu,
        Residual {
            Conv2d<64, 3, stride = 2, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<64, 3, padding = 1, bias = false>, BatchNorm2d,
        } skip { Conv2d<64, 1, stride = 2, bias = false>, BatchNorm2d }, Relu,
        Residual {
            Conv2d<64, 3, padding = 1, bias = false>, BatchNorm2d, Relu,
            Conv2d<64, 3, padding = 1, bias = false>, BatchNorm2d,
        }, Relu,
        GlobalAvgPool2d, Linear<10>,
    }
}
