use netwright::prelude::*;
use netwright::typenum::{U5, U6};

network! {
    struct Net<Left: Size, Right: Size>(left: [Left], right: [Right]) -> [10] {
        left + right => fc: Linear<10>
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<U5, U6, f64, Cpu>::init(&device, 0).unwrap();
    let (a, b) = (device.zeros::<(Num<U5>,)>(), device.zeros::<(Num<U6>,)>());
    println!("{:?} {:?}", net.forward((a, b)).as_vec(), net.fc.weight.as_vec());
}
