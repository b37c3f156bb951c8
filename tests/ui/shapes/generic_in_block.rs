use netwright::prelude::*;

network! {
    struct Net<const CLASSES: usize>([3, 32, 32]) {
        Flatten,
        fc: Linear<{ 2 * CLASSES }>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<5>::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
