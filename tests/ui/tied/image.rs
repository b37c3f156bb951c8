use netwright::prelude::*;

network! {
    struct Net([3, 8, 8]) -> [4] {
        conv: Conv2d<4, 3>, Flatten,
        fc: Linear<4, weight = conv>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    println!("{:?}", net.fc.bias.as_vec());
}
