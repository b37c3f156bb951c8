//! Networks whose sizes are types: the same numbers, shapes and files as with literal sizes.

#![allow(clippy::unwrap_used)] // in helpers of tests
#![allow(clippy::type_complexity)] // shapes are written out

use netwright::Float;
use netwright::data::{Column, Dataset};
use netwright::prelude::*;
use netwright::sizes::Fits;
use netwright::typenum::{U2, U4, U6, U12, U32, U64};
use netwright_core::spec::graph::Graph;

/// The same layers with a generic side and with a number.
macro_rules! vgg {
    ($name:ident [$($generics:tt)*] $side:tt) => {
        network! {
            /// Sizes shrink, stay, shrink in steps, and grow.
            pub struct $name $($generics)*([3, $side, $side]) -> [10] {
                stem: Conv2d<8, 3>, Relu,
                MaxPool2d<2>,
                Residual { Conv2d<8, 3, padding = 1>, BatchNorm2d, Relu },
                Conv2d<4, 3, stride = 2, padding = 1, dilation = 2>, Tanh,
                AvgPool2d<2, stride = 3, ceil_mode = true>,
                Upsample2d<2>,
                Flatten,
                head: Linear<10>,
            }
        }
    };
}

vgg!(Vgg [<Side: Size>] Side);
vgg!(Vgg32 [] 32);
vgg!(Vgg64 [] 64);

/// A budget that the compiler enforces.
const _: () = assert!(Vgg::<U32>::PARAMS < 5000);

/// One sample, a batch, and images with the sizes as types.
type Image<Side> = (Const<3>, Num<Side>, Num<Side>);
type Images<const N: usize, Side> = (Const<N>, Const<3>, Num<Side>, Num<Side>);

/// All parameters and buffers.
fn numbers<E: Float>(model: &impl Model<E, Cpu>) -> Vec<E>
where
    Cpu: Backend<E>,
{
    model.tensors().into_iter().flat_map(|t| t.array().unwrap().data.as_vec()).collect()
}

/// Everything of a graph but the network's name.
fn nameless(graph: &Graph) -> Graph {
    Graph { name: "", ..*graph }
}

#[test]
fn the_graph_is_that_of_the_numbers() {
    assert_eq!(nameless(Vgg::<U32>::GRAPH), nameless(Vgg32::GRAPH));
    assert_eq!(nameless(Vgg::<U64>::GRAPH), nameless(Vgg64::GRAPH));
    assert_eq!([Vgg::<U32>::PARAMS, Vgg::<U64>::PARAMS], [Vgg32::PARAMS, Vgg64::PARAMS]);
    assert_ne!(Vgg::<U32>::PARAMS, Vgg::<U64>::PARAMS);
}

#[test]
fn the_same_seed_gives_the_same_network() {
    let device = Cpu::default();
    let (generic, literal) = (Vgg::<U64>::seeded(&device, 7), Vgg64::seeded(&device, 7));
    assert_eq!(numbers(&generic), numbers(&literal));
    let images = device.sample_normal::<Images<4, U64>>();
    let logits: Tensor<Rank2<4, 10>, f32, Cpu> = generic.forward(images.clone());
    let expected = literal.forward(images.realize::<Rank4<4, 3, 64, 64>>());
    assert_eq!(logits.array(), expected.array());
}

#[test]
fn a_batch_of_any_size_and_one_sample() {
    let device = Cpu::default();
    let (generic, literal) = (Vgg::<U32>::seeded(&device, 1), Vgg32::seeded(&device, 1));
    let batch: Tensor<(usize, Const<3>, Num<U32>, Num<U32>), f32, Cpu> =
        device.sample_normal_like(&(5, Const, Num::default(), Num::default()));
    let logits: Tensor<(usize, Const<10>), f32, Cpu> = generic.forward(batch.clone());
    let fixed = batch.realize::<Rank4<5, 3, 32, 32>>();
    assert_eq!(logits.as_vec(), literal.forward(fixed).as_vec());
    let sample = device.sample_normal::<Image<U32>>();
    let one: Tensor<Rank1<10>, f32, Cpu> = generic.forward(sample.clone());
    assert_eq!(one.array(), literal.forward(sample.realize::<Rank3<3, 32, 32>>()).array());
}

