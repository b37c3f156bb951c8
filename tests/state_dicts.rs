//! Networks of PyTorch load without renaming: files that `state_dict()` and PyTorch's safetensors
//! wrote (tests/fixtures/state_dicts.py), and what those networks gave.

#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests

#[path = "support/state_dicts.rs"]
mod support;

use netwright::prelude::*;
use safetensors::SafeTensors;
use std::collections::BTreeSet;
use support::{Tensors, close, file, for_pytorch, numbers, params, path, tensors};

/// What PyTorch's file has, as the module's `state_dict()` that it was written from: all that differs
/// is said in `Files::save_state_dict`.
fn as_module(name: &str) -> Tensors {
    let mut all = tensors(&path(name));
    if name == "tied" {
        let weight = all["decoder.weight"].clone(); // `save_model` keeps one of both names.
        all.insert("words.weight".to_string(), weight);
    }
    let one_layer = |name: String| match name.strip_prefix("first.") {
        Some(rest) => format!("first.layers.0.{rest}"),
        None => name,
    };
    all.into_iter().map(|(name, tensor)| (one_layer(name), tensor)).collect()
}

/// What the network saves for PyTorch is what PyTorch saved, name by name and bit by bit, and it loads
/// again. The files stay for tests/fixtures/load_state_dicts.py.
fn goes_back<N: Model<f32, Cpu>>(name: &str, net: &N, mut again: N) {
    let file = for_pytorch(name);
    net.save_state_dict(&file).unwrap();
    assert_eq!(tensors(&file), as_module(name));
    again.load(&file).unwrap();
    assert_eq!(params(net), params(&again));
}

