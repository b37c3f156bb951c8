use netwright::prelude::*;

network! {
    struct Net(image: [3, 32, 32]) {
        let low = image => Flatten;
        (low, (low => fc: Linear<10>))
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let out = net.forward(x);
    println!("{:?} {:?}", out.boxes.array(), out.class.array());
}
