use netwright::prelude::*;

network! {
    struct Generator(noise: [64]) -> [1, 28, 28] {
        start: Linear<1500>, Reshape<[32, 7, 7]>, Relu,
        ConvTranspose2d<16, 4, stride = 2, padding = 1>, BatchNorm2d, Relu,
        ConvTranspose2d<1, 4, stride = 2, padding = 1>, Tanh,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Generator::seeded(&device, 0);
    let noise: Tensor<Rank1<64>, f32, _> = device.sample_normal();
    println!("{:?} {:?}", net.forward(noise).as_vec(), net.start.weight.array());
}
