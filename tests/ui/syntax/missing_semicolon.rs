use netwright::prelude::*;

network! {
    struct Net(image: [3, 32, 32]) -> [16, 30, 30] {
        let low = image => Conv2d<16, 3>, Relu
        let high = low => Conv2d<16, 3, padding = 1>;
        low + high
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.conv2d_1.weight.array());
}
