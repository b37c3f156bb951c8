use netwright::prelude::*;

network! {
    struct Half([8]) -> [4] { Linear<4>, Relu }
}

const DEPTH: usize = 3;

network! {
    struct Net([8]) -> [10] {
        Repeat<DEPTH> { Half -> [4] },
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank1<8>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
