use netwright::prelude::*;
use netwright::typenum::U5;

network! {
    struct Net<Features>([Features]) {
        fc: Linear<{ 2 * Features }>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U5>::seeded(&device, 0);
    let y = net.forward(device.zeros::<(Num<U5>,)>());
    println!("{:?} {:?}", y.as_vec(), net.fc.bias.as_vec());
}
