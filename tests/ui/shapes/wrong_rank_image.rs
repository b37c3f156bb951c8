use netwright::prelude::*;

network! {
    struct Net([28, 28]) -> [10] {
        Conv2d<4, 3>,
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank2<28, 28>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
