//! NaN, infinities, zeros of both signs and denormals in the input: the engine gives what the
//! portable path gives in f64, for every layer of the catalogue.

#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used)]

#[path = "support/graphs.rs"]
mod graphs;
mod support;

use graphs::{Found, data, run, wide};
use netwright::prelude::*;
use netwright_core::Backend;
use netwright_core::run::portable;
use netwright_core::spec::graph::Graph;
use netwright_core::spec::{LayerDef, catalogue};
use support::{Data, Random};

macro_rules! networks {
    ($($name:ident: $shape:tt => { $($body:tt)* })*) => {
        $(mod $name {
            use netwright::prelude::*;
            network! {
                pub struct Net($shape) { $($body)* }
            }
            #[test]
            fn special_numbers() {
                super::check(Net::<f32, Cpu>::GRAPH);
            }
        })*
        const GRAPHS: &[&Graph] = &[$($name::Net::<f32, Cpu>::GRAPH),*];
    };
}

networks! {
    linear: [37] => { Linear<19> }
    linear_rows: [3, 17] => { Linear<33, bias = false> }
    linear_relu: [20] => { Linear<40>, Relu, Linear<3> }
    conv2d: [3, 7, 8] => { Conv2d<17, 3, padding = 1> }
    conv2d_many: [17, 6, 5] => { Conv2d<33, 3> }
    conv2d_many_twice: [16, 5, 6] => {
        Residual { Conv2d<17, 3, padding = 1>, Relu, Conv2d<16, 3, padding = 1> }, Relu
    }
    conv2d_one: [18, 5, 6] => { Conv2d<20, 1> }
    conv2d_strided: [5, 9, 8] => { Conv2d<9, 3, stride = 2, padding = (1, 2), dilation = (1, 2)> }
    conv2d_groups: [6, 7, 7] => { Conv2d<9, (2, 3), groups = 3, bias = false> }
    conv2d_depthwise: [19, 7, 6] => { Conv2d<19, 3, groups = 19, padding = same> }
    conv2d_separable: [5, 7, 6] => { SeparableConv2d<19, 3, padding = same> }
    conv2d_large: [2, 9, 9] => { Conv2d<3, 9, padding = 4> }
    conv2d_relu: [3, 7, 7] => { Conv2d<18, 3>, Relu, Conv2d<5, 1> }
    conv2d_pool: [3, 10, 9] => { Conv2d<18, 3>, Relu, MaxPool2d<2> }
    conv2d_pool_wide: [2, 11, 12] => { Conv2d<5, 2>, MaxPool2d<(3, 2)> }
    conv2d_norm: [3, 6, 7] => { Conv2d<17, 3, padding = 1, bias = false>, BatchNorm2d, Relu }
    conv_transpose2d: [3, 4, 5] => {
        ConvTranspose2d<17, 3, stride = 2, padding = 1, output_padding = 1>, Relu
    }
    conv_transpose2d_many: [16, 5, 6] => { Tanh, ConvTranspose2d<17, 3, padding = 1> }
    conv_transpose2d_gaps: [6, 3, 4] => {
        ConvTranspose2d<4, (1, 2), stride = (3, 2), groups = 2, bias = false>
    }
    max_pool2d: [17, 6, 7] => { MaxPool2d<2> }
    max_pool2d_overlap: [3, 7, 6] => {
        MaxPool2d<(3, 2), stride = 2, padding = 1, dilation = (1, 2), ceil_mode = true>
    }
    avg_pool2d: [17, 5, 6] => { AvgPool2d<2> }
    avg_pool2d_inside: [3, 6, 7] => {
        AvgPool2d<3, stride = 2, padding = 1, ceil_mode = true, count_include_pad = false>
    }
    max_pool2d_planes: [3, 7, 70] => { MaxPool2d<3, stride = 2, padding = 1> }
    avg_pool2d_planes: [9, 6, 21] => {
        AvgPool2d<(2, 3), stride = (2, 2), padding = 1, count_include_pad = false>
    }
    max_pool1d_planes: [5, 37] => { MaxPool1d<4> }
    avg_pool1d_one: [1, 33] => { AvgPool1d<2> }
    max_pool3d_planes: [2, 5, 4, 19] => { MaxPool3d<2> }
    adaptive_avg_pool2d: [19, 5, 4] => { AdaptiveAvgPool2d<(3, 4)> }
    max_pool3d: [3, 5, 4, 5] => { MaxPool3d<3, stride = 2, padding = 1> }
    max_pool3d_apart: [19, 4, 3, 4] => { MaxPool3d<2> }
    max_pool3d_overlap: [3, 4, 5, 4] => { MaxPool3d<3, stride = 1, padding = 1> }
    avg_pool3d: [9, 4, 3, 4] => { AvgPool3d<2, padding = 1, count_include_pad = false> }
    global_avg_pool2d: [19, 4, 5] => { GlobalAvgPool2d }
    global_avg_pool2d_planes: [3, 4, 21] => { GlobalAvgPool2d }
    conv2d_pool_border: [3, 9, 8] => { Conv2d<7, 3, padding = same>, Relu, MaxPool2d<2> }
    conv2d_pool_one: [1, 9, 12] => { Conv2d<7, 3>, Relu, MaxPool2d<2>, Conv2d<3, 1> }
    flatten: [2, 3, 4] => { Flatten }
    reshape: [4, 6] => { Reshape<[3, _]> }
    permute: [3, 19] => { Permute<[1, 0]> }
    transpose: [3, 4, 5] => { Transpose<0, 2> }
    squeeze: [3, 1] => { Squeeze<1> }
    unsqueeze: [3, 4] => { Unsqueeze<1> }
    slice: [3, 19] => { Slice<2, 15> }
    select: [3, 19] => { Select<0, axis = 0, from = end> }
    repeat_vector: [19] => { RepeatVector<3> }
    max: [3, 19] => { Max }
    max_first: [3, 19] => { Max<axis = 0> }
    embedding: [usize; 4] => { Embedding<7, 19> }
    embedding_bag: [usize; 4] => { EmbeddingBag<7, 19> }
    embedding_bag_max: [usize; 4] => { EmbeddingBag<7, 19, mode = max> }
    positions: [3, 19] => { PositionalEncoding<learned = true> }
    attention: [3, 18] => { MultiHeadAttention<2> }
    attention_causal: [3, 18] => { MultiHeadAttention<2, causal = true> }
    attention_of_blocks: [130, 2] => { MultiHeadAttention<1, causal = true> }
    group_norm: [4, 3, 7] => { GroupNorm<2> }
    instance_norm2d: [4, 3, 7] => { InstanceNorm2d<affine = true> }
    rms_norm: [3, 19] => { RmsNorm }
    spatial_dropout2d: [4, 3, 7] => { SpatialDropout2d }
    zero_pad2d: [4, 3, 7] => { ZeroPad2d<1> }
    crop2d: [4, 3, 7] => { Crop2d<1> }
    pixel_shuffle: [4, 3, 7] => { PixelShuffle<2> }
    conv1d: [3, 19] => { Conv1d<4, 3> }
    rnn: [3, 19] => { Rnn<9> }
    rnn_relu: [3, 19] => { Rnn<9, nonlinearity = relu> }
    lstm: [3, 19] => { Lstm<9> }
    lstm_both_ways: [3, 5] => { Lstm<9, bidirectional = true, output = last> }
    gru: [3, 19] => { Gru<9> }
    batch_norm1d: [19] => { BatchNorm1d }
    batch_norm1d_time: [3, 17] => { BatchNorm1d<affine = false> }
    batch_norm2d: [9, 3, 4] => { BatchNorm2d, Relu }
    layer_norm: [3, 19] => { LayerNorm }
    layer_norm_image: [2, 3, 7] => { LayerNorm<axes = 3, affine = false> }
    dropout: [3, 19] => { Dropout(0.3) }
    alpha_dropout: [3, 19] => { AlphaDropout(0.3) }
    gaussian_noise: [3, 19] => { GaussianNoise(0.3) }
    relu: [3, 19] => { Relu }
    leaky_relu: [3, 19] => { LeakyRelu(0.2) }
    elu: [3, 19] => { Elu(0.7) }
    relu6: [3, 19] => { Relu6 }
    celu: [3, 19] => { Celu(0.7) }
    selu: [3, 19] => { Selu }
    mish: [3, 19] => { Mish }
    hard_swish: [3, 19] => { HardSwish }
    hard_sigmoid: [3, 19] => { HardSigmoid }
    log_sigmoid: [3, 19] => { LogSigmoid }
    softsign: [3, 19] => { Softsign }
    p_relu: [3, 19] => { PRelu }
    p_relu_channels: [19, 3, 2] => { PRelu<channels = true> }
    glu: [3, 38] => { Glu }
    swiglu: [38] => { Swiglu }
    map: [3, 19] => { Map(|x| x * x.sigmoid() + x.tanh()) }
    gelu: [3, 19] => { Gelu }
    gelu_tanh: [3, 19] => { Gelu<approximate = tanh> }
    silu: [3, 19] => { Silu }
    sigmoid: [3, 19] => { Sigmoid }
    tanh: [3, 19] => { Tanh }
    softplus: [3, 19] => { Softplus }
    softmax: [3, 19] => { Softmax }
    softmax_first: [3, 19, 2] => { Softmax<axis = 0> }
    log_softmax: [3, 19] => { LogSoftmax }
    log_softmax_middle: [2, 3, 19] => { LogSoftmax<axis = 1> }
    add: [19] => { Residual { Linear<19> }, Relu }
    add_images: [5, 6, 6] => { Residual { Conv2d<5, 3, padding = 1, bias = false>, BatchNorm2d }, Relu }
    upsample2d: [3, 4, 3] => { Upsample2d<2> }
    sum: [3, 19] => { Sum }
    sum_first: [3, 19] => { Sum<axis = 0> }
    mean: [3, 19] => { Mean }
    sub: [3, 19] => { let a = input => Relu; input - a }
    mul: [3, 19] => { let a = input => Relu; input * a * 0.5 }
    sub_relu: [3, 19] => { let a = input => Tanh; input - a => Relu }
    mul_relu: [3, 19] => { let a = input => Tanh; input * a * a => Relu }
    upsample2d_one: [1, 5, 4] => { Tanh, Upsample2d<(2, 3)> }
    mat_mul: [9, 9] => { let a = input => Relu; matmul(input, a) }
    concat: [3, 5, 5] => { Parallel { { Conv2d<5, 1> }, { Relu }, { AvgPool2d<1> } } }
}

