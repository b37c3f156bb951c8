use netwright::prelude::*;

network! {
    struct Net([12, 8, 8]) -> [8, 16, 16] {
        up: ConvTranspose2d<8, 2, stride = 2, groups = 3>,
    }
}

fn main() {
    let device = Cpu::default();
    let mut net = Net::seeded(&device, 42);
    let images = device.zeros_like(&(16, Const::<12>, Const::<8>, Const::<8>));
    let larger: Tensor<(usize, Const<8>, Const<16>, Const<16>), f32, Cpu> = net.forward(images);
    net.up.bias = device.zeros();
    println!("{:?}", larger.as_vec());
}
