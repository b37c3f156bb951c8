use netwright::prelude::*;

network! {
    struct Net([8, 7, 7]) -> [4, 15, 15] {
        up: ConvTranspose2d<4, 3, stride = 2, output_padding = 2>,
    }
}

fn main() {
    let device = Cpu::default();
    let mut net = Net::seeded(&device, 42);
    let images = device.zeros_like(&(16, Const::<8>, Const::<7>, Const::<7>));
    let larger: Tensor<(usize, Const<4>, Const<15>, Const<15>), f32, Cpu> = net.forward(images);
    net.up.bias = device.zeros();
    println!("{:?}", larger.as_vec());
}
