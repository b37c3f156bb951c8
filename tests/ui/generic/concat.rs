use netwright::prelude::*;
use netwright::typenum::U13;

network! {
    struct Unet<Side: Size>(image: [3, Side, Side]) -> [1, Side, Side] {
        let low = image => MaxPool2d<2>, Conv2d<8, 3, padding = same>, Upsample2d<2>;
        concat(image, low) => last: Conv2d<1, 1>
    }
}

fn main() {
    let device = Cpu::default();
    let net = Unet::<U13>::seeded(&device, 0);
    let y = net.forward(device.zeros::<(Const<3>, Num<U13>, Num<U13>)>());
    println!("{:?} {:?}", y.as_vec(), net.last.weight.as_vec());
}
