use netwright::prelude::*;

network! {
    struct Flat([12]) -> [2] {
        Lstm<8, output = last>, Linear<2>,
    }
}

network! {
    struct Image([3, 8, 8]) -> [7] {
        Gru<7, output = last>,
    }
}

network! {
    struct Both([5, 3]) -> [5, 4] {
        Rnn<2, bidirectional = true, reverse = true>,
    }
}

network! {
    struct Words([5, 3]) -> [5, 4] {
        Lstm<4, output = end>,
    }
}

fn main() {
    let device = Cpu::default();
    let _ = Flat::seeded(&device, 0);
    let _ = Image::seeded(&device, 0);
    let _ = Both::seeded(&device, 0);
    let _ = Words::seeded(&device, 0);
}
