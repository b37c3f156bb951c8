use netwright::prelude::*;

network! {
    struct UNet(image: [1, 32, 32]) -> [1, 32, 32] {
        let full = image => Conv2d<8, 3, padding = 1>, Relu;
        let half = full => MaxPool2d<2>, Conv2d<16, 3, padding = 1>, Relu;
        full + (half => Upsample2d<2>) => mask: Conv2d<1, 1>
    }
}

fn main() {
    let device = Cpu::default();
    let net = UNet::seeded(&device, 0);
    let x: Tensor<Rank3<1, 32, 32>, f32, _> = device.zeros();
    println!("{:?} {:?}", net.forward(x).as_vec(), net.mask.weight.array());
}
