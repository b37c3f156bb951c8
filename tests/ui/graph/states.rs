use netwright::prelude::*;

network! {
    struct Names(x: [7, 3]) -> [8] {
        let (steps, h) = x => Lstm<8>;
        concat((steps => Mean<axis = 0>), h)
    }
}

network! {
    struct Unused(x: [7, 3]) -> [8] {
        let (steps, h, c) = x => Lstm<8>;
        h
    }
}

network! {
    struct Memory(x: [7, 3], h: [8]) -> [7, 8] {
        (x, h) => Lstm<8>
    }
}

network! {
    struct Width(x: [7, 3], h: [7]) -> [7, 8] {
        (x, h) => Gru<8>
    }
}

network! {
    struct Many(x: [7, 3], h: [8], c: [8]) -> [7, 8] {
        (x, h, c) => Gru<8>
    }
}

network! {
    struct Kind(x: [7, 3], h: [usize; 8]) -> [7, 8] {
        (x, h) => Gru<8>
    }
}

network! {
    struct Block(x: [7, 3], h: [8]) -> [7, 8] {
        let (a, b) = (x, h) => Residual { Relu };
        a + b
    }
}

const DEPTH: usize = 2;

network! {
    struct Depth([7, 3]) -> [7, 8] {
        Gru<8, layers = DEPTH>,
    }
}

network! {
    struct Between([7, 3]) -> [7, 8] {
        Lstm<8>(dropout = 0.5),
    }
}

fn main() {
    let device = Cpu::default();
    let _ = Names::seeded(&device, 0);
    let _ = Unused::seeded(&device, 0);
    let _ = Memory::seeded(&device, 0);
    let _ = Width::seeded(&device, 0);
    let _ = Many::seeded(&device, 0);
    let _ = Kind::seeded(&device, 0);
    let _ = Block::seeded(&device, 0);
    let _ = Depth::seeded(&device, 0);
    let _ = Between::seeded(&device, 0);
}
