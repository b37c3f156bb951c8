use netwright::prelude::*;

network! {
    struct Encoder([1, 8, 8]) -> [32] { Flaten, Linear<32> }
}

network! {
    struct Net([1, 8, 8]) -> [10] {
        encoder: Encoder -> [32],
        Linear<10>,
    }
}

fn main() {
    let net = Net::seeded(&Cpu::default(), 1);
    let _ = net.forward(Cpu::default().sample_normal_like(&(2, Const::<1>, Const::<8>, Const::<8>)));
}
