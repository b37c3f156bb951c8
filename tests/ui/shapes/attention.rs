use netwright::prelude::*;

const WIDTH: usize = 10;

network! {
    struct Heads([7, 10]) -> [7, 10] {
        MultiHeadAttention<4>,
    }
}

network! {
    struct Named([7, WIDTH]) -> [7, WIDTH] {
        MultiHeadAttention<4>,
    }
}

network! {
    struct Memory(x: [7, 8], memory: [9, 6]) -> [7, 8] {
        (x, memory) => MultiHeadAttention<2>
    }
}

network! {
    struct Lengths(x: [7, 8], lengths: [usize; 7]) -> [7, 8] {
        (x, lengths) => MultiHeadAttention<2>
    }
}

network! {
    struct Causal(x: [7, 8], memory: [9, 8]) -> [7, 8] {
        (x, memory) => MultiHeadAttention<2, causal = true>
    }
}

network! {
    struct Odd([7, 12]) -> [7, 12] {
        MultiHeadAttention<4, rotary = true>,
    }
}

network! {
    struct OddLayer([7, 6]) -> [7, 6] {
        TransformerEncoder<2, 2, 16, rotary = true>,
    }
}

network! {
    struct Turned(x: [7, 8], memory: [9, 8]) -> [7, 8] {
        (x, memory) => MultiHeadAttention<2, rotary = true>
    }
}

fn main() {}