/// What stands at a few places of an input, or all over it.
#[derive(Clone, Copy, Debug)]
enum Special {
    Few(&'static [f32]),
    All(&'static [f32]),
}

const SPECIALS: &[Special] = &[
    Special::Few(&[f32::NAN]),
    Special::Few(&[f32::INFINITY]),
    Special::Few(&[f32::NEG_INFINITY]),
    Special::Few(&[f32::NEG_INFINITY, f32::INFINITY, f32::NAN]),
    Special::All(&[f32::NEG_INFINITY]),
    Special::Few(&[1e-40, -1e-40, f32::MIN_POSITIVE, -1e-45, -0.0]),
    Special::All(&[1e-40, -3e-41, 7e-42, -1e-45, 5e-39]),
    Special::All(&[0.0, -0.0]),
];

impl Special {
    fn put(self, input: &mut [f32]) {
        let mut random = Random(8);
        match self {
            Special::Few(numbers) => {
                for &number in numbers {
                    input[random.below(input.len())] = number;
                }
            }
            Special::All(numbers) => {
                input.iter_mut().for_each(|x| *x = numbers[random.below(numbers.len())]);
            }
        }
    }
}

/// For one sample and for several chunks, in both forms.
fn check(graph: &'static Graph) {
    for (batch, training) in [(1, None), (3, Some(5)), (21, None)] {
        for &special in SPECIALS {
            let (params, mut inputs) = data(graph, batch);
            if let Data::Floats(input) = &mut inputs[0] {
                special.put(input);
            }
            let found = run(graph, &params, &inputs, batch, training, <Cpu as Backend<f32>>::run);
            let (params, inputs) = wide(&params, &inputs);
            let expected = run(graph, &params, &inputs, batch, training, portable);
            let what = format!("{special:?}, batch {batch}, training {training:?}");
            compare(graph, &what, &found, &expected);
        }
    }
}

fn compare(graph: &Graph, what: &str, found: &Found<f32>, expected: &Found<f64>) {
    let [outputs, inputs, params] = [0, 1, 2].map(|i| found[i].iter().zip(&expected[i]));
    for (found, expected) in outputs {
        near(&format!("{what}: output"), found, expected, false, 1);
    }
    let skips = skips_zeros(graph);
    for (found, expected) in inputs {
        near(&format!("{what}: gradient of the input"), found, expected, skips, 1);
    }
    let terms = found[1].iter().map(Vec::len).sum();
    for ((found, expected), param) in params.zip(graph.params).filter(|(_, p)| p.trainable) {
        near(&format!("{what}: gradient of {}", param.name), found, expected, skips, terms);
    }
}

/// Where the portable path multiplies an infinity or a NaN by a gradient of 0, and so gives NaN, the
/// engine leaves the product out: a convolution with the pooling behind it works for the winners
/// alone, and `Gelu` has a slope of 0 far below zero.
fn skips_zeros(graph: &Graph) -> bool {
    let kinds: Vec<&str> = graph.nodes.iter().map(|node| node.kind).collect();
    kinds[0] == "Gelu" || kinds[0] == "Conv2d" && kinds.contains(&"MaxPool2d")
}

/// Each number to 1e-5 of the largest, with one unit of the smallest denormal for ten of its `terms`;
/// what is not finite is the same, or with `skips` may be finite where NaN is expected.
fn near(what: &str, found: &[f32], expected: &[f64], skips: bool, terms: usize) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().filter(|x| x.is_finite()).fold(0.0, |a: f64, b| a.max(b.abs()));
    let smallest = 2e-45 * (1 + terms / 10) as f64;
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let found = f64::from(found);
        let same = match expected.is_finite() {
            true => (found - expected).abs() <= 1e-5 * largest + smallest,
            false if expected.is_nan() => found.is_nan() || skips,
            false => found == expected,
        };
        assert!(same, "{what} [{i}]: {found:e}, not {expected:e}, the largest is {largest:e}");
    }
}

#[test]
fn every_layer_is_in_the_list() {
    let primitive = |def: &&&LayerDef| !catalogue::COMPOSITES.contains(&def.name);
    for def in catalogue::ALL.iter().filter(primitive) {
        let mut nodes = GRAPHS.iter().flat_map(|graph| graph.nodes);
        assert!(nodes.any(|node| node.kind == def.name), "{}", def.name);
    }
}
