use netwright::prelude::*;
use netwright::typenum::U6;

network! {
    struct Net<Width: Size>([Width, 8, 8]) {
        wide: Conv2d<{ 3 * Width }, 3>, Relu,
        grouped: Conv2d<8, 3, groups = 4>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U6>::seeded(&device, 0);
    let y = net.forward(device.zeros::<(Num<U6>, Const<8>, Const<8>)>());
    println!("{:?} {:?}", y.as_vec(), net.grouped.weight.as_vec());
}