/// The file loads, and what the network saves of it loads again.
fn loaded<N: Model<f32, Cpu>>(name: &str, make: impl Fn(u64) -> N) -> N {
    let (mut net, mut again) = (make(0), make(1));
    net.load(path(name)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let own = directory.path().join("own.safetensors");
    net.save(&own).unwrap();
    again.load(&own).unwrap();
    assert_eq!(params(&net), params(&again));
    goes_back(name, &net, make(2));
    net
}

/// Of one input.
macro_rules! gives_what_pytorch_gave {
    ($($test:ident: $net:ident<$($shape:literal),*> { $($layers:tt)* })*) => {
        $(#[test]
        fn $test() {
            network! { struct $net([$($shape),*]) { $($layers)* } }
            let device = Cpu::default();
            let name = stringify!($test);
            let net = loaded(name, |seed| $net::seeded(&device, seed));
            let input = numbers(name, "input0");
            let input = device.tensor_from_vec(input, (Const::<2>, $(Const::<$shape>),*));
            close(&net.forward(input).as_vec(), name);
        })*
    };
}

network! {
    struct InnerLstm([4, 3]) -> [4, 4] { rnn: Lstm<2, layers = 2, bidirectional = true> }
}
network! {
    struct InnerGru([4, 3]) -> [4, 4] { rnn: Gru<4, layers = 3> }
}
network! {
    struct InnerRnn([4, 3]) -> [4, 4] { rnn: Rnn<4, layers = 2, bias = false> }
}

gives_what_pytorch_gave! {
    lstm: Lstms<4, 3> { inner: InnerLstm -> [4, 4], head: Linear<2> }
    gru: Grus<4, 3> { inner: InnerGru -> [4, 4], head: Linear<2> }
    rnn: Rnns<4, 3> { inner: InnerRnn -> [4, 4], head: Linear<2> }
    attention: Attends<4, 6> { attention: MultiHeadAttention<2> }
    encoder: Encodes<5, 4> {
        first: TransformerEncoder<1, 2, 3>, encoder: TransformerEncoder<2, 2, 5, norm_first = true>
    }
    sequential: InOrder<2, 4, 4> {
        _0_0: Conv2d<3, 3>, _0_1: BatchNorm2d, Relu, Flatten, _2: Linear<4>,
    }
    separable: Separates<2, 4, 5> { conv: SeparableConv2d<3, 3>, norm: BatchNorm2d }
}

network! {
    struct Decodes(x: [3, 4], memory: [5, 4]) {
        (x, memory) => decoder: TransformerDecoder<2, 2, 5>, decoder_norm: LayerNorm
    }
}

#[test]
fn decoder() {
    let device = Cpu::default();
    let net = loaded("decoder", |seed| Decodes::seeded(&device, seed));
    let x = device.tensor_from_vec(numbers("decoder", "input0"), (Const::<2>, Const, Const));
    let memory = device.tensor_from_vec(numbers("decoder", "input1"), (Const::<2>, Const, Const));
    close(&net.forward((x, memory)).as_vec(), "decoder");
}

network! {
    struct Language([usize; 4]) -> [4, 5] {
        words: Embedding<5, 3>, Tanh, decoder: Linear<5, weight = words>,
    }
}

/// `save_model` keeps `decoder.weight` of both names.
#[test]
fn tied() {
    let device = Cpu::default();
    let net = loaded("tied", |seed| Language::seeded(&device, seed));
    let words = numbers("tied", "input0").into_iter().map(|x| x as usize).collect();
    let words: Tensor<Rank2<2, 4>, usize, _> = device.tensor_from_vec(words, Default::default());
    close(&net.forward(words).as_vec(), "tied");
}

network! {
    struct Halves([4]) -> [1] { half: Linear<4>, brain: Linear<4>, single: Linear<1> }
}

/// tests/fixtures/halves.py: subnormal, infinite and NaN ones, too; each as PyTorch widens it.
#[test]
fn half_precision() {
    let device = Cpu::default();
    let mut net = Halves::seeded(&device, 0);
    let mut double = Halves::<f64>::init(&device, 0).unwrap();
    net.load(path("halves")).unwrap();
    double.load(path("halves")).unwrap();
    let bytes = std::fs::read(path("halves")).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let doubles = double.tensors().into_iter().map(|x| x.array().unwrap().data.as_vec());
    for ((param, found), wide) in net.graph().params.iter().zip(params(&net)).zip(doubles) {
        let bits = &header.metadata().as_ref().unwrap()[param.name];
        let bits: Vec<u32> = bits.split(' ').map(|word| word.parse().unwrap()).collect();
        assert_eq!(found.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), bits, "{}", param.name);
        let expected = found.iter().map(|&x| f64::from(x).to_bits());
        assert!(wide.iter().map(|x| x.to_bits()).eq(expected), "{}", param.name);
    }
}

/// As `save_file` wants it: `{name: tensor.clone() for …}`.
#[test]
fn a_tied_weight_may_have_both_names_but_not_two_values() {
    let device = Cpu::default();
    let numbers: Vec<f32> = (0..15).map(|x| x as f32).collect();
    let mut tensors = [
        ("decoder.bias", &[5][..], vec![1.0; 5]),
        ("decoder.weight", &[5, 3], numbers.clone()),
        ("words.weight", &[5, 3], numbers.clone()),
    ];
    let mut net = Language::seeded(&device, 0);
    let (_directory, path) = file(&tensors);
    net.load(path).unwrap();
    assert_eq!(net.words.weight.as_vec(), numbers);
    tensors[1].2[14] = 0.0;
    let (_directory, path) = file(&tensors);
    let error = net.load(path).unwrap_err().to_string();
    let expected = "does not fit `Language`: words.weight and decoder.weight are one weight in the \
                    network, but differ in the file";
    assert!(error.ends_with(expected), "{error}");
    tensors[1] = ("decoder.weight", &[3, 5], numbers);
    let (_directory, path) = file(&tensors);
    let error = net.load(path).unwrap_err().to_string();
    let expected =
        "\n  shape: words.weight (decoder.weight) expected [5, 3], found [3, 5]\n  help: ";
    assert!(error.contains(expected), "{error}");
}

