use netwright::prelude::*;
use netwright::typenum::U8;

network! {
    struct Net<Side: Size>([4, Side, Side]) {
        Residual { conv: Conv2d<4, 3>, Relu },
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U8>::seeded(&device, 0);
    let y = net.forward(device.zeros::<(Const<4>, Num<U8>, Num<U8>)>());
    println!("{:?} {:?}", y.as_vec(), net.conv.bias.as_vec());
}
