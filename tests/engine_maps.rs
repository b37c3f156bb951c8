//! The engine's maps, softmax, layer norm, embedding, reshape and outputs against the portable path.

#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used)]

#[path = "support/graphs.rs"]
mod graphs;
mod support;

use graphs::{agrees, data, run};
use netwright::prelude::*;
use netwright_core::run::portable;
use netwright_core::spec::graph::{Graph, Node, Output, Params, Port};
use support::Data;

macro_rules! agree {
    ($($name:ident: $shape:tt => { $($body:tt)* })*) => {
        $(mod $name {
            use netwright::prelude::*;
            network! {
                pub struct Net($shape) { $($body)* }
            }
            #[test]
            fn agrees() {
                super::agrees(Net::<f32, Cpu>::init(&Cpu::default(), 1).unwrap().graph());
            }
        })*
    };
}

agree! {
    relu: [3, 4] => { Relu }
    leaky_relu: [2, 3, 4] => { LeakyRelu(0.2) }
    elu: [3, 7] => { Elu(0.7) }
    relu6: [3, 7] => { Relu6 }
    celu: [3, 7] => { Celu(0.7) }
    selu: [3, 7] => { Selu }
    mish: [3, 7] => { Mish }
    hard_swish: [3, 7] => { HardSwish }
    hard_sigmoid: [3, 7] => { HardSigmoid }
    log_sigmoid: [3, 7] => { LogSigmoid }
    softsign: [3, 7] => { Softsign }
    group_norm: [6, 5, 4] => { Conv2d<6, 3>, GroupNorm<2>, Relu, Flatten, GroupNorm<3>, Linear<2> }
    group_norm_line: [6, 19] => { GroupNorm<6> }
    instance_norm2d: [3, 5, 4] => { let a = input => Tanh; a + (a => InstanceNorm2d) + (a => InstanceNorm2d<affine = true>) }
    rms_norm: [5, 19] => { Linear<17>, RmsNorm, Tanh }
    rms_norm_image: [3, 5, 4] => { Conv2d<2, 2>, RmsNorm<affine = false>, Conv2d<2, 1> }
    spatial_dropout2d: [19, 3, 4] => { Conv2d<17, 2>, Relu, SpatialDropout2d(0.4), Conv2d<2, 1>, Flatten, Dropout(0.2) }
    conv1d: [3, 17] => { Conv1d<9, 3, padding = causal, dilation = 2>, Relu, MaxPool1d<2>, Conv1d<2, 3, padding = same> }
    conv_transpose1d: [3, 7] => { Tanh, ConvTranspose1d<9, 4, stride = 2>, AvgPool1d<2> }
    volumes: [3, 5, 7, 6] => { Conv3d<9, 3, padding = same>, Relu, MaxPool3d<2>, Conv3d<5, (1, 2, 2)>, AvgPool3d<(2, 1, 1)> }
    volume_steps: [2, 6, 5, 4] => { Tanh, Conv3d<4, 2, stride = 2, groups = 2, padding = (1, 2, 0)>, Tanh }
    volumes_in_tiles: [16, 3, 4, 3] => {
        Conv3d<16, 3, padding = same>, Relu, Conv3d<17, (2, 3, 3), padding = (1, 0, 2), dilation = (2, 1, 1), bias = false>
    }
    volume_groups: [6, 4, 5, 7] => {
        Conv3d<6, (1, 2, 3), groups = 6, padding = (1, 0, 0)>, Silu, Conv3d<9, 2, groups = 3, dilation = (2, 1, 1), stride = (1, 2, 3)>, Relu
    }
    volume_of_gaps: [2, 3, 9, 8] => { Conv3d<5, 3, stride = (1, 3, 2), dilation = (1, 2, 3), padding = 1>, Elu, Conv3d<3, (1, 2, 1), stride = 2> }
    volume_sums: [3, 4, 5, 3] => {
        Conv3d<6, 3, padding = same>, Residual { Conv3d<6, 3, padding = 1>, Gelu }, Relu, Residual { Conv3d<6, (3, 1, 1), padding = (1, 0, 0)> }, Relu,
        Dropout(0.2), Flatten, Linear<4>
    }
    volume_windows: [17, 5, 7, 6] => {
        Tanh, Parallel { { MaxPool3d<3, stride = (1, 2, 2), padding = 1> }, { AvgPool3d<3, stride = (1, 2, 2), padding = (1, 1, 1)> } },
        MaxPool3d<(2, 1, 3)>, AvgPool3d<(1, 2, 1)>
    }
    volume_windows_of_two: [2, 3, 4, 4] => {
        let a = input => Tanh;
        concat((a => MaxPool3d<(1, 3, 1), stride = 1>, Relu), (a => AvgPool3d<(1, 3, 1), stride = 1>)) + (a => Conv3d<4, (1, 3, 1)>)
    }
    volume_windows_at_once: [3, 5, 7, 6] => {
        Tanh, Parallel { { MaxPool3d<3, stride = 2, padding = 1, ceil_mode = true> }, { AvgPool3d<3, stride = 2, padding = 1, ceil_mode = true> } },
        MaxPool3d<2, dilation = (1, 2, 1)>
    }
    volume_windows_of_all: [2, 7, 7, 8] => {
        Conv3d<3, 1>, Parallel { { MaxPool3d<7> }, { AvgPool3d<7> }, { AvgPool3d<7, stride = 1>, Slice<0, 1, axis = 3> } }
    }
    volume_of_one_slice: [3, 1, 5, 4] => { Elu, MaxPool3d<(1, 2, 2)>, AvgPool3d<(1, 1, 2), padding = (0, 0, 1)> }
    volumes_pooled: [2, 7, 6, 5] => {
        Conv3d<5, 3, padding = 1>, Relu, MaxPool3d<2>, Conv3d<9, (2, 1, 2), groups = 1, padding = (1, 0, 1)>, MaxPool3d<(1, 2, 1)>
    }
    volumes_pooled_in_tiles: [16, 4, 5, 6] => { Conv3d<17, 3, padding = same>, Relu, MaxPool3d<(2, 2, 3)> }
    images_pooled_in_tiles: [32, 6, 7] => { Conv2d<33, 3, padding = 1>, Relu, MaxPool2d<2> }
    volume_where_it_lies: [8, 4, 3, 17] => { Conv3d<3, 3, stride = 2, padding = 1>, Relu, Conv3d<2, 2, stride = (1, 2, 3)> }
    volume_without_border: [3, 5, 4, 6] => { Conv3d<4, (2, 1, 3), stride = (2, 3, 1), bias = false>, Tanh }
    volume_of_one_channel: [1, 5, 6, 37] => {
        Parallel { { MaxPool3d<2> }, { AvgPool3d<2> }, { MaxPool3d<3, stride = 2, padding = (0, 1, 0)> } }, MaxPool3d<(1, 2, 3), padding = (0, 1, 1)>
    }
    image_of_one_channel: [1, 9, 40] => {
        Tanh, Parallel { { MaxPool2d<3, stride = 2, padding = 1> }, { AvgPool2d<3, stride = 2, padding = 1> } }, AvgPool2d<2, stride = 1>
    }
    line_of_one_channel: [1, 70] => { MaxPool1d<3, stride = 2>, AvgPool1d<2>, Tanh }
    planes_then_pixels: [3, 9, 20] => { MaxPool2d<2>, Conv2d<4, 3>, Relu }
    planes_then_floats: [3, 9, 20] => { AvgPool2d<3, stride = 2, padding = 1>, Flatten, Linear<4> }
    planes_of_two: [3, 9, 20] => {
        let a = input => MaxPool2d<2>;
        concat(a, (a => Conv2d<3, 1>))
    }
    planes_beside_the_input: [3, 9, 20] => { (input => MaxPool2d<3, stride = 1, padding = 1>) + input }
    planes_twice: [5, 12, 40] => { MaxPool2d<2>, AvgPool2d<2>, GlobalAvgPool2d }
    planes_whole: [5, 6, 17] => { GlobalAvgPool2d, Linear<3> }
    planes_of_a_volume: [2, 5, 6, 18] => { MaxPool3d<3, stride = (1, 2, 2), padding = 1>, Conv3d<3, 2> }
    planes_of_a_volume_at_once: [3, 4, 6, 18] => { AvgPool3d<2>, Flatten, Linear<2> }
    planes_of_a_volume_twice: [3, 4, 6, 16] => { MaxPool3d<2>, AvgPool3d<2> }
    planes_of_a_volume_thrice: [2, 4, 8, 65] => { AvgPool3d<(1, 2, 2)>, MaxPool3d<(2, 1, 3)>, Tanh, MaxPool3d<2> }
    planes_are_lines: [4, 70] => { MaxPool1d<2>, MaxPool1d<3, stride = 2, padding = 1>, AvgPool1d<2> }
    planes_are_lines_between: [4, 70] => { MaxPool1d<2>, Tanh, AvgPool1d<2>, Conv1d<3, 3>, Relu }
    line_that_pooling_leaves: [3, 24] => { Linear<32>, AvgPool1d<1>, Tanh }
    image_that_pooling_leaves: [72, 9] => { Reshape<[3, 24, 9]>, MaxPool2d<1>, Tanh }
    planes_of_floats: [7] => { Linear<120>, Reshape<[3, 4, 10]>, MaxPool2d<(2, 1)>, Flatten, Linear<3> }
    pooled_with_a_border: [3, 9, 8] => { Conv2d<7, 3, padding = same>, Relu, MaxPool2d<2>, Flatten, Linear<3> }
    pooled_without_border: [3, 9, 8] => { Conv2d<7, 2>, Relu, MaxPool2d<(2, 3)>, Conv2d<3, 1> }
    pooled_of_one_channel: [1, 12, 9] => { Conv2d<5, 3>, MaxPool2d<2>, Flatten, Linear<3> }
    pooled_line_of_one_channel: [1, 40] => { Conv1d<4, 3, padding = 1>, Relu, MaxPool1d<2>, Conv1d<3, 3> }
    pooled_line: [3, 40] => { Conv1d<4, 3, padding = 1>, Relu, MaxPool1d<2> }
    pooled_volume: [2, 6, 5, 6] => { Conv3d<4, 3, padding = 1>, Relu, MaxPool3d<2>, Flatten, Linear<2> }
    pooled_groups: [4, 8, 7] => { Conv2d<6, 3, groups = 2, padding = 1>, Relu, MaxPool2d<2> }
    image_where_it_lies: [9, 7, 19] => { Conv2d<5, 3, stride = 2, padding = 1>, Relu }
    groups_where_they_lie: [4, 6, 5] => { Conv2d<4, 3, groups = 4, padding = same>, Relu, Flatten, Linear<2> }
    input_of_two: [4, 6, 5] => { (input => Conv2d<4, 3, padding = same>, Relu) + input }
    volume_joins: [3, 4, 2, 5] => {
        let a = input => Conv3d<3, 1>, Tanh;
        let deep = concat(a, input, axis = 1) => MaxPool3d<(2, 1, 1)>;
        let high = concat(a, input, axis = 2) => AvgPool3d<(1, 2, 1)>;
        let wide = concat(a, input, axis = 3) => Slice<2, 7, axis = 3>;
        concat(a * deep, high - wide) => Permute<[1, 2, 3, 0]>, Tanh
    }
    volume_axes: [4, 3, 2, 5] => {
        let a = input => Conv3d<4, 1>;
        let b = (a => Softmax<axis = 0>) + (a => Softmax<axis = 1>) + (a => LogSoftmax<axis = 2>) + (a => Softmax);
        let c = (b => LayerNorm<axes = 4>) + (b => LayerNorm<axes = 3>) + (b => PRelu<channels = true>);
        let d = c + (b => LayerNorm<affine = false>) + (b => RmsNorm) + (b => GroupNorm<2>) => Glu<axis = 0>, Swiglu<axis = 2>;
        (d => Sum<axis = 0>) + (d => Select<1, axis = 0>)
    }
    adaptive: [3, 9, 7] => { Conv2d<19, 3>, Relu, AdaptiveAvgPool2d<(3, 2)>, Conv2d<5, 1>, AdaptiveAvgPool2d<1> }
    adaptive_of_two: [3, 6, 5] => { Tanh, Parallel { { AdaptiveAvgPool2d<4> }, { AdaptiveAvgPool2d<(4, 4)>, Tanh } } }
    lines: [3, 17] => { Conv1d<9, 3>, Relu, Parallel { { GlobalAvgPool1d }, { GlobalMaxPool1d } } }
    lines_kept: [3, 30] => {
        Conv1d<9, 3>, Dropout(0.3), Silu, Conv1d<17, 2>, MaxPool1d<3>, ConvTranspose1d<5, 2>, Relu,
        Conv1d<4, 1>, Relu, AvgPool1d<2>
    }
    lines_of_two: [3, 12] => {
        let a = input => Conv1d<5, 3>, Relu;
        let b = a => Conv1d<5, 1>;
        let c = a => Tanh, Conv1d<5, 3, padding = causal>;
        (b + c) => Conv1d<2, 2>, Relu
    }
    line_and_row: [3, 12] => { Conv1d<5, 3>, Parallel { { Tanh, MaxPool1d<10> }, { Relu, Linear<1> } } }
    line_of_one: [1, 9] => { Conv1d<1, 3>, Relu, Residual { Conv1d<1, 3, padding = same>, Relu }, MaxPool1d<2> }
    borders: [3, 5, 4] => { ZeroPad2d<2, bottom = 0>, Conv2d<17, 3>, Crop2d<(0, 1)>, Relu, ZeroPad2d<1> }
    border_of_one: [1, 3, 4] => { Tanh, ZeroPad2d<1>, Crop2d<2, bottom = 0> }
    shuffled: [12, 3, 4] => { Conv2d<36, 1>, PixelShuffle<3>, Conv2d<2, 2>, GlobalMaxPool2d, Linear<2> }
    positions: [5, 7] => { PositionalEncoding }
    positions_learned: [5, 6] => { Linear<6>, PositionalEncoding<learned = true>, Relu }
    positions_twice: [4, 6] => {
        let a = input => Tanh;
        (a => PositionalEncoding<learned = true>) * (a => PositionalEncoding)
    }
    attention: [5, 12] => { MultiHeadAttention<3> }
    attention_of_many: [70, 8] => { Tanh, MultiHeadAttention<2, causal = true>, Linear<2> }
    attention_of_blocks: [133, 2] => { Residual { MultiHeadAttention<1, causal = true, rotary = true>(dropout = 0.3) } }
    attention_to_long_memory: [260, 4] => {
        let query = input => Permute<[1, 0]>, Linear<4>;
        (query, input) => MultiHeadAttention<2>(dropout = 0.2)
    }
    attention_rotary: [70, 8] => { Tanh, MultiHeadAttention<2, rotary = true>, TransformerEncoder<1, 4, 5, rotary = true> }
    attention_residual: [5, 8] => {
        Residual { MultiHeadAttention<2>(dropout = 0.3) }, LayerNorm, Residual { MultiHeadAttention<8, bias = false> }
    }
    attention_to_memory: [5, 8] => {
        let memory = input => Permute<[1, 0]>, Linear<8>, Tanh;
        let same = (input, input) => MultiHeadAttention<4>;
        (same, memory) => MultiHeadAttention<2>, Relu
    }
    encoder: [6, 8] => { Linear<8>, TransformerEncoder<2, 4, 19>, Linear<2> }
    encoder_options: [5, 6] => {
        TransformerEncoder<2, 2, 7, norm_first = true, activation = gelu, causal = true>(dropout = 0.2)
    }
    decoder: [5, 8] => {
        let memory = input => Permute<[1, 0]>, Linear<8>, TransformerEncoder<1, 2, 9>;
        (input, memory) => TransformerDecoder<2, 4, 9>
    }
    rnn: [5, 3] => { Rnn<19>, Linear<2> }
    rnn_relu: [5, 3] => { Linear<4>, Rnn<7, nonlinearity = relu, output = last> }
    lstm: [9, 3] => { Tanh, Lstm<19> }
    lstm_words: [usize; 6] => { Embedding<7, 5>, Lstm<9, bidirectional = true>, Lstm<4, output = last>, Linear<2> }
    lstm_reverse: [5, 3] => { Lstm<9, reverse = true, bias = false>, Relu }
    lstm_layers: [5, 3] => { Lstm<17, layers = 2, bidirectional = true>, Gru<5, layers = 2, output = last> }
    lstm_states: [5, 19] => {
        let z = input => Select<0, axis = 0>;
        let (y, h, c) = (input, z, z) => Lstm<19>;
        let (_, _, d) = ((y => Tanh), h, c) => Lstm<19, reverse = true, bias = false>;
        concat((y => Flatten), h, d) + concat((input => Flatten), z, c)
    }
    gru_states: [4, 9] => {
        let first = concat((input => Select<0, axis = 0>), (input => Select<3, axis = 0>));
        let (y, h) = (input, first) => Gru<9, bidirectional = true, output = last>;
        let (z, end) = input => Gru<18>;
        concat((y + h + end), (z => Flatten))
    }
    rnn_states: [4, 9] => { let (y, h) = (input, (input => Select<1, axis = 0>)) => Rnn<9>; (y => Flatten) + concat(h, h, h, h) }
    lstm_twice: [5, 4] => { let a = input => Tanh; (a => Lstm<4, bias = false>) + a + (a => Gru<4>) }
    gru: [9, 3] => { Gru<19>, Sigmoid }
    gru_both_ways: [5, 3] => { Tanh, Gru<9, bidirectional = true, output = last>, Linear<3> }
    gru_reverse: [5, 3] => { Gru<17, reverse = true> }
    p_relu: [3, 7] => { PRelu }
    p_relu_channels: [19, 5, 4] => { Conv2d<17, 2>, PRelu<channels = true>, Conv2d<2, 1> }
    p_relu_time: [3, 40] => { PRelu<channels = true>, Tanh }
    p_relu_twice: [5, 3, 4] => { let a = input => Tanh; a + (a => PRelu) + (a => PRelu<channels = true>) }
    glu: [3, 70] => { Glu }
    glu_channels: [38, 5, 4] => { Glu<axis = 0>, Conv2d<2, 1> }
    glu_rows: [3, 4, 5] => { Tanh, Glu<axis = 1> }
    glu_twice: [6] => { let a = input => Tanh; (a => Glu) + (a => Swiglu) }
    swiglu: [40] => { Linear<70>, Swiglu, Linear<3> }
    swiglu_columns: [2, 3, 4] => { Swiglu }
    map: [3, 700] => { Map(|x| x * (x * 1.5).sigmoid() - x.powi(3) / (x.exp() + 1.0)) }
    map_in_a_chain: [3, 70] => { Relu, Map(|x| x.sin() + x * x), Dropout(0.2), Map(|x| (x - 0.5).abs()) }
    map_of_all: [4] => {
        Map(|x| {
            let positive = x.abs() + 0.5;
            let waves = x.sin() * x.cos() + (-x).tanh();
            positive.ln() + positive.sqrt() + waves + x.max(0.25) - x.relu().min(0.75) + 0.1 / positive
        })
    }
    gelu: [3, 7] => { Gelu }
    gelu_tanh: [3, 7] => { Gelu<approximate = tanh> }
    silu: [3, 7] => { Silu }
    sigmoid: [3, 7] => { Sigmoid }
    tanh: [3, 7] => { Tanh }
    softplus: [3, 7] => { Softplus }
    softplus_bent: [3, 7] => { Softplus(2.0, threshold = 1.0) }
    dropout: [37] => { Dropout(0.3) }
    dropout_image: [3, 5, 4] => { Dropout }
    alpha_dropout: [37] => { AlphaDropout(0.3) }
    alpha_dropout_image: [3, 5, 4] => { AlphaDropout }
    alpha_dropout_behind: [19, 3, 4] => { Conv2d<17, 2>, Selu, AlphaDropout(0.1), Conv2d<2, 1>, Flatten, AlphaDropout(0.2), Linear<3> }
    gaussian_noise: [700] => { GaussianNoise(0.3) }
    gaussian_noise_image: [19, 3, 4] => { Conv2d<17, 2>, GaussianNoise(0.2), Relu, GaussianNoise(0.0), Conv2d<2, 1> }
    noises: [3, 40] => { Tanh, GaussianNoise(0.3), Sigmoid, AlphaDropout(0.2), Dropout, GaussianNoise(1.5), Elu }
    noises_twice: [5, 7] => { let a = input => Tanh; a + (a => GaussianNoise(0.5)) + (a => AlphaDropout(0.5)) }
    chain: [3, 5, 40] => { Dropout(0.2), Relu, Sigmoid, Dropout, Tanh, Elu }
    behind_conv: [2, 6, 7] => { Conv2d<5, 3>, Gelu, Dropout(0.4), Conv2d<2, 1>, LeakyRelu, Elu }
    softmax: [3, 37] => { Softmax }
    softmax_first: [3, 21] => { Softmax<axis = 0> }
    softmax_channels: [3, 2, 4] => { Softmax<axis = 0> }
    softmax_rows: [3, 2, 4] => { Tanh, Softmax<axis = 1> }
    softmax_columns: [19, 2, 4] => { Softmax<axis = 2> }
    log_softmax: [3, 10] => { LogSoftmax }
    log_softmax_channels: [20, 2, 4] => { LogSoftmax<axis = 0> }
    log_softmax_middle: [20, 3, 2] => { LogSoftmax<axis = 1> }
    layer_norm: [3, 37] => { LayerNorm }
    layer_norm_plain: [3, 5] => { LayerNorm<axes = 2, affine = false>(eps = 0.1) }
    layer_norm_behind: [9] => { Linear<20>, LayerNorm, Linear<3> }
    layer_norm_image: [2, 3, 5] => { LayerNorm<axes = 3> }
    layer_norm_planes: [2, 3, 5] => { Relu, LayerNorm<axes = 2>, Tanh }
    layer_norm_rows: [2, 3, 5] => { LayerNorm<axes = 1> }
    mul: [3, 37] => { let a = input => Linear<37>; input * a => Relu }
    mul_itself: [37] => { let a = input => Tanh; a * a }
    mul_three: [3, 5, 7] => {
        let a = input => Conv2d<3, 1>, Tanh;
        let b = a * input * 0.5 * a => Relu;
        b * a * input * a + b
    }
    mul_number: [37] => { input * 3 => Relu, Linear<3> }
    sub: [3, 37] => { let a = input => Linear<37>, Tanh; input - a => Relu }
    sub_itself: [2, 3, 5] => { let a = input => Tanh; a - a + (a - (input => Conv2d<2, 1>)) }
    mat_mul: [17, 33] => { let a = input => Reshape<[33, 17]>, Tanh; matmul(input, a) }
    mat_mul_vector: [1, 20] => { let a = input => Linear<3>; matmul((a => Reshape<[3, 1]>), input) }
    mat_mul_behind: [9, 9] => {
        let a = input => Tanh;
        let b = matmul(a, a) => Softmax;
        matmul(b, (a => Linear<5>)) => Relu
    }
    sums: [5, 37] => { let a = input => Tanh; (a => Sum<axis = 0>) * (input => Mean<axis = 0>) }
    sums_of_rows: [5, 37] => { let a = input => Tanh; (a => Sum) - (a => Mean) }
    sums_of_channels: [19, 3, 5] => { Conv2d<20, 1>, Sum<axis = 0>, Mean<axis = 0> }
    sums_of_planes: [3, 17, 18] => { let a = input => Tanh; (a => Mean<axis = 1>) * (a => Sum<axis = 1>) }
    upsample: [20, 3, 5] => { Conv2d<17, 1>, Upsample2d<2>, Conv2d<3, 3>, Upsample2d<(1, 3)> }
    upsample_one: [1, 4, 3] => { let a = input => Tanh; (a => Upsample2d<(3, 2)>) + (a => Upsample2d<(3, 2)>) }
    permute: [3, 4] => { Permute<[1, 0]> }
    permute_image: [5, 3, 4] => { Conv2d<19, 2>, Permute<[2, 0, 1]>, Conv2d<2, 1> }
    permute_deep: [2, 3, 4, 2] => { Permute<[3, 1, 0, 2]>, Tanh }
    transpose: [5, 3, 4] => { Tanh, Transpose<1, 2>, Conv2d<2, 2> }
    transpose_time: [3, 4] => { Linear<5>, Transpose<0, 1>, Linear<2> }
    squeeze: [3, 1, 4] => { Tanh, Squeeze<1>, Linear<2> }
    unsqueeze: [3, 4] => { Linear<5>, Unsqueeze<1>, Conv2d<2, 1> }
    slice: [3, 40] => { Linear<20>, Slice<1, 18>, Linear<2> }
    slice_channels: [5, 3, 4] => { Slice<1, 4, axis = 0>, Conv2d<2, 2> }
    slice_rows: [5, 3, 4] => { Conv2d<6, 1>, Slice<1, 3, axis = 1> }
    slice_twice: [3, 4] => { let a = input => Tanh; (a => Slice<0, 2, axis = 0>) * (a => Slice<1, 3, axis = 0>) + (input => Slice<1, 3, axis = 0>) }
    select: [3, 4] => { Select<1> }
    select_last: [6, 4] => { Linear<5>, Select<0, axis = 0, from = end>, Linear<2> }
    select_image: [5, 3, 4] => { Tanh, Select<1, axis = 1, from = end>, Linear<2> }
    repeat_vector: [7] => { Linear<5>, RepeatVector<6>, Linear<2> }
    max: [3, 40] => { Max }
    max_first: [20, 19] => { Linear<21>, Max<axis = 0>, Linear<2> }
    max_channels: [5, 3, 4] => { Conv2d<19, 1>, Max<axis = 0> }
    max_rows: [5, 3, 4] => { Tanh, Max<axis = 1> }
    max_of_many: [2, 3, 2, 2] => { Max<axis = 1>, Conv2d<2, 1> }
    max_twice: [3, 5] => { let a = input => Tanh; (a => Max) + (a => Max) + (input => Max) }
    embedding: [usize; 4] => { Embedding<7, 3> }
    embedding_padding: [usize; 4] => { Embedding<7, 3, padding = 2>, Tanh }
    embedding_products: [usize; 4] => {
        layer words: Embedding<7, 19, padding = 2>;
        let b = input => words, Select<1, axis = 0>, Unsqueeze<1>;
        matmul((input => words), b) => Softmax
    }
    matmul_column: [5, 19] => {
        let a = input => Tanh;
        let b = input => Select<1, axis = 0>, Unsqueeze<1>;
        concat(matmul(a, b), matmul(a, (b => Tanh))) => Linear<2>
    }
    embedding_bag: [usize; 5] => { EmbeddingBag<7, 19, padding = 2>, Linear<2> }
    embedding_bag_sum: [usize; 5] => { EmbeddingBag<7, 5, mode = sum> }
    embedding_bag_max: [usize; 5] => {
        layer words: EmbeddingBag<7, 5, mode = max, padding = 2>;
        (input => words) + (input => words, Tanh)
    }
    embedding_tied: [usize; 4] => {
        words: Embedding<40, 19, padding = 2>, Tanh, Linear<19>, Relu,
        Linear<40, weight = words>, Tanh
    }
    embedding_bag_tied: [usize; 4] => {
        layer words: EmbeddingBag<40, 19>;
        let a = input => words, Linear<19>;
        let b = a => Linear<40, weight = words, bias = false>, Relu;
        b * (a => Linear<40, weight = words>) + (input => Embedding<40, 40>, Max<axis = 0>)
    }
    linear_tied: [3, 20] => {
        first: Linear<20>, Relu, Residual { Linear<20, weight = first> },
        Repeat<2> { l: Linear<20>, Tanh, Linear<20, weight = l, bias = false> },
        Linear<20, weight = l_1>
    }
    embedding_scalar: [usize] => { Embedding<7, 3>, Linear<2> }
    embedding_image: [usize; 2, 3] => { Embedding<9, 2>, Conv2d<3, 1>, Flatten }
    reshape: [2, 6] => { Reshape<[3, 4]> }
    reshape_to_image: [24] => { Tanh, Reshape<[2, 3, 4]>, Conv2d<3, 2> }
    reshape_image: [2, 3, 4] => { Relu, Reshape<[4, 3, 2]>, Tanh, Reshape<[6, 4]> }
    flatten: [2, 3, 4] => { Flatten, Linear<3> }
}

