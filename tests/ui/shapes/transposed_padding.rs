use netwright::prelude::*;

network! {
    struct Net([1, 8, 8]) -> [1, 8, 8] {
        Conv2d<16, 3, stride = 4, padding = 1>, Relu,
        up: ConvTranspose2d<1, 3, padding = 2>,
    }
}

fn main() {
    let device = Cpu::default();
    let mut net = Net::seeded(&device, 42);
    let images = device.zeros_like(&(16, Const::<1>, Const::<8>, Const::<8>));
    let again: Tensor<(usize, Const<1>, Const<8>, Const<8>), f32, Cpu> = net.forward(images);
    net.up.bias = device.zeros();
    println!("{:?}", again.as_vec());
}
