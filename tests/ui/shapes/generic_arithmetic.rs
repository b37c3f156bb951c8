use netwright::prelude::*;

network! {
    struct Net<const SIDE: usize>([3, SIDE, SIDE]) -> [10] {
        Conv2d<8, 3>,
        Flatten, fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<32>::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
