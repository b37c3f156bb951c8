use netwright::prelude::*;

network! {
    struct Yolo(image: [3, 64, 64]) -> (large: [18, 8, 8], small: [18, 16, 16]) {
        let fine = image => stem: Conv2d<16, 3, stride = 4, padding = 1>, LeakyRelu(0.1);
        let coarse = fine => Conv2d<32, 3, stride = 2, padding = 1>, LeakyRelu(0.1);
        let large = coarse => Conv2d<18, 1>;
        let small = concat((coarse => Conv2d<8, 1>, LeakyRelu(0.1)), fine) => Conv2d<18, 1>;
        (large, small)
    }
}

fn main() {
    let device = Cpu::default();
    let net = Yolo::seeded(&device, 0);
    let x: Tensor<Rank3<3, 64, 64>, f32, _> = device.zeros();
    let found = net.forward(x);
    println!("{:?} {:?}", found.large.as_vec(), found.small.as_vec());
}
