use netwright::prelude::*;
use netwright::typenum::{U3, U8};

network! {
    struct Net<Side: Size>([4, Side, Side]) -> [10] {
        MaxPool2d<4>, Flatten, Linear<10>,
    }
}

const _: () = assert!(Net::<U8>::PARAMS < 200);
const _: () = assert!(Net::<U3>::PARAMS < 200);

fn main() {}
