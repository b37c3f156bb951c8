//! Networks as layers of networks.

#![allow(clippy::unwrap_used)]

use netwright::dfdx;
use netwright::prelude::*;
use netwright_core::spec::graph::Graph;

mod encoders {
    use netwright::prelude::*;

    network! {
        /// Two convolutions.
        pub struct Encoder([1, 8, 8]) -> [32] {
            conv1: Conv2d<4, 3>, BatchNorm2d, Relu,
            Conv2d<8, 3>, Relu, MaxPool2d<2>,
            Flatten,
            fc: Linear<32>,
        }
    }

    network! {
        pub struct Head<const CLASSES: usize>([32]) -> [CLASSES] { Relu, Dropout(0.2), fc: Linear<CLASSES> }
    }
}

network! {
    /// The same, with everything in it.
    struct Inline([1, 8, 8]) -> [10] {
        conv1: Conv2d<4, 3>, BatchNorm2d, Relu,
        Conv2d<8, 3>, Relu, MaxPool2d<2>,
        Flatten,
        fc: Linear<32>,
        Relu, Dropout(0.2), fc2: Linear<10>,
    }
}

network! {
    struct Nested([1, 8, 8]) -> [10] {
        encoder: encoders::Encoder -> [32],
        encoders::Head<10> -> [10],
    }
}

network! {
    struct Generic<const N: usize>([1, 8, 8]) -> [N] {
        encoder: encoders::Encoder -> [32],
        encoders::Head<N> -> [N],
    }
}

#[test]
fn the_graph_sees_through() {
    let kinds = |graph: &Graph| graph.nodes.iter().map(|n| n.kind).collect::<Vec<_>>();
    assert_eq!(kinds(Nested::GRAPH), kinds(Inline::GRAPH));
    let names: Vec<_> = Nested::GRAPH.nodes.iter().map(|node| node.name).collect();
    assert_eq!(names[0], "encoder.conv1");
    let names: Vec<_> = Nested::GRAPH.params.iter().map(|param| param.name).collect();
    assert_eq!(names[0], "encoder.conv1.weight");
    assert_eq!(names.last(), Some(&"head_1.fc.bias"));
    assert_eq!((Nested::PARAMS, Generic::<10>::PARAMS), (Inline::PARAMS, Inline::PARAMS));
    let net = Generic::<10>::seeded(&Cpu::default(), 1);
    assert_eq!(net.graph().nodes, Nested::GRAPH.nodes);
}

#[test]
fn it_computes_the_same() {
    let dev = Cpu::default();
    let images = dev.sample_normal_like(&(5, Const::<1>, Const::<8>, Const::<8>));
    let nested = Nested::seeded(&dev, 3).forward(images.clone());
    let inline = Inline::seeded(&dev, 3).forward(images.clone());
    let generic = Generic::<10>::seeded(&dev, 3).forward(images);
    assert_eq!(nested.as_vec(), inline.as_vec());
    assert_eq!(nested.as_vec(), generic.as_vec());
}

network! {
    struct Block([6]) -> [6] { Residual { Linear<6>, Relu, fc: Linear<6> } }
}

const THREE: usize = 3;

network! {
    struct Deep<const DEPTH: usize>([4]) -> [2] {
        Linear<6>, Repeat<DEPTH> { blocks: Block -> [6] }, Linear<2>
    }
}

network! {
    struct DeepByConstant([4]) -> [2] { Linear<6>, Repeat<THREE> { Block -> [6] }, Linear<2> }
}

network! {
    struct DeepByNumber([4]) -> [2] {
        Linear<6>,
        Repeat<3> { Residual { Linear<6>, Relu, Linear<6> } },
        Linear<2>,
    }
}

#[test]
fn a_depth_can_be_a_const_generic() {
    let dev = Cpu::default();
    let names: Vec<_> = Deep::<2>::seeded(&dev, 1).graph().params.iter().map(|p| p.name).collect();
    assert_eq!(names[2], "blocks.0.linear_1.weight");
    assert_eq!(names[9], "blocks.1.fc.bias");
    assert_eq!(Deep::<3>::PARAMS, DeepByNumber::PARAMS);
    assert_eq!(DeepByConstant::PARAMS, DeepByNumber::PARAMS);
    let x = dev.sample_normal_like(&(5, Const::<4>));
    let (deep, number) = (Deep::<3>::seeded(&dev, 4), DeepByNumber::seeded(&dev, 4));
    let constant = DeepByConstant::seeded(&dev, 4);
    assert_eq!(deep.blocks[1].fc.weight.as_vec(), number.linear_5.weight.as_vec());
    let expected = number.forward(x.clone()).as_vec();
    assert_eq!(deep.forward(x.clone()).as_vec(), expected);
    assert_eq!(constant.forward(x).as_vec(), expected);
    assert_eq!(Deep::<0>::PARAMS, 4 * 6 + 6 + 6 * 2 + 2);
}

