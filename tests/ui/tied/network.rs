use netwright::prelude::*;

network! {
    struct Words([usize; 5]) -> [5, 8] { words: Embedding<100, 8> }
}

network! {
    struct Net([usize; 5]) -> [5, 100] {
        inner: Words -> [5, 8],
        decoder: Linear<100, weight = inner>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    println!("{:?}", net.decoder.bias.as_vec());
}
