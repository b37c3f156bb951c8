use netwright::prelude::*;
use netwright::typenum::U5;

network! {
    struct Net<Features: Size>([Features]) -> [10] {
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U5>::seeded(&device, 0);
    let y = net.forward(device.zeros::<Rank1<5>>());
    println!("{:?}", y.array());
}
