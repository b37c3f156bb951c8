//! A prediction, whose values lie where others lay before, against the same run with room for a
//! backward, where every value has a place of its own.

#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used)]

#[path = "../benches/networks/mod.rs"]
mod networks;

use networks::{Cnn, Mlp, ResNet};
use netwright::dfdx::prelude::*;
use netwright::prelude::*;

network! {
    /// Values of many sizes, some of which are read long after others came and went.
    struct Dense([3, 12, 10]) -> [7] {
        let a = input => Conv2d<5, 3, padding = same>, Relu;
        let b = a => Conv2d<4, 3, padding = same>, Silu;
        let c = concat(a, b) => Conv2d<9, 1>, Relu, Conv2d<4, 3, padding = same>;
        let d = concat(a, b, c) => Conv2d<6, 1>, Sigmoid;
        let small = d => MaxPool2d<2>, Conv2d<6, 3, padding = same>, Relu, Upsample2d<2>;
        let all = concat(small, d, a, input) => Conv2d<8, 3>, LayerNorm<axes = 3>, Relu;
        let pooled = all => AvgPool2d<2>, Flatten, Linear<20>, Relu;
        concat((pooled => Linear<11>, Tanh), (b => GlobalAvgPool2d)) => Linear<7>, Softmax
    }
}

network! {
    /// Outputs that are read by others too, of an input that is read last.
    struct Many(image: [2, 6, 6], row: [9]) -> (first: [9], second: [2, 6, 6], third: [9], last: [6, 6]) {
        let a = row => Linear<9>, Relu;
        let b = image => Conv2d<2, 3, padding = same>;
        let c = b => Conv2d<3, 1>, Relu, Conv2d<2, 1>;
        let d = (a => Linear<30>, Relu, Linear<9>) * row - a;
        let left = image => Reshape<[6, 12]>, Linear<12>, Relu;
        let right = image => Reshape<[12, 6]>, Linear<6>, Relu;
        (a, (b + c), d, matmul(left, right))
    }
}

/// The outputs of a network without and with a tape.
fn both<S, O, M>(net: &M, input: Tensor<S, f32, Cpu>) -> [Vec<f32>; 2]
where
    S: Shape,
    O: Shape,
    M: Forward<Tensor<S, f32, Cpu>, Output = Tensor<O, f32, Cpu>>
        + Forward<
            Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>>,
            Output = Tensor<O, f32, Cpu, OwnedTape<f32, Cpu>>,
        >,
{
    let plain = net.infer(input.clone()).unwrap().as_vec();
    [plain, net.infer(input.leaky_trace()).unwrap().as_vec()]
}

fn images(count: usize) -> Tensor<(usize, Const<3>, Const<32>, Const<32>), f32, Cpu> {
    Cpu::seed_from_u64(1).sample_normal_like(&(count, Const, Const, Const))
}

#[test]
fn predictions_are_the_bits_of_a_run_where_all_values_stay() {
    let device = Cpu::seed_from_u64(2);
    let net = Dense::seeded(&device, 3);
    for batch in [1, 3, 40] {
        let x: Tensor<(usize, Const<3>, Const<12>, Const<10>), f32, _> =
            device.sample_normal_like(&(batch, Const, Const, Const));
        let [plain, taped] = both(&net, x);
        assert_eq!(plain, taped);
    }
    let [plain, taped] = both(&Cnn::seeded(&device, 3), images(5));
    assert_eq!(plain, taped);
}

/// Only a prediction folds batch normalization into the weights, and keeps large weights packed, of which
/// the products are summed in another order: so these are close.
#[test]
fn prepared_predictions_are_close_to_a_run_where_all_values_stay() {
    let device = Cpu::seed_from_u64(2);
    let x: Tensor<Rank2<33, 784>, f32, _> = device.sample_normal();
    let dense = both(&Mlp::seeded(&device, 3), x);
    let folded = both(&ResNet::seeded(&Cpu::default(), 3), images(5));
    for ([plain, taped], most) in [(dense, 1e-5), (folded, 1e-4)] {
        assert_eq!(plain.len(), taped.len());
        for (a, b) in plain.iter().zip(&taped) {
            assert!((a - b).abs() < most, "{a} and {b}");
        }
    }
}

#[test]
fn several_outputs_stay_until_the_end() {
    let device = Cpu::seed_from_u64(4);
    let net = Many::seeded(&device, 3);
    let image: Tensor<Rank4<7, 2, 6, 6>, f32, _> = device.sample_normal();
    let row: Tensor<Rank2<7, 9>, f32, _> = device.sample_normal();
    let plain = net.forward((image.clone(), row.clone()));
    let taped = net.forward((image.leaky_trace(), row));
    assert_eq!(plain.first.as_vec(), taped.first.as_vec());
    assert_eq!(plain.second.as_vec(), taped.second.as_vec());
    assert_eq!(plain.third.as_vec(), taped.third.as_vec());
    assert_eq!(plain.last.as_vec(), taped.last.as_vec());
}

/// A value of W6 takes the place of another: four images of the largest size, and little ones.
#[test]
fn plans_say_how_much_memory_they_take() {
    let plan = ResNet::seeded(&Cpu::default(), 0).plan();
    let largest = 16 * 32 * 32 * 4;
    assert!((2 * largest..=5 * largest).contains(&plan.bytes()), "{}", plan.bytes());
    assert!(plan.training_bytes() > 6 * plan.bytes(), "{}", plan.training_bytes());
    let text = plan.to_string();
    let end = format!(
        "{} bytes of values in a prediction, {} with gradients in a training",
        plan.bytes(),
        plan.training_bytes()
    );
    assert!(text.ends_with(&end), "{text}");
}

