use netwright::prelude::*;

network! {
    struct Net([3, 32, 32]) -> [10] {
        Flatten, GaussianNoise(-0.1),
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
