//! One network or more for every layer, to be run in several ways: by `contract.rs`, and on a GPU.

/// Calls a macro with all of them.
macro_rules! every_layer {
    ($run:ident) => {
        $run! {
            linear: [5] => { Linear<3> }
            linear_over_time: [4, 5] => { Linear<3, bias = false> }
            conv2d: [2, 6, 7] => { Conv2d<3, 3, stride = 2, padding = 1> }
            conv2d_groups: [4, 5, 6] => { Conv2d<6, (2, 3), groups = 2, dilation = (2, 1), bias = false> }
            conv2d_same: [2, 5, 4] => { Conv2d<2, 4, padding = same> }
            depthwise_conv2d: [3, 5, 4] => { DepthwiseConv2d<3, multiplier = 2, padding = (1, 0)> }
            separable_conv2d: [3, 6, 5] => { SeparableConv2d<4, (3, 2), stride = 2>, Tanh }
            separable_conv2d_shared: [2, 5, 4] => {
                layer f: SeparableConv2d<2, 3, padding = same>;
                let a = input => f, Tanh;
                (a => f) + input
            }
            conv_transpose2d: [2, 3, 4] => {
                ConvTranspose2d<3, 3, stride = 2, padding = 1, output_padding = 1>
            }
            conv_transpose2d_groups: [4, 3, 2] => {
                ConvTranspose2d<
                    6, (2, 3), stride = (1, 3), groups = 2, dilation = (3, 2), padding = (1, 0),
                    output_padding = (2, 1), bias = false
                >
            }
            conv_transpose2d_behind: [2, 3, 4] => {
                let a = input => Tanh;
                (a => ConvTranspose2d<2, 1>, Relu) + (a => ConvTranspose2d<2, 3, padding = 1>)
            }
            max_pool2d: [2, 5, 6] => { MaxPool2d<2> }
            max_pool2d_overlap: [2, 7, 6] => {
                MaxPool2d<(3, 2), stride = 2, padding = 1, dilation = (1, 2), ceil_mode = true>
            }
            avg_pool2d: [2, 5, 6] => { AvgPool2d<2> }
            avg_pool2d_ceil: [2, 6, 7] => { AvgPool2d<3, stride = 2, padding = 1, ceil_mode = true> }
            avg_pool2d_inside: [2, 6, 7] => {
                AvgPool2d<3, stride = 2, padding = 1, ceil_mode = true, count_include_pad = false>
            }
            global_avg_pool2d: [3, 4, 5] => { GlobalAvgPool2d }
            upsample2d: [2, 3, 2] => { Upsample2d<(2, 3)> }
            upsample2d_behind: [2, 3, 2] => { let a = input => Upsample2d<1>; a + (input => Conv2d<2, 1>) }
            sum: [3, 4] => { Sum }
            sum_first: [3, 4] => { let a = input => Tanh; (a => Sum<axis = 0>) * (a => Sum<axis = 0>) }
            sum_channels: [2, 3, 4] => { Tanh, Sum<axis = 0> }
            mean: [5] => { Mean }
            mean_rows: [2, 3, 4] => { Conv2d<3, 1>, Mean<axis = 1> }
            mean_columns: [2, 3, 4] => { Mean }
            mean_of_many: [2, 3, 2, 2] => { Mean<axis = 1>, Conv2d<2, 1> }
            max: [3, 4] => { Max }
            max_channels: [2, 3, 4] => { Max<axis = 0> }
            max_rows: [2, 3, 4] => { Tanh, Max<axis = 1> }
            flatten: [2, 3, 4] => { Flatten }
            reshape: [2, 6] => { Reshape<[3, _]> }
            permute: [3, 4] => { Permute<[1, 0]> }
            permute_image: [2, 3, 4] => { Permute<[2, 0, 1]> }
            transpose: [2, 3, 4] => { Transpose<0, 2> }
            squeeze: [3, 1] => { Squeeze<1>, Linear<2> }
            unsqueeze: [3, 4] => { Unsqueeze<0>, Conv2d<2, 2> }
            slice: [3, 5] => { Slice<1, 4> }
            slice_rows: [2, 4, 3] => { Slice<0, 2, axis = 1> }
            slice_twice: [3, 4] => { let a = input => Tanh; (a => Slice<0, 2, axis = 0>) * (a => Slice<1, 3, axis = 0>) }
            select: [3, 4] => { Select<1> }
            select_last: [3, 4] => { Select<0, axis = 0, from = end>, Linear<2> }
            repeat_vector: [3] => { RepeatVector<4>, Linear<2> }
            embedding: [usize; 4] => { Embedding<7, 3> }
            embedding_scalar: [usize] => { Embedding<7, 3> }
            embedding_padding: [usize; 4] => { Embedding<7, 3, padding = 1>, Linear<2> }
            embedding_products: [usize; 4] => {
                let a = input => words: Embedding<7, 3>;
                let b = input => others: Embedding<7, 2, padding = 1>, Reshape<[_, 1]>, Slice<0, 3, axis = 0>;
                matmul(a, b)
            }
            embedding_bag: [usize; 4] => { EmbeddingBag<7, 3> }
            embedding_bag_sum: [usize; 5] => { EmbeddingBag<7, 3, mode = sum, padding = 2>, Tanh }
            embedding_bag_max: [usize; 4] => { EmbeddingBag<7, 3, mode = max, padding = 1> }
            embedding_rows: [usize; 2, 3] => { Embedding<9, 2> }
            batch_norm1d: [4] => { BatchNorm1d }
            batch_norm1d_time: [3, 4] => { BatchNorm1d<affine = false>(eps = 0.1, momentum = 0.3) }
            batch_norm2d: [2, 3, 4] => { BatchNorm2d }
            layer_norm: [3, 5] => { LayerNorm }
            layer_norm_image: [2, 3, 2] => { LayerNorm<axes = 3, affine = false> }
            dropout: [6] => { Dropout(0.3) }
            alpha_dropout: [3, 4] => { AlphaDropout(0.3) }
            gaussian_noise: [3, 4] => { GaussianNoise(0.3) }
            noises: [2, 3, 4] => { GaussianNoise(0.1), Selu, AlphaDropout(0.2), Conv2d<2, 1>, AlphaDropout, GaussianNoise(2.0) }
            relu: [3, 4] => { Relu }
            leaky_relu: [3, 4] => { LeakyRelu(0.2) }
            elu: [3, 4] => { Elu(0.7) }
            relu6: [3, 4] => { Relu6 }
            celu: [3, 4] => { Celu(0.7) }
            selu: [3, 4] => { Selu }
            mish: [3, 4] => { Mish }
            hard_swish: [3, 4] => { HardSwish }
            hard_sigmoid: [3, 4] => { HardSigmoid }
            log_sigmoid: [3, 4] => { LogSigmoid }
            softsign: [3, 4] => { Softsign }
            group_norm: [4, 3, 2] => { GroupNorm<2> }
            group_norm_line: [6, 3] => { GroupNorm<1, affine = false>(eps = 0.1) }
            group_norm_features: [6] => { GroupNorm<3> }
            instance_norm2d: [2, 3, 4] => { InstanceNorm2d }
            instance_norm2d_affine: [2, 3, 4] => { InstanceNorm2d<affine = true>(eps = 0.01) }
            rms_norm: [3, 5] => { RmsNorm }
            rms_norm_image: [2, 3, 4] => { RmsNorm<affine = false>(eps = 0.1) }
            spatial_dropout2d: [3, 2, 3] => { SpatialDropout2d(0.4) }
            conv1d: [3, 7] => { Conv1d<4, 3> }
            conv1d_causal: [4, 6] => { Conv1d<6, 2, padding = causal, dilation = 2, groups = 2, bias = false> }
            conv1d_strides: [2, 9] => { Conv1d<3, 3, stride = 2, padding = 1>, Relu, MaxPool1d<2>, Conv1d<2, 1, padding = same> }
            conv_transpose1d: [3, 4] => { ConvTranspose1d<2, 3, stride = 2, padding = 1, output_padding = 1> }
            max_pool1d: [2, 9] => { MaxPool1d<3, stride = 2, padding = 1> }
            avg_pool1d: [2, 9] => { AvgPool1d<3, stride = 2, padding = 1, count_include_pad = false, ceil_mode = true> }
            conv3d: [2, 4, 5, 3] => { Conv3d<3, 2> }
            conv3d_steps: [4, 5, 6, 5] => {
                Conv3d<2, (2, 3, 2), stride = (2, 2, 1), padding = (1, 0, 1), dilation = (1, 2, 1), groups = 2, bias = false>
            }
            conv3d_same: [1, 3, 4, 5] => { Conv3d<2, (3, 2, 1), padding = same>, Tanh, MaxPool3d<2>, Conv3d<3, 1> }
            max_pool3d: [2, 5, 4, 5] => { MaxPool3d<3, stride = (2, 1, 2), padding = 1> }
            avg_pool3d: [2, 4, 5, 3] => { AvgPool3d<(2, 3, 2), padding = (1, 1, 0), ceil_mode = true, count_include_pad = false> }
            global_avg_pool1d: [3, 7] => { GlobalAvgPool1d }
            global_max_pool1d: [3, 7] => { Tanh, GlobalMaxPool1d }
            adaptive_avg_pool2d: [3, 5, 6] => { AdaptiveAvgPool2d<(3, 4)> }
            adaptive_avg_pool2d_even: [2, 6, 4] => { Tanh, AdaptiveAvgPool2d<2> }
            adaptive_avg_pool2d_larger: [1, 2, 3] => { Conv2d<2, 1>, AdaptiveAvgPool2d<(3, 5)> }
            global_max_pool2d: [3, 4, 5] => { GlobalMaxPool2d }
            zero_pad2d: [2, 3, 4] => { ZeroPad2d<(1, 0), bottom = 2, right = 3> }
            crop2d: [2, 5, 6] => { Crop2d<1, right = 0> }
            pixel_shuffle: [8, 2, 3] => { PixelShuffle<2> }
            positional_encoding: [3, 5] => { PositionalEncoding }
            positional_encoding_learned: [3, 4] => { PositionalEncoding<learned = true>, Linear<2> }
            transformer_encoder: [3, 4] => { TransformerEncoder<2, 2, 5> }
            transformer_encoder_options: [4, 6] => {
                TransformerEncoder<1, 3, 5, norm_first = true, activation = gelu, causal = true>(dropout = 0.2)
            }
            transformer_encoder_shared: [3, 4] => {
                layer encoder: TransformerEncoder<1, 1, 3>;
                Repeat<2> { encoder }
            }
            transformer_decoder: [3, 4] => {
                let memory = input => Permute<[1, 0]>, Linear<4>;
                (input, memory) => TransformerDecoder<1, 2, 5>
            }
            rnn: [4, 3] => { Rnn<5> }
            rnn_relu_last: [4, 3] => { Rnn<5, nonlinearity = relu, output = last> }
            lstm: [4, 3] => { Lstm<5> }
            lstm_last: [3, 2] => { Lstm<4, output = last>, Linear<2> }
            lstm_both_ways: [3, 2] => { Lstm<4, bidirectional = true>, Lstm<2, bidirectional = true, output = last> }
            lstm_reverse: [4, 3] => { Lstm<2, reverse = true, bias = false> }
            lstm_states: [4, 3] => {
                let z = input => Flatten, Linear<5>, Tanh;
                let (y, h, c) = (input, z, z) => Lstm<5>;
                concat((y => Flatten), h, c)
            }
            lstm_memory: [4, 3] => {
                let (_, _, c) = (input, (input => Select<0, axis = 0>), (input => Mean<axis = 0>)) => Lstm<3, reverse = true>;
                c
            }
            lstm_layers: [4, 3] => { Lstm<2, layers = 3, output = last>(dropout = 0.3), Linear<2> }
            gru_layers: [3, 2] => { let (y, h) = input => Gru<2, layers = 2>; (y => Flatten, Linear<4>) * h }
            gru_states: [3, 2] => {
                let (_, h) = (input, (input => Flatten, Linear<8>)) => Gru<4, bidirectional = true>;
                h
            }
            rnn_states: [3, 2] => { let (y, h) = input => Rnn<4, output = last>; y * h }
            lstm_one_step: [1, 3] => { Lstm<2> }
            gru: [4, 3] => { Gru<5> }
            gru_both_ways: [3, 2] => { Gru<4, bidirectional = true, bias = false> }
            gru_reverse_last: [4, 3] => { Gru<3, reverse = true, output = last> }
            attention: [3, 4] => { MultiHeadAttention<2> }
            attention_causal: [5, 6] => { MultiHeadAttention<3, causal = true, bias = false> }
            attention_rotary: [5, 8] => { MultiHeadAttention<2, causal = true, rotary = true> }
            attention_dropout: [3, 4] => { MultiHeadAttention<2>(dropout = 0.4) }
            attention_to_memory: [3, 4] => {
                let memory = input => Permute<[1, 0]>, Linear<4>;
                (input, memory) => MultiHeadAttention<1>
            }
            p_relu: [3, 4] => { PRelu }
            p_relu_channels: [2, 3, 4] => { PRelu<channels = true> }
            p_relu_features: [5] => { PRelu<channels = true>, Linear<2>, PRelu }
            glu: [3, 6] => { Glu }
            glu_channels: [4, 2, 3] => { Glu<axis = 0> }
            glu_rows: [4, 2, 3] => { Glu<axis = 1> }
            swiglu: [6] => { Swiglu }
            swiglu_columns: [2, 3, 4] => { Swiglu<axis = 2> }
            map: [3, 4] => { Map(|x| x * (x * 1.5).sigmoid() - x.powi(3) / (x.exp() + 1.0)) }
            map_of_all: [4] => {
                Map(|x| {
                    let positive = x.abs() + 0.5;
                    let waves = x.sin() * x.cos() + (-x).tanh();
                    positive.ln() + positive.sqrt() + waves + x.max(0.25) - x.relu().min(0.75) + 0.1 / positive
                })
            }
            gelu: [3, 4] => { Gelu }
            gelu_tanh: [3, 4] => { Gelu<approximate = tanh> }
            silu: [3, 4] => { Silu }
            sigmoid: [3, 4] => { Sigmoid }
            tanh: [3, 4] => { Tanh }
            softplus: [3, 4] => { Softplus }
            softplus_bent: [3, 4] => { Softplus(2.0, threshold = 1.0) }
            softmax: [3, 4] => { Softmax }
            softmax_first: [3, 2, 2] => { Softmax<axis = 0> }
            log_softmax: [3, 4] => { LogSoftmax }
            log_softmax_middle: [2, 3, 2] => { LogSoftmax<axis = 1> }
            add: [4] => { Residual { Linear<4> } }
            add_to_itself: [4] => { Residual { Flatten } }
            concat: [2, 3, 3] => { Parallel { { Conv2d<3, 1> }, { Relu }, { Tanh } } }
            concat_time: [3, 4] => { Parallel { { Linear<2> }, { Flatten, Reshape<[3, 4]> } } }
            add_three: [4] => { (input => Tanh) + input + (input => Linear<4>) + input }
            sub: [3, 4] => { let a = input => Tanh; input - a - input - (a => Linear<4>) }
            sub_image: [2, 3, 4] => { let a = input => Conv2d<2, 1>; a - input }
            mat_mul: [3, 4] => { let a = input => Reshape<[4, 3]>, Linear<5>, Tanh; matmul(input, a) }
            mat_mul_itself: [11, 11] => { matmul(input, input) }
            mul: [3, 4] => { let a = input => Linear<4>; a * input * a * 0.5 }
            mul_number: [2, 3, 4] => { input * 3 + input }
            concat_rows: [2, 3, 4] => { concat(input, (input => Conv2d<2, (2, 1)>), axis = 1) => Tanh }
            concat_columns: [2, 3, 4] => { concat((input => Relu), input, input, axis = 2) }
            concat_in_time: [3, 4] => { concat(input, (input => Tanh), axis = 0) => Linear<2> }
            shared: [3, 4] => { layer f: Linear<4>; let a = input => f, Tanh; (a => f) + (input => f) }
            shared_image: [2, 3, 4] => { layer f: Conv2d<2, 1>; Repeat<2> { f, Tanh } }
            concat_itself: [4] => { Parallel { { Flatten }, { Flatten } } }
            tied: [usize; 5] => { words: Embedding<7, 4>, Tanh, Linear<7, weight = words> }
            tied_padding: [usize; 5] => {
                words: Embedding<7, 4, padding = 2>, Linear<7, weight = words, bias = false>
            }
            tied_linear: [3, 4] => { first: Linear<4>, Tanh, Linear<4, weight = first> }
            tied_shared: [usize; 3] => {
                layer words: Embedding<7, 7>;
                layer f: Linear<7, weight = words>;
                let a = input => words, Tanh;
                (a => f, Tanh, f) + (input => words, Tanh, Linear<7, weight = f, bias = false>)
            }
            tied_repeated: [4] => { Repeat<2> { l: Linear<4>, Tanh, Linear<4, weight = l> } }
        }
    };
}
pub(crate) use every_layer;
