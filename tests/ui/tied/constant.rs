use netwright::prelude::*;

const WORDS: usize = 101;

network! {
    struct Net([usize; 5]) -> [5, WORDS] {
        words: Embedding<100, 8>,
        decoder: Linear<WORDS, weight = words>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    println!("{:?}", net.decoder.bias.as_vec());
}