#[test]
fn gradients_and_optimizers_are_the_same() {
    let device = Cpu::default();
    let (mut generic, mut literal) = (Vgg::<U32>::seeded(&device, 2), Vgg32::seeded(&device, 2));
    let mut adam = netwright::dfdx::optim::Adam::new(&generic, Default::default());
    let mut other = netwright::dfdx::optim::Adam::new(&literal, Default::default());
    for _ in 0..2 {
        let images = device.sample_normal::<Images<6, U32>>();
        let numbers = images.clone().realize::<Rank4<6, 3, 32, 32>>();
        let output = generic.forward_mut(images.traced(generic.alloc_grads()));
        let expected = literal.forward_mut(numbers.traced(literal.alloc_grads()));
        assert_eq!(output.array(), expected.array());
        let (a, b) = (output.square().mean().backward(), expected.square().mean().backward());
        assert_eq!(a.get(&generic.stem.weight).as_vec(), b.get(&literal.stem.weight).as_vec());
        assert_eq!(a.get(&generic.head.weight).as_vec(), b.get(&literal.head.weight).as_vec());
        adam.update(&mut generic, &a).unwrap();
        other.update(&mut literal, &b).unwrap();
    }
    assert_eq!(numbers(&generic), numbers(&literal));
}

#[test]
fn in_f64() {
    let device = Cpu::default();
    let generic = Vgg::<U32, f64>::init(&device, 3).unwrap();
    let literal = Vgg32::<f64>::init(&device, 3).unwrap();
    let image: Tensor<Image<U32>, f64, Cpu> = device.sample_normal();
    let expected = literal.forward(image.clone().realize::<Rank3<3, 32, 32>>());
    assert_eq!(generic.forward(image).array(), expected.array());
    let single: Vgg<U32> = generic.to_dtype::<f32>();
    assert_eq!(single.head.bias.array().len(), 10);
}

/// Random images with labels.
fn data(side: usize) -> Dataset {
    let device = Cpu::seed_from_u64(4);
    let pixels = device.sample_normal_like(&(24, 3 * side * side)).as_vec();
    let images = Column::floats(pixels, &[3, side, side]).unwrap();
    Dataset::new(images, Column::labels((0..24).map(|i| i % 10).collect())).unwrap()
}

#[test]
fn training_and_prediction_are_the_same() {
    let device = Cpu::default();
    let (mut generic, mut literal) = (Vgg::<U32>::seeded(&device, 5), Vgg32::seeded(&device, 5));
    let fit = || Fit::new(CrossEntropy, Adam::default()).epochs(2).batch(8).quiet();
    generic.fit(&data(32), fit()).unwrap();
    literal.fit(&data(32), fit()).unwrap();
    assert_eq!(numbers(&generic), numbers(&literal));
    let wrong = generic.fit(&data(64), fit()).unwrap_err().to_string();
    assert!(wrong.contains("[3, 32, 32]") && wrong.contains("[8, 3, 64, 64]"), "{wrong}");
}

#[test]
fn files_hold_the_sizes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vgg.safetensors");
    let device = Cpu::default();
    let saved = Vgg::<U32>::seeded(&device, 6);
    saved.save(&path).unwrap();
    let mut same = Vgg::<U32>::seeded(&device, 0);
    same.load(&path).unwrap();
    assert_eq!(numbers(&same), numbers(&saved));
    let mut literal = Vgg32::seeded(&device, 0);
    literal.load(&path).unwrap();
    assert_eq!(numbers(&literal), numbers(&saved));
    let mut larger = Vgg::<U64>::seeded(&device, 0);
    let error = larger.load(&path).unwrap_err().to_string();
    assert!(error.contains("shape: head.weight expected [10, 400], found [10, 144]"), "{error}");
}

