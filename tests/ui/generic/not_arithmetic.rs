use netwright::prelude::*;
use netwright::typenum::U5;

network! {
    struct Net<Features: Size>([Features]) {
        fc: Linear<{ Features.next_power_of_two() }>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U5>::seeded(&device, 0);
    println!("{:?}", net.fc.bias.as_vec());
}
