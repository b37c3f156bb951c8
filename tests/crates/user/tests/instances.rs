//! Two instances of another crate's network, each with its own types, graph and numbers.

use netwright_test_blocks::netwright::prelude::*;
use netwright_test_blocks::netwright::typenum::{U1, U2, U4, U7, U8, U12, U28};
use netwright_test_blocks::vision::Encoder as Halved;

type Digits = Halved<U1, U28>;

const _: () = assert!(Digits::PARAMS == 9 * 2 + 2 + 9 * 8 + 4);

/// Generic over the instance, without naming a bound of the library's.
fn halved<Channels: Size, Side: Size>(
    net: &Halved<Channels, Side>,
    image: Tensor<(Num<Channels>, Num<Side>, Num<Side>), f32, Cpu>,
) -> Vec<f32> {
    net.forward(image).as_vec()
}

#[test]
fn each_instance_has_its_own_sizes() {
    let device = Cpu::default();
    let digits = Digits::seeded(&device, 1);
    let image = device.sample_normal_like(&(5, Num::default(), Num::default(), Num::default()));
    let map: Tensor<(usize, Num<U4>, Num<U7>, Num<U7>), f32, Cpu> = digits.forward(image);
    assert_eq!(map.shape().0, 5);
    let wide = Halved::<U2, U12>::seeded(&device, 1);
    let weight: &Tensor<(Num<U8>, Num<U4>, Const<3>, Const<3>), f32, Cpu> = &wide.deep.weight;
    assert_eq!(weight.as_vec().len(), 8 * 4 * 9);
    assert_eq!(Halved::<U2, U12>::GRAPH.nodes[5].shape, [8, 3, 3]);
    let image = device.sample_normal();
    assert_eq!(halved(&wide, image).len(), 8 * 9);
}
