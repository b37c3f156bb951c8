use netwright::prelude::*;

network! {
    struct DenseNet([3, 32, 32]) -> [24, 32, 32] {
        stem: Conv2d<12, 3, padding = 1>,
        Parallel { {}, { BatchNorm2d, Relu, Conv2d<12, 3, padding = 1> } },
    }
}

fn main() {
    let device = Cpu::default();
    let net = DenseNet::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    println!("{:?} {:?}", net.forward(x).as_vec(), net.stem.weight.array());
}