network! {
    /// Whatever has parameters and is no case above.
    struct Layers(line: [2, 9], image: [2, 7, 7], volume: [2, 2, 4, 4], ids: [usize; 3]) {
        let lines = line => conv1d: Conv1d<4, 3, groups = 2>, transposed1d: ConvTranspose1d<3, 2>,
            prelu: PRelu<channels = true>, batch1d: BatchNorm1d, Flatten;
        let images = image => depthwise: DepthwiseConv2d<3, multiplier = 2>,
            transposed2d: ConvTranspose2d<6, 2, groups = 2>, group: GroupNorm<3>,
            instance: InstanceNorm2d<affine = true>, conv2d: Conv2d<3, (1, 2), bias = false>,
            batch2d: BatchNorm2d, AdaptiveAvgPool2d<4>, rms: RmsNorm, Flatten;
        let volumes = volume => conv3d: Conv3d<3, (1, 2, 3)>, Select<0, axis = 2>,
            Slice<0, 1, axis = 2>, layer: LayerNorm<axes = 2>, Flatten;
        let means = ids => bag: EmbeddingBag<5, 3>, linear: Linear<2>;
        concat(lines, images, volumes, means)
    }
}

#[test]
fn other_layers_have_pytorchs_names_and_shapes() {
    let device = Cpu::default();
    let net = loaded("layers", |seed| Layers::seeded(&device, seed));
    let bytes = std::fs::read(path("layers")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for (param, found) in net.graph().params.iter().zip(params(&net)) {
        let tensor = file.tensor(param.name).unwrap();
        assert_eq!(tensor.shape(), param.shape, "{}", param.name);
        let expected = tensor.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
        assert_eq!(found, expected.collect::<Vec<_>>(), "{}", param.name);
    }
}

network! {
    struct Block([3, 3]) -> [3, 3] { Linear<3>, fc_2: Linear<3> }
}
const DEPTH: usize = 2;

/// A layer of the user's.
#[derive(Clone, Debug, Layer)]
struct Scale<E: Dtype = f32, D: Device<E> = Cpu> {
    #[param(init = ones)]
    weight: Tensor<Rank1<3>, E, D>,
}

impl<S: Shape, E: Float, D: Backend<E>> Apply<Taped<S, E, D>> for Scale<E, D> {
    type Output = Taped<S, E, D>;
    fn apply(&self, x: Taped<S, E, D>, _: Mode) -> netwright::Result<Self::Output> {
        Ok(x)
    }
}

network! {
    struct Called([3, 3]) -> [3, 3] {
        Linear<3>,
        blocks_0: Block -> [3, 3],
        blocks_2: Block -> [3, 3],
        Block -> [3, 3],
        Repeat<2> { Linear<3> },
        encoder_0: TransformerEncoder<1, 1, 2>,
        TransformerEncoder<1, 1, 2>,
        Lstm<3, layers = 2>,
        Repeat<DEPTH> { tower: Block -> [3, 3] },
        Scale -> [3, 3],
        scales_1: Scale -> [3, 3],
        head_norm: LayerNorm,
    }
}

/// The file's names, in its order.
fn names(net: &impl Files<f32, Cpu>) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("named.safetensors");
    net.save_state_dict(&path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["format"], "pt");
    header.offset_keys()
}

