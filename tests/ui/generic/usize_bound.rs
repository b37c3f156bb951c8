use netwright::prelude::*;

network! {
    struct Net<N: usize>([N]) {
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<5>::seeded(&device, 0);
    println!("{:?}", net.fc.bias.array());
}
