use netwright::prelude::*;
use netwright::typenum::{U8, U9};

network! {
    struct Net<Width: Size>([5, 8]) -> [5, Width] {
        first: Linear<8>, Tanh, last: Linear<Width, weight = first>,
    }
}

fn main() {
    let device = Cpu::default();
    let right = Net::<U8>::seeded(&device, 0);
    let wrong = Net::<U9>::seeded(&device, 0);
    println!("{:?} {:?}", right.last.bias.as_vec(), wrong.last.bias.as_vec());
}
