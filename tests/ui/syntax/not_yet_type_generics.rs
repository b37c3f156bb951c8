use netwright::prelude::*;

struct U32;

network! {
    struct Vgg<Side: Size>([3, Side, Side]) -> [10] {
        Flatten,
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Vgg::<U32>::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    println!("{:?} {:?}", net.forward(x).array(), net.fc.weight.array());
}