#[test]
fn dfdx_builds_converts_and_steps_them() {
    let dev = Cpu::default();
    let net = Deep::<2>::seeded(&dev, 4);
    let double = net.to_dtype::<f64>();
    assert_eq!(double.blocks[1].fc.bias.as_vec().len(), 6);
    let mut net = net;
    let before = net.blocks[0].fc.weight.as_vec();
    let mut adam = dfdx::optim::Adam::new(&net, dfdx::optim::AdamConfig::default());
    let x = dev.sample_normal_like(&(5, Const::<4>));
    let loss = net.forward_mut(x.leaky_trace()).square().mean();
    adam.update(&mut net, &loss.backward()).unwrap();
    assert_ne!(net.blocks[0].fc.weight.as_vec(), before);
}

#[test]
fn a_shared_network_has_one_set_of_parameters() {
    network! {
        struct Twins(left: [1, 8, 8], right: [1, 8, 8]) -> [1] {
            layer encoder: encoders::Encoder -> [32];
            let difference = (left => encoder) - (right => encoder);
            difference * difference => Linear<1>
        }
    }
    let dev = Cpu::default();
    let mut net = Twins::seeded(&dev, 1);
    assert_eq!(Twins::PARAMS, encoders::Encoder::PARAMS + 33);
    let folder = tempfile::tempdir().unwrap();
    net.save(folder.path().join("twins.safetensors")).unwrap();
    let x = dev.sample_normal_like(&(5, Const::<1>, Const::<8>, Const::<8>));
    let bias = net.linear_1.bias.as_vec();
    let same = net.forward((x.clone(), x.clone())).as_vec();
    assert!(same.iter().all(|y| (y - bias[0]).abs() < 1e-5), "{same:?}");
    // Gradients of both uses add up: swapping the inputs changes nothing.
    let y = dev.sample_normal_like(&(5, Const::<1>, Const::<8>, Const::<8>));
    type Images = Tensor<(usize, Const<1>, Const<8>, Const<8>), f32, Cpu>;
    let mut gradient = |a: Images, b: Images| {
        let loss = net.forward_mut((a.leaky_trace(), b)).square().mean();
        loss.backward().get(&net.encoder.fc.weight).as_vec()
    };
    let (one, other) = (gradient(x.clone(), y.clone()), gradient(y, x));
    assert!(one.iter().any(|g| *g != 0.0));
    assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-4), "{one:?} {other:?}");
}

mod sized {
    use netwright::prelude::*;

    network! {
        pub struct Trunk<Side: Size>([1, Side, Side]) -> [8] {
            conv: Conv2d<4, 3>, Relu, MaxPool2d<2>, Flatten, Linear<8>
        }
    }

    network! {
        pub struct Whole([1, 16, 16]) -> [2] { trunk: Trunk<netwright::typenum::U16> -> [8], Linear<2> }
    }

    network! {
        pub struct Generic<Side: Size>([1, Side, Side]) -> [2] { trunk: Trunk<Side> -> [8], Linear<2> }
    }
}

#[test]
fn networks_of_any_size_stand_in_others() {
    use netwright::typenum::{U8, U16};
    let dev = Cpu::default();
    assert_eq!(sized::Whole::PARAMS, sized::Generic::<U16>::PARAMS);
    assert_ne!(sized::Whole::PARAMS, sized::Generic::<U8>::PARAMS);
    let x: Tensor<(usize, Const<1>, Const<16>, Const<16>), f32, Cpu> =
        dev.sample_normal_like(&(3, Const, Const, Const));
    let whole = sized::Whole::seeded(&dev, 1);
    let generic = sized::Generic::<U16>::seeded(&dev, 1);
    let side = Num::<U16>::default();
    let same = x
        .clone()
        .try_realize()
        .ok()
        .map(|x: Tensor<(usize, Const<1>, Num<U16>, Num<U16>), _, _>| x);
    assert_eq!(side.size(), 16);
    let expected = whole.forward(x).as_vec();
    assert_eq!(generic.forward(same.unwrap()).as_vec(), expected);
    assert_eq!(whole.graph().nodes[0].name, "trunk.conv");
}
