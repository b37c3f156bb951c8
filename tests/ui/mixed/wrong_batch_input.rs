use netwright::prelude::*;

network! {
    struct Net([8]) -> [10] {
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<(usize, Const<9>), f32, _> = device.zeros_like(&(2, Const));
    println!("{:?}", net.forward(x).as_vec());
}