#[test]
fn the_sum_of_a_residual_takes_the_place_of_its_branch() {
    network! {
        struct Plain([4, 6, 6]) -> [10] {
            Residual { Conv2d<4, 3, padding = same>, Relu, Conv2d<4, 3, padding = same> }, Relu,
            Flatten, Linear<10>, Residual { Linear<10> }
        }
    }
    let plan = Plain::seeded(&Cpu::default(), 0).plan().to_string();
    assert!(plan.contains("sum of 144 floats in their place + relu"), "{plan}");
    assert!(plan.contains("sum of 10 floats in their place"), "{plan}");
    assert!(!plan.contains("times"), "{plan}");
}

/// A volume lies slice by slice, pixel-major: convolutions read the slices of a window where they are.
#[test]
fn volumes_stay_where_they_lie_between_their_layers() {
    network! {
        struct Plain([4, 6, 8, 8]) -> [3, 2, 2] {
            Conv3d<8, 3, padding = 1>, Relu, MaxPool3d<2>, Conv3d<6, 3, padding = same>,
            Conv3d<3, (2, 1, 1), bias = false>, Tanh, AvgPool3d<2>, Squeeze<1>
        }
    }
    let plan = Plain::seeded(&Cpu::default(), 0).plan().to_string();
    assert_eq!(plan.matches("pixel-major").count(), 0, "{plan}");
    assert_eq!(plan.matches("channels first").count(), 1, "{plan}");
    assert!(!plan.contains("moved") && !plan.contains("copy"), "{plan}");
    let fused = "conv 3x3x3 [4, 6, 8, 8] -> [8, 3, 4, 4] + bias + relu + max pool of input 0";
    assert!(plan.contains(fused), "{plan}");
    assert!(plan.contains("conv 2x1x1 [6, 3, 4, 4] -> [3, 2, 4, 4]  ("), "{plan}");
    assert_eq!(plan.matches("mean of").count(), 1, "{plan}");
    assert!(plan.contains("mean of 8 for each of 12 floats"), "{plan}");
}

/// A convolution that copies its input anyway turns it on the way, where nobody else wants that.
#[test]
fn the_first_layer_reads_the_input_where_it_lies() {
    network! { struct Alone([4, 6, 8, 8]) -> [2, 3, 4, 4] { Conv3d<2, 3, stride = 2, padding = 1> } }
    network! { struct Both([4, 8, 8]) -> [4, 8, 8] { Residual { Conv2d<4, 3, padding = same> } } }
    let plan = Alone::seeded(&Cpu::default(), 0).plan().to_string();
    assert!(plan.contains("-> [2, 3, 4, 4] + bias of input 0"), "{plan}");
    assert!(!plan.contains("pixel-major"), "{plan}");
    let plan = Both::seeded(&Cpu::default(), 0).plan().to_string();
    assert!(plan.contains("input 0, pixel-major") && !plan.contains("of input 0"), "{plan}");
}

/// So does a convolution with its pooling. In a prediction, such an input has no place.
#[test]
fn pooling_reads_the_input_where_it_lies() {
    network! { struct Pooled([3, 9, 9]) -> [7, 4, 4] { Conv2d<7, 3, padding = same>, Relu, MaxPool2d<2> } }
    network! { struct Planes([3, 9, 20]) -> [90] { MaxPool2d<(3, 2)>, Flatten } }
    network! { struct Lines([5, 40]) -> [5, 10] { MaxPool1d<2>, AvgPool1d<2> } }
    let report = Pooled::seeded(&Cpu::default(), 0).plan();
    let plan = report.to_string();
    assert!(plan.contains("-> [7, 4, 4] + bias + relu + max pool of input 0"), "{plan}");
    // The pooled values, and the same in the user's order.
    assert_eq!(report.bytes(), 2 * 112 * 4, "{plan}");
    let report = Planes::seeded(&Cpu::default(), 0).plan();
    let plan = report.to_string();
    assert!(plan.contains("largest of 6 for each of 90 floats of input 0"), "{plan}");
    assert!(report.steps().count() == 1 && report.bytes() == 96 * 4, "{plan}");
    let report = Lines::seeded(&Cpu::default(), 0).plan();
    let plan = report.to_string();
    assert!(plan.contains("largest of 2 for each of 100 floats of input 0"), "{plan}");
    assert!(plan.contains("mean of 2 for each of 50 floats"), "{plan}");
    assert_eq!(report.steps().count(), 2, "{plan}");
}

/// One-dimensional layers are two-dimensional ones, and what is fused there is fused here.
#[test]
fn lines_stay_pixels_between_their_layers() {
    network! {
        struct Plain([3, 20]) -> [4] {
            Conv1d<8, 3>, Relu, MaxPool1d<2>, Conv1d<4, 3>, Tanh, GlobalAvgPool1d
        }
    }
    let plan = Plain::seeded(&Cpu::default(), 0).plan().to_string();
    // The input alone is brought into pixels.
    assert_eq!(plan.matches("pixel-major").count(), 1, "{plan}");
    assert_eq!(plan.matches("channels first").count(), 0, "{plan}");
    let fused = "[8, 1, 9] + bias + relu + max pool  (1296 multiply-adds)";
    assert!(plan.contains(fused), "{plan}");
}
