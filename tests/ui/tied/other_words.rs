use netwright::prelude::*;

network! {
    struct Net([usize; 5]) -> [5, 90] {
        words: Embedding<100, 8>,
        Tanh,
        decoder: Linear<90, weight = words>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    println!("{:?}", net.decoder.bias.as_vec());
}
