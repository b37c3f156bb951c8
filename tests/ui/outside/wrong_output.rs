use netwright::prelude::*;

network! {
    struct Encoder([1, 8, 8]) -> [32] { Flatten, Linear<32> }
}

network! {
    struct Net([4, 8, 8]) -> [10] {
        Conv2d<1, 1>,
        encoder: Encoder -> [64],
        Linear<10>,
    }
}

fn main() {
    let net = Net::seeded(&Cpu::default(), 1);
    let _ = net.forward(Cpu::default().sample_normal_like(&(2, Const::<4>, Const::<8>, Const::<8>)));
}
