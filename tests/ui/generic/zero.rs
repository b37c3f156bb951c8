use netwright::prelude::*;
use netwright::typenum::U0;

network! {
    struct Net<Features: Size>([Features]) -> [10] {
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U0>::seeded(&device, 0);
    println!("{:?} {:?}", net.forward(device.zeros::<(Num<U0>,)>()), net.fc.weight);
}
