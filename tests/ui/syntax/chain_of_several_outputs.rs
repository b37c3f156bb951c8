use netwright::prelude::*;

network! {
    struct Net([3, 32, 32]) -> (boxes: [4], class: [10]) {
        Flatten,
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let (boxes, class) = net.forward(x);
    println!("{:?} {:?}", boxes.array(), class.array());
}
