use netwright::prelude::*;

network! {
    struct DenseNet(image: [3, 32, 32]) -> [36, 32, 32] {
        let start = image => stem: Conv2d<12, 3, padding = 1>;
        let found_1 = start => BatchNorm2d, Relu, Conv2d<12, 3, padding = 1>;
        let found_2 = concat(start, found_1, axis = 1)
            => BatchNorm2d, Relu, Conv2d<12, 3, padding = 1>;
        concat(start, found_1, found_2)
    }
}

fn main() {
    let device = Cpu::default();
    let net = DenseNet::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    println!("{:?} {:?}", net.forward(x).as_vec(), net.stem.weight.array());
}
