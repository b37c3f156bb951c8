//! Networks as layers of networks.

#![allow(clippy::unwrap_used)]

use netwright::prelude::*;

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

use netwright_core::spec::graph::Graph;

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
