use netwright::prelude::*;

network! {
    struct Net([8]) -> [10] { fc: Linear<10> }
    struct Net([4]) -> [2] { fc: Linear<2> }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank1<8>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
