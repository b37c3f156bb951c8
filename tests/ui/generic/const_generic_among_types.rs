use netwright::prelude::*;
use netwright::typenum::U5;

network! {
    struct Net<const CHANNELS: usize, Side: Size>([3, Side, Side]) -> [10] {
        Conv2d<CHANNELS, 1>,
        Flatten,
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<8, U5>::seeded(&device, 0);
    println!("{:?}", net.fc.bias.array());
}
