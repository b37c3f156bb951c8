use netwright::prelude::*;
use netwright::typenum::{U12, U13};

network! {
    struct Net<Side: Size>(image: [3, Side, Side]) {
        Residual { MaxPool2d<2>, last: Conv2d<3, 3, padding = 1>, Upsample2d<2> },
    }
}

fn main() {
    let device = Cpu::default();
    let right = Net::<U12>::seeded(&device, 0);
    let wrong = Net::<U13>::try_seeded(&device, 0).unwrap();
    let y = wrong.forward(device.zeros::<(Const<3>, Num<U13>, Num<U13>)>());
    println!("{:?} {:?}", y.as_vec(), right.last.weight.as_vec());
}
