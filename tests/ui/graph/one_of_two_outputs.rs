use netwright::prelude::*;

network! {
    struct Net(image: [3, 32, 32]) -> (boxes: [4], class: [10]) {
        let low = image => Flatten;
        ((low => Linear<4>), (low => Linear<12>))
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank3<3, 32, 32>, f32, _> = device.zeros();
    let out = net.forward(x);
    println!("{:?} {:?}", out.boxes.array(), out.class.array());
}
