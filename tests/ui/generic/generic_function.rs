use netwright::prelude::*;
use netwright::typenum::U8;

network! {
    struct Net<Side: Size>([4, Side, Side]) {
        MaxPool2d<2>, conv: Conv2d<4, 1>,
    }
}

fn new<Side: Size>() -> Net<Side> {
    Net::seeded(&Cpu::default(), 0)
}

fn main() {
    println!("{:?}", new::<U8>().conv.bias.array());
}
