use netwright::prelude::*;

network! {
    struct Inception(x: [192, 28, 28]) -> [256, 28, 28] {
        let ones = x => one: Conv2d<64, 1>, Relu;
        let threes = x => Conv2d<96, 1>, Relu, Conv2d<128, 3, padding = same>, Relu;
        let fives = x => Conv2d<16, 1>, Relu, Conv2d<32, 5, padding = same>, Relu;
        let pooled = x => MaxPool2d<3, padding = 1>, Conv2d<32, 1>, Relu;
        concat(ones, threes, fives, pooled)
    }
}

fn main() {
    let device = Cpu::default();
    let net = Inception::seeded(&device, 0);
    let x: Tensor<Rank3<192, 28, 28>, f32, _> = device.zeros();
    println!("{:?} {:?}", net.forward(x).as_vec(), net.one.weight.array());
}
