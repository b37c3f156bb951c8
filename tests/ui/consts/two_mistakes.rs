use netwright::prelude::*;

const GROUPS: usize = 2;
const KERNEL: usize = 8;

network! {
    struct Net([3, 32, 32]) -> [10] {
        Conv2d<8, 3, groups = GROUPS>,
        Conv2d<8, 3>,
        MaxPool2d<KERNEL>, MaxPool2d<KERNEL>, MaxPool2d<KERNEL>,
        Flatten, fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
