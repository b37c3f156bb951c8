use netwright::prelude::*;

network! {
    struct Net<const DEPTH: usize>([8]) -> [10] {
        Repeat<DEPTH> { Linear<8>, Relu },
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<3>::seeded(&device, 0);
    let x: Tensor<Rank1<8>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
