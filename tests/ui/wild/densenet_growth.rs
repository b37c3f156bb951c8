use netwright::prelude::*;

network! {
    struct DenseNet(image: [3, 32, 32]) -> [36, 32, 32] {
        let start = image => stem: Conv2d<12, 3, padding = 1>;
        let found = concat(start, (start => BatchNorm2d, Relu, Conv2d<12, 3, padding = 1>));
        let more = concat(found, (found => BatchNorm2d, Relu, Conv2d<12, 3, stride = 2, padding = 1>));
        more => Relu
    }
}

fn main() {
    let device = Cpu::default();
    let net = DenseNet::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    println!("{:?} {:?}", net.forward(x).as_vec(), net.stem.weight.array());
}
