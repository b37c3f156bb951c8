use netwright::prelude::*;

network! {
    struct UNet(image: [1, 30, 30]) -> [1, 30, 30] {
        let full = image => Conv2d<8, 3, padding = 1>, Relu;
        let half = full => MaxPool2d<2>, Conv2d<16, 3, padding = 1>, Relu;
        let deepest = half => MaxPool2d<2>, Conv2d<32, 3, padding = 1>, Relu;
        let up_half = concat(half, (deepest => ConvTranspose2d<16, 2, stride = 2>))
            => Conv2d<16, 3, padding = 1>, Relu;
        concat(full, (up_half => ConvTranspose2d<8, 2, stride = 2>)) => mask: Conv2d<1, 1>
    }
}

fn main() {
    let device = Cpu::default();
    let net = UNet::seeded(&device, 0);
    let x: Tensor<Rank3<1, 30, 30>, f32, _> = device.zeros();
    println!("{:?} {:?}", net.forward(x).as_vec(), net.mask.weight.array());
}