#[test]
fn dfdx_builds_resets_moves_and_shows_it() {
    let device = Cpu::default();
    let mut net: Vgg<U32, f32, Cpu> = BuildModule::build(&device);
    let before = numbers(&net);
    net.reset_params();
    assert_ne!(numbers(&net), before);
    let moved: Vgg<U32, f32, Cpu> = net.to_device(&Cpu::default());
    assert_eq!(numbers(&moved), numbers(&net.clone()));
    assert_eq!(net.num_trainable_params(), Vgg::<U32>::PARAMS);
    let text = format!("{net:?}");
    assert!(text.contains("stem: Conv2d -> [8, 30, 30]"), "{text}");
}

/// Only what makes a network demands that its sizes fit.
fn made<Side: Size>(device: &Cpu) -> Vgg<Side>
where
    Vgg<Side>: Fits,
{
    Vgg::seeded(device, 8)
}

fn classified<Side: Size, const N: usize>(
    net: &Vgg<Side>,
    images: Tensor<Images<N, Side>, f32, Cpu>,
) -> Vec<f32> {
    assert_eq!(Vgg::<Side>::GRAPH.inputs[0].shape[1], Side::USIZE);
    net.forward(images).as_vec()
}

#[test]
fn generic_functions_need_no_other_bounds() {
    let device = Cpu::default();
    let images = device.sample_normal::<Images<2, U64>>();
    let logits = classified(&made::<U64>(&device), images.clone());
    let literal = Vgg64::seeded(&device, 8);
    assert_eq!(logits, literal.forward(images.realize::<Rank4<2, 3, 64, 64>>()).as_vec());
}

const KERNEL: usize = 3;

mod cfg {
    pub const BASE: usize = 1200;
}

macro_rules! mixed {
    ($name:ident [$($generics:tt)*] $classes:tt $width:tt $side:tt $double:tt $rest:tt) => {
        network! {
            /// Sizes of every kind in every place; names that the generated code likes too.
            #[derive(Debug)]
            struct $name $($generics)*(image: [$width, $side, 9], words: [usize; $side])
                -> (logits: [$classes], map: [$double, $side, 9])
            {
                layer joined: Linear<$double>;
                let deep = image => depthwise: Conv2d<$width, KERNEL, padding = same, groups = $width>,
                    Conv2d<$double, 1>, LayerNorm<axes = 2>;
                let halved = deep => MaxPool2d<(2, 1)>, Upsample2d<(2, 1)>;
                let both = concat(deep, halved) * 0.5;
                let text = words => Embedding<cfg::BASE, $width, padding = { $width - 1 }>, joined, Softmax;
                let table = both => Conv2d<$double, (KERNEL, 1), padding = (1, 0)>;
                let flat = table => Reshape<[$double, _]>, Mean, Linear<$rest>;
                let all = concat(flat, (text => Flatten), (image => Sum, Sum)) => Linear<$classes>;
                (all, table)
            }
        }
    };
}

mixed!(Mixed [<const CLASSES: usize, E: Size, Side: Size>] CLASSES E Side { 2 * E } { (E + cfg::BASE) / 4 - E });
mixed!(Mixed6 [] 5 6 12 12 { (6 + cfg::BASE) / 4 - 6 });

#[test]
fn const_generics_types_constants_and_numbers_together() {
    let device = Cpu::default();
    assert_eq!(nameless(Mixed::<5, U6, U12>::GRAPH), nameless(Mixed6::GRAPH));
    let (generic, literal) = (Mixed::<5, U6, U12>::seeded(&device, 9), Mixed6::seeded(&device, 9));
    let image = device.sample_normal::<(Const<2>, Num<U6>, Num<U12>, Const<9>)>();
    let words = device.tensor([[7; 12]; 2]).realize::<(Const<2>, Num<U12>)>();
    let output = generic.forward((image.clone(), words.clone()));
    let logits: Tensor<Rank2<2, 5>, f32, Cpu> = output.logits;
    let map: Tensor<(Const<2>, Num<U12>, Num<U12>, Const<9>), f32, Cpu> = output.map;
    let expected =
        literal.forward((image.realize::<Rank4<2, 6, 12, 9>>(), words.realize::<Rank2<2, 12>>()));
    assert_eq!(logits.array(), expected.logits.array());
    assert_eq!(map.as_vec(), expected.map.as_vec());
}

