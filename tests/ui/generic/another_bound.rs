use netwright::prelude::*;
use netwright::typenum::{U5, Unsigned};

network! {
    struct Net<Features: Unsigned>([Features]) {
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U5>::seeded(&device, U5::USIZE as u64);
    println!("{:?}", net.fc.bias.array());
}