/// Node `name` of this kind, from one value.
const fn node(kind: &'static str, from: &'static [usize], shape: &'static [usize]) -> Node {
    let params = Params { first: 0, count: 0 };
    Node {
        name: kind,
        kind,
        inputs: from,
        shape,
        attrs: &[],
        params,
        tied: None,
        line: 0,
        inner: None,
    }
}

const fn output(value: usize) -> Output {
    Output { name: "output", value }
}

/// Inputs and values used within that are outputs too, twice, and under other shapes.
static OUTPUTS: Graph = Graph {
    name: "Outputs",
    inputs: &[
        Port { name: "image", shape: &[2, 3, 2], index: false },
        Port { name: "vector", shape: &[5], index: false },
    ],
    nodes: &[
        node("Tanh", &[0], &[2, 3, 2]),
        node("Flatten", &[2], &[12]),
        node("Sigmoid", &[2], &[2, 3, 2]),
        node("Reshape", &[1], &[1, 5, 1]),
        node("Silu", &[3], &[12]),
        node("Flatten", &[1], &[5]),
    ],
    outputs: &[
        output(0),
        output(1),
        output(2),
        output(3),
        output(4),
        output(4),
        output(5),
        output(6),
        output(7),
    ],
    params: &[],
};

#[test]
fn any_value_can_be_an_output() {
    agrees(&OUTPUTS);
}

