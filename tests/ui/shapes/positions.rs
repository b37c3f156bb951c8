use netwright::prelude::*;

network! {
    struct Flat([12]) -> [12] {
        PositionalEncoding,
    }
}

network! {
    struct Image([3, 8, 8]) -> [3, 8, 8] {
        PositionalEncoding<learned = true>,
    }
}

fn main() {
    let device = Cpu::default();
    let _ = Flat::seeded(&device, 0);
    let _ = Image::seeded(&device, 0);
}
