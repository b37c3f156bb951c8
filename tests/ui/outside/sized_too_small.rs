use netwright::prelude::*;
use netwright::typenum::*;

network! {
    struct Trunk<Side: Size>([1, Side, Side]) -> [8] {
        Conv2d<4, 3>, Relu, Flatten, Linear<8>
    }
}

network! {
    struct Net([1, 2, 2]) -> [10] {
        trunk: Trunk<U2> -> [8],
        Linear<10>,
    }
}

fn main() {
    let net = Net::seeded(&Cpu::default(), 1);
    let _ = net.forward(Cpu::default().sample_normal_like(&(2, Const::<1>, Const::<2>, Const::<2>)));
}
