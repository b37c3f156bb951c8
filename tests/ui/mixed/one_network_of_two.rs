use netwright::prelude::*;

network! {
    struct Good([8]) -> [2] { fc: Linear<2> }
    struct Net([8]) -> [10] { fc: Linear<10, bais = false> }
}

const _: () = assert!(Good::PARAMS == 18);

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank1<8>, f32, _> = device.zeros();
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
