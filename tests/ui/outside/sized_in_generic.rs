use netwright::prelude::*;
use netwright::typenum::*;

network! {
    struct Trunk<Side: Size>([1, Side, Side]) -> [8] {
        Conv2d<4, 3>, Relu, Flatten, Linear<8>
    }
}

network! {
    struct Net<Side: Size>([1, Side, Side]) -> [10] {
        trunk: Trunk<Side> -> [8],
        Linear<10>,
    }
}

fn main() {
    let net = Net::<U2>::seeded(&Cpu::default(), 1);
    println!("{}", net.linear_1.bias.as_vec().len());
}