network! {
    /// No parameter depends on the sizes.
    struct Anywhere<Height: netwright::Size, Width: Size>([1, Height, Width]) {
        Conv2d<2, 3, padding = 1>, Relu,
    }
    struct Bare<D: Size>([D, 4]) { matrix: Linear<D>, Relu }
}

#[test]
fn sizes_that_stand_in_no_field() {
    let device = Cpu::default();
    let net = Anywhere::<U4, U6>::seeded(&device, 0);
    let image = device.sample_normal::<(Const<1>, Num<U4>, Num<U6>)>();
    let output: Tensor<(Const<2>, Num<U4>, Num<U6>), f32, Cpu> = net.forward(image);
    assert_eq!(output.as_vec().len(), 48);
    let bare = Bare::<U2>::seeded(&device, 0);
    assert_eq!(bare.matrix.weight.shape(), &(Num::<U2>::default(), Const::<4>));
}

macro_rules! unet {
    ($name:ident [$($generics:tt)*] $side:tt) => {
        network! {
            /// Half as large and as large again, in both ways that there are.
            struct $name $($generics)*(image: [2, $side, $side]) -> [1, $side, $side] {
                let full = image => Conv2d<3, 3, padding = 1>, Relu;
                let half = full => MaxPool2d<2>, Conv2d<4, 3, padding = 1>, Relu;
                let larger = half
                    => ConvTranspose2d<3, 3, stride = 2, padding = 1, output_padding = 1>, Relu;
                let twice = half => ConvTranspose2d<3, 2, stride = 2>;
                concat(full, larger + twice) => mask: Conv2d<1, 1>
            }
        }
    };
}

unet!(UNet [<Side: Size>] Side);
unet!(UNet12 [] 12);

#[test]
fn images_grow_as_those_of_numbers() {
    let device = Cpu::default();
    let (generic, literal) = (UNet::<U12>::seeded(&device, 1), UNet12::seeded(&device, 1));
    assert_eq!(nameless(UNet::<U12>::GRAPH), nameless(UNet12::GRAPH));
    let images = device.sample_normal::<(Const<3>, Const<2>, Num<U12>, Num<U12>)>();
    let found: Tensor<(Const<3>, Const<1>, Num<U12>, Num<U12>), f32, Cpu> =
        generic.forward(images.clone());
    assert_eq!(found.as_vec(), literal.forward(images.realize::<Rank4<3, 2, 12, 12>>()).as_vec());
}

/// Layers that are made of others compute with their input's sizes.
macro_rules! mobile {
    ($name:ident [$($generics:tt)*] $channels:tt $side:tt) => {
        network! {
            pub struct $name $($generics)*([$channels, $side, $side]) -> [10] {
                DepthwiseConv2d<3, multiplier = 2, padding = 1>, Relu,
                mixed: SeparableConv2d<$channels, 3, stride = 2>,
                Flatten,
                head: Linear<10>,
            }
        }
    };
}

mobile!(Mobile [<Channels: Size, Side: Size>] Channels Side);
mobile!(Mobile6 [] 6 32);

#[test]
fn parts_have_the_sizes_of_numbers() {
    let device = Cpu::default();
    assert_eq!(nameless(Mobile::<U6, U32>::GRAPH), nameless(Mobile6::GRAPH));
    let (generic, literal) = (Mobile::<U6, U32>::seeded(&device, 7), Mobile6::seeded(&device, 7));
    assert_eq!(numbers(&generic), numbers(&literal));
    let weight: &Tensor<Rank4<6, 12, 1, 1>, f32, Cpu> = &literal.mixed_pointwise.weight;
    assert_eq!(weight.array()[0][0][0][0], numbers(&generic)[12 * 9 + 12 + 12 * 9]);
}

