use netwright::prelude::*;

const WIDTH: usize = 9;

network! {
    struct Net([8]) -> [10] {
        Residual { Linear<WIDTH> },
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
