use netwright::prelude::*;

network! {
    struct Net([usize; 5]) -> [5, 100] {
        words: Embedding<100, 8>,
        Linear<16>, Tanh,
        decoder: Linear<100, weight = words>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    println!("{:?}", net.decoder.bias.as_vec());
}
