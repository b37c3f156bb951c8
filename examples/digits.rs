//! probe
use netwright::prelude::*;
network! {
    /// A net.
    pub struct Cifar10([3, 32, 32]) -> [10] {
        Conv2d<32, 3>, Relu,
        Conv2d<16, 3, padding = same>, Relu,
        Residual { Conv2d<16, 3, padding = 1> },
        Parallel { { Conv2d<3, 1> }, { Relu } },
        Flatten,
        out: Linear<10>,
    }
}
const SIDE: usize = 12;
network! {
    struct Named<const C: usize>([3, SIDE, {2 * SIDE}]) -> [C] {
        Conv2d<32, 3>, Relu, Conv2d<16, 3, stride = 2>, Flatten, Linear<C>,
    }
}
const _: () = assert!(Cifar10::PARAMS < 500_000);
fn main() {
    let dev = Cpu::default();
    let mut net = Cifar10::seeded(&dev, 42);
    println!("{:?} {}", net, Cifar10::PARAMS);
    let x: Tensor<Rank4<2, 3, 32, 32>, f32, _> = dev.sample_normal();
    let y = net.forward(x.clone());
    println!("{:?}", y.array());
    let one: Tensor<Rank3<3, 32, 32>, f32, _> = dev.sample_normal();
    println!("{:?}", net.forward(one).array());
    let grads = net.alloc_grads();
    let loss = net.forward_mut(x.traced(grads)).square().mean();
    println!("{}", loss.array());
    let grads = loss.backward();
    println!("{:?}", grads.get(&net.out.bias).array());
    let named = Named::<5>::seeded(&dev, 1);
    let x = dev.zeros_like(&(7, Const::<3>, Const::<12>, Const::<24>));
    println!("{:?} {}", named.forward(x).as_vec(), Named::<5>::PARAMS);
}
