//! A strict crate that declares networks: no lint fires at what `network!` generates, whatever the
//! form of the declaration.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    unused_braces,
    unused_parens,
    clippy::all
)]
#![forbid(unsafe_code)]

use netwright::prelude::*;
use netwright::typenum::{U3, U8};

const SIDE: usize = 4;

mod cfg {
    pub(crate) const WIDTH: usize = 5;
}

network! {
    /// Blocks in blocks, expressions, paths, stated shapes and repeated layers.
    pub(crate) struct Blocks([3, SIDE, { 2 * SIDE }]) -> ([{ cfg::WIDTH + 1 }]) {
        stem: Conv2d<8, 3, padding = same> -> [8, SIDE, { 2 * SIDE }],
        Residual {
            Repeat<2> { conv: Conv2d<8, (3, 1), padding = (1, 0)>, Relu },
            Parallel { { Conv2d<3, 1> }, { Residual { Relu }, Conv2d<cfg::WIDTH, 1> } },
        } skip { Conv2d<8, 1, bias = false> },
        Flatten,
        r#type: Linear<{ let mut n = cfg::WIDTH; n += 5; n }>,
        Linear<{ cfg::WIDTH + 1 }>,
    }

    /// The second of one invocation, generic in two sizes.
    #[derive(Debug)]
    pub struct Generic<const IN: usize, const OUT: usize>(pixels: [IN]) -> (logits: [OUT]) {
        Linear<8>, Relu,
        Linear<OUT>,
    }

    /// Generic in a size that is a type.
    pub struct Typed<Side: Size, const OUT: usize>([3, Side, SIDE]) -> [OUT] {
        Residual { Conv2d<3, 3, padding = 1>, Relu },
        MaxPool2d<2>, Flatten,
        Linear<{ 2 * Side - SIDE }>, Relu,
        Linear<OUT>,
    }

    struct Plain([2]) { Linear<1> }
}

/// A module of its own for names that could collide.
pub mod other {
    use netwright::prelude::*;

    network! {
        /// Same name as the one outside, const generics with the names of the type parameters.
        pub struct Plain<const E: usize, const D: usize>([E]) -> [D] { Linear<D> }
    }
    network! {
        /// Sizes that are types with such names.
        pub struct Typed<E: Size, D: Size>([E]) -> [D] { Linear<D> }
    }
    network! {
        /// Indices and nothing trained.
        pub struct Other([3]) { Relu }
    }
}

#[test]
fn every_form_compiles() {
    let device = Cpu::default();
    let blocks = Blocks::seeded(&device, 0);
    assert_eq!(blocks.r#type.bias.shape(), &(Const::<10>,));
    assert_eq!(blocks.conv_2.weight.shape(), &(Const::<8>, Const::<8>, Const::<3>, Const::<1>));
    let generic = Generic::<3, 2>::seeded(&device, 0);
    assert_eq!(generic.forward(device.zeros::<Rank1<3>>()).shape(), &(Const::<2>,));
    let plain = Plain::seeded(&device, 0);
    assert_eq!(plain.forward(device.zeros::<Rank1<2>>()).shape(), &(Const::<1>,));
    let same = other::Plain::<4, 3>::seeded(&device, 0);
    assert_eq!(same.forward(device.zeros::<Rank1<4>>()).shape(), &(Const::<3>,));
    let typed = Typed::<U8, 2>::seeded(&device, 0);
    assert_eq!(typed.linear_1.bias.shape().0.size(), 12);
    let typed = other::Typed::<U8, U3>::seeded(&device, 0);
    assert_eq!(typed.linear_1.weight.as_vec().len(), 24);
    let other = other::Other::seeded(&device, 0);
    assert_eq!(other.forward(device.ones::<Rank1<3>>()).array(), [1.0; 3]);
}

#[test]
fn a_network_inside_a_function() {
    network! {
        struct Plain([2]) -> [{ 1 + 2 }] { Linear<3> }
    }
    assert_eq!(Plain::PARAMS, 9);
}
