use netwright::prelude::*;
use netwright::typenum::U5;

network! {
    struct Net<Features: Size = U5>([Features]) {
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U5>::seeded(&device, 0);
    println!("{:?}", net.fc.bias.array());
}
