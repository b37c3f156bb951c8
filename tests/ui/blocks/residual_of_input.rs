use netwright::prelude::*;

network! {
    struct Net(image: [8]) -> [10] {
        Residual { Linear<4>, Relu },
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