#[test]
fn layers_without_a_name_keep_their_numbers() {
    let names = names(&Called::seeded(&Cpu::default(), 0));
    let layers: BTreeSet<&str> =
        names.iter().map(|name| name.rsplit_once('.').unwrap().0).collect();
    let expected = [
        "linear_1",
        "blocks.0.linear_1",
        "blocks.0.fc.2",
        "blocks.2.linear_1",
        "blocks.2.fc.2",
        "block_1.linear_1",
        "block_1.fc.2",
        "linear_2",
        "linear_3",
        "encoder.0.layers.0.self_attn",
        "encoder.0.layers.0.self_attn.out_proj",
        "encoder.0.layers.0.norm1",
        "encoder.0.layers.0.linear1",
        "encoder.0.layers.0.linear2",
        "encoder.0.layers.0.norm2",
        "transformer_encoder_1.layers.0.self_attn",
        "transformer_encoder_1.layers.0.self_attn.out_proj",
        "transformer_encoder_1.layers.0.norm1",
        "transformer_encoder_1.layers.0.linear1",
        "transformer_encoder_1.layers.0.linear2",
        "transformer_encoder_1.layers.0.norm2",
        "lstm_1",
        "tower.0.linear_1",
        "tower.0.fc.2",
        "tower.1.linear_1",
        "tower.1.fc.2",
        "scale_1",
        "scales.1",
        "head_norm",
    ];
    assert_eq!(layers, BTreeSet::from(expected));
    assert!(names.contains(&"lstm_1.weight_hh_l1".to_string()), "{names:?}");
}

network! {
    struct Shared(a: [usize; 4], b: [usize; 4]) {
        layer words: Embedding<5, 3>;
        layer body: Linear<3>;
        layer out: Linear<5, weight = words>;
        let first = a => words, body, out;
        let second = b => words, body, out;
        let third = b => words, Linear<5, weight = words>;
        first + second + third
    }
}

/// PyTorch's module has a shared layer once, and a tied weight under each layer's name.
#[test]
fn shared_layers_are_one_module() {
    let names = names(&Shared::seeded(&Cpu::default(), 0));
    let expected = [
        "body.bias",
        "body.weight",
        "linear_1.bias",
        "linear_1.weight",
        "out.bias",
        "out.weight",
        "words.weight",
    ];
    assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(expected));
}

network! {
    struct Twice([2]) -> [2] { a: Inside -> [2], a_0: Linear<2> }
}
network! {
    struct Inside([2]) -> [2] { _0: Linear<2> }
}

#[test]
fn two_tensors_of_one_name_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("twice.safetensors");
    let net = Twice::seeded(&Cpu::default(), 0);
    let error = net.save_state_dict(&path).unwrap_err().to_string();
    let expected = "`a._0.weight` and `a_0.weight` would both be `a.0.weight`";
    assert!(error.ends_with(expected), "{error}");
    assert!(!path.exists());
}

network! {
    struct Stacked([4, 3]) { rnn: Rnn<4, layers = 2, bias = false>, LayerNorm<affine = false> }
}

/// What is said of a file with tensors of these names and shapes.
fn refused(tensors: &[(&str, &[usize])]) -> String {
    let device = Cpu::default();
    let zeros = |shape: &[usize]| vec![0.0; shape.iter().product()];
    let tensors: Vec<_> =
        tensors.iter().map(|&(name, shape)| (name, shape, zeros(shape))).collect();
    let (_directory, path) = file(&tensors);
    let mut net = Stacked::seeded(&device, 0);
    let before = params(&net);
    let error = net.load(&path).unwrap_err().to_string();
    assert_eq!(params(&net), before);
    let lines = error.split_once("):\n  ").unwrap().1;
    lines.split_once("\n  help: ").unwrap().0.to_string()
}

#[test]
fn a_tensor_is_taken_by_one_parameter_and_by_the_networks_name_first() {
    let [input, state] = [&[4, 3][..], &[4, 4]];
    assert_eq!(
        refused(&[
            ("rnn_l0.weight_ih_l0", input),
            ("rnn.weight_ih_l0", input),
            ("rnn.weight_hh_l0", state),
            ("rnn.weight_ih_l1", input),
            ("rnn.weight_ih_l2", state),
        ]),
        "shape: rnn_l1.weight_ih_l0 (rnn.weight_ih_l1) expected [4, 4], found [4, 3]\n  \
         missing: rnn_l1.weight_hh_l0 [4, 4]\n  \
         unexpected: rnn.weight_ih_l0 [4, 3]\n  \
         unexpected: rnn.weight_ih_l2 [4, 4]"
    );
}
