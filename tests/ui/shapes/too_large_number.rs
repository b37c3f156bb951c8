use netwright::prelude::*;

network! {
    struct Net([24]) -> [10] {
        Reshape<[1, 3, 8]>,
        Conv2d<18446744073709551615, 1>, Flatten,
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank1<24>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