/// Sequences: states have twice the features of one direction, and all layers' lie behind each other.
macro_rules! sequences {
    ($name:ident [$($generics:tt)*] $time:tt $features:tt $hidden:tt $heads:tt $inner:tt) => {
        network! {
            pub struct $name $($generics)*(x: [$time, $features], lengths: [usize])
                -> (all: [$time, $hidden], states: [{ 8 * $hidden }], end: [5])
            {
                let (both, h, c) =
                    (x, lengths) => lstm: Lstm<$hidden, layers = 2, bidirectional = true>;
                let one = (both, lengths) => gru: Gru<$hidden>,
                    PositionalEncoding<learned = true>;
                let memory = (one, lengths)
                    => encoder: TransformerEncoder<2, $heads, $inner, norm_first = true>;
                let seen = (one, memory, lengths)
                    => decoder: TransformerDecoder<1, $heads, { 3 * $hidden }, rotary = true>;
                let own = (seen, lengths) => attention: MultiHeadAttention<$heads, bias = false>;
                let end = (own, lengths) => Rnn<5, output = last>;
                (own, concat(h, c), end)
            }
        }
    };
}

sequences!(Sequences
    [<const FEATURES: usize, const INNER: usize, Time: Size, Hidden: Size, Heads: Size>]
    Time FEATURES Hidden Heads INNER);
sequences!(Sequences6 [] 6 3 4 2 7);

#[test]
fn sequences_are_those_of_numbers() {
    type Generic = Sequences<3, 7, U6, U4, U2>;
    assert_eq!(nameless(Generic::GRAPH), nameless(Sequences6::GRAPH));
    assert_eq!(Generic::PARAMS, Sequences6::PARAMS);
    let device = Cpu::default();
    let (mut generic, mut literal) = (Generic::seeded(&device, 3), Sequences6::seeded(&device, 3));
    assert_eq!(numbers(&generic), numbers(&literal));
    let x = device.sample_normal::<(Const<2>, Num<U6>, Const<3>)>();
    let lengths = device.tensor([4, 6]);
    let traced = x.clone().traced(generic.alloc_grads());
    let found = generic.forward_mut((traced, lengths.clone()));
    let traced = x.realize::<Rank3<2, 6, 3>>().traced(literal.alloc_grads());
    let expected = literal.forward_mut((traced, lengths));
    let states: Tensor<(Const<2>, Num<U32>), f32, Cpu, _> = found.states;
    assert_eq!(states.as_vec(), expected.states.as_vec());
    assert_eq!(found.end.array(), expected.end.array());
    let all: Tensor<(Const<2>, Num<U6>, Num<U4>), f32, Cpu, _> = found.all;
    assert_eq!(all.as_vec(), expected.all.as_vec());
    let (a, b) = (all.square().mean().backward(), expected.all.square().mean().backward());
    macro_rules! same {
        ($($layer:ident.$param:ident)*) => {
            $(let found = a.get(&generic.$layer.$param).as_vec();
            assert!(found.iter().any(|&x| x != 0.0));
            assert_eq!(found, b.get(&literal.$layer.$param).as_vec());)*
        };
    }
    same!(lstm_l0.weight_ih_l0 lstm_l1.weight_hh_l0_reverse gru.bias_hh_l0
        encoder_1_linear1.weight decoder_0_multihead_attn.in_proj_weight attention.out_proj_weight);
}

#[test]
fn sequences_in_f64_and_in_files() {
    type Generic<E> = Sequences<3, 7, U6, U4, U2, E>;
    let device = Cpu::default();
    let generic = Generic::<f64>::init(&device, 4).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sequences.safetensors");
    generic.save(&path).unwrap();
    let mut literal = Sequences6::<f64>::init(&device, 0).unwrap();
    literal.load(&path).unwrap();
    let x: Tensor<(usize, Num<U6>, Const<3>), f64, Cpu> =
        device.sample_normal_like(&(3, Num::default(), Const));
    let lengths = device.tensor([1, 6, 5]);
    let expected = literal.forward((x.clone().realize::<Rank3<3, 6, 3>>(), lengths.clone()));
    let found = generic.forward((x, lengths.realize::<(usize,)>()));
    assert_eq!(found.end.as_vec(), expected.end.as_vec());
    assert_eq!(found.all.as_vec(), expected.all.as_vec());
}
