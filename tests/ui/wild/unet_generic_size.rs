use netwright::prelude::*;
use netwright::typenum::U30;

network! {
    struct UNet<Side: Size>(image: [1, Side, Side]) -> [1, Side, Side] {
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
    let net = UNet::<U30>::seeded(&device, 0);
    let image = device.sample_normal::<(Const<1>, Num<U30>, Num<U30>)>();
    println!("{:?} {:?}", net.forward(image).as_vec(), net.mask.weight.array());
}
