use netwright::prelude::*;

network! {
    struct Net(image: [3, 32, 32], meta: [8]) -> [10] {
        image => Flatten, fc: Linear<10>
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let y = net.forward((x, device.zeros::<Rank1<8>>()));
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
