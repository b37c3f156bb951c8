//! Two instances of another crate's network, each with its own types, graph and numbers.

use netwright_test_blocks::netwright::prelude::*;
use netwright_test_blocks::netwright::typenum::{U1, U2, U4, U7, U8, U12, U28};
use netwright_test_blocks::vision::Encoder as Halved;

type Digits = Halved<U1, U28>;

/// Axes, of which a tensor has some.
type Image<Channels, Side> = (Num<Channels>, Num<Side>, Num<Side>);
type Images<Channels, Side> = (usize, Num<Channels>, Num<Side>, Num<Side>);
type Weight<Out, In> = (Num<Out>, Num<In>, Const<3>, Const<3>);

const _: () = assert!(Digits::PARAMS == 9 * 2 + 2 + 9 * 8 + 4);

/// Generic over the instance, without naming a bound of the library's.
fn halved<Channels: Size, Side: Size>(
    net: &Halved<Channels, Side>,
    image: Tensor<Image<Channels, Side>, f32, Cpu>,
) -> Vec<f32> {
    net.forward(image).as_vec()
}

#[test]
fn each_instance_has_its_own_sizes() {
    let device = Cpu::default();
    let digits = Digits::seeded(&device, 1);
    let image = device.sample_normal_like(&(5, Num::default(), Num::default(), Num::default()));
    let map: Tensor<Images<U4, U7>, f32, Cpu> = digits.forward(image);
    assert_eq!(map.shape().0, 5);
    let wide = Halved::<U2, U12>::seeded(&device, 1);
    let weight: &Tensor<Weight<U8, U4>, f32, Cpu> = &wide.deep.weight;
    assert_eq!(weight.as_vec().len(), 8 * 4 * 9);
    assert_eq!(Halved::<U2, U12>::GRAPH.nodes[5].shape, [8, 3, 3]);
    let image = device.sample_normal();
    assert_eq!(halved(&wide, image).len(), 8 * 9);
}
