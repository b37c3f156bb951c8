use netwright::prelude::*;

const DEPTH: usize = 2;
const WIDTH: usize = 12;

network! {
    struct Heads([7, 12]) -> [7, 12] {
        TransformerEncoder<2, 5, 16>,
    }
}

network! {
    struct Const([7, WIDTH]) -> [7, WIDTH] {
        TransformerEncoder<2, 5, 16>,
    }
}

network! {
    struct Depth([7, 12]) -> [7, 12] {
        TransformerEncoder<DEPTH, 4, 16>,
    }
}

network! {
    struct Alone([7, 12]) -> [7, 12] {
        TransformerDecoder<2, 4, 16>,
    }
}

network! {
    struct Narrow(x: [7, 12], memory: [9, 8]) -> [7, 12] {
        (x, memory) => TransformerDecoder<2, 4, 16>
    }
}

network! {
    struct Activation([7, 12]) -> [7, 12] {
        TransformerEncoder<2, 4, 16, activation = tanh>(dropout = 1.5),
    }
}

fn main() {
    let device = Cpu::default();
    let _ = Heads::seeded(&device, 0);
    let _ = Const::seeded(&device, 0);
    let _ = Depth::seeded(&device, 0);
    let _ = Alone::seeded(&device, 0);
    let _ = Narrow::seeded(&device, 0);
    let _ = Activation::seeded(&device, 0);
}
