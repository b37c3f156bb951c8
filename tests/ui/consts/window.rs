use netwright::prelude::*;

const SIDE: usize = 4;
const KERNEL: usize = 5;

network! {
    struct Net([3, SIDE, SIDE]) -> [10] {
        Conv2d<8, KERNEL>, Relu,
        MaxPool2d<2>, Flatten,
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank3<3, SIDE, SIDE>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