macro_rules! maps {
    ($($name:ident { $($body:tt)* })*) => {
        $(network! { struct $name([16]) { $($body)* } })*
        fn maps() -> Vec<&'static Graph> {
            vec![$($name::<f32, Cpu>::init(&Cpu::default(), 1).unwrap().graph()),*]
        }
    };
}

maps! {
    OneRelu { Relu }
    OneLeaky { LeakyRelu(0.1) }
    OneElu { Elu(0.7) }
    OneGelu { Gelu }
    OneGeluTanh { Gelu<approximate = tanh> }
    OneSilu { Silu }
    OneSigmoid { Sigmoid }
    OneTanh { Tanh }
    OneSoftplus { Softplus }
    OneRelu6 { Relu6 }
    OneCelu { Celu(0.7) }
    OneSelu { Selu }
    OneMish { Mish }
    OneHardSwish { HardSwish }
    OneHardSigmoid { HardSigmoid }
    OneLogSigmoid { LogSigmoid }
    OneSoftsign { Softsign }
    OneSoftplusBent { Softplus(3.0, threshold = 50.0) }
}

/// Values to 1e-6 of themselves, or of a half where the portable path itself cancels digits; NaN and
/// infinities at the same places. Gradients, of finite numbers, to five times that.
#[test]
fn far_numbers_and_nan_are_as_on_the_portable_path() {
    let far = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        1e4,
        -1e4,
        3e38,
        -3e38,
        1e-40,
        -1e-40,
        0.0,
        -0.0,
        88.5,
        -88.5,
        -103.0,
        1e-5,
        -1e-5,
    ];
    let near: Vec<f32> = (0..16 * 99).map(|i| (i as f32 - 800.0) / 40.0).collect();
    for graph in maps() {
        let x = [&far[..], &near].concat();
        let inputs = [Data::Floats(x.clone())];
        let [y, dx, _] = run(graph, &[], &inputs, 100, None, <Cpu as Backend<f32>>::run);
        let [expected, gradient, _] = run(graph, &[], &inputs, 100, None, portable::<f32, Cpu>);
        for (i, x) in x.iter().enumerate() {
            let same = |a: f32, b: f32, share: f32| {
                a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= share * b.abs().max(0.5)
            };
            let (y, e) = (y[0][i], expected[0][i]);
            assert!(same(y, e, 1e-6), "{} of {x}: {y}, not {e}", graph.name);
            let (d, e) = (dx[0][i], gradient[0][i]);
            // dfdx multiplies 0 with infinity there.
            let given = x.is_finite() && !(e.is_nan() && x.abs() > 1e30);
            assert!(!given || same(d, e, 5e-6), "gradient of {} at {x}: {d}, not {e}", graph.name);
            assert!(!x.is_finite() || d.is_finite(), "gradient of {} at {x}: {d}", graph.name);
        }
    }
}

network! {
    struct Words([usize; 3]) { Embedding<7, 4>, Softmax }
}

#[test]
fn rows_that_no_index_names_have_no_gradient() {
    let graph = Words::<f32, Cpu>::init(&Cpu::default(), 1).unwrap().graph();
    let (params, _) = data(graph, 2);
    let inputs = [Data::Indices(vec![1, 1, 5, 0, 1, 5])];
    let [_, _, gradients] = run(graph, &params, &inputs, 2, None, <Cpu as Backend<f32>>::run);
    let moved: Vec<bool> =
        gradients[0].chunks(4).map(|row| row.iter().any(|x| *x != 0.0)).collect();
    assert_eq!(moved, [true, true, false, false, false, true, false]);
}
