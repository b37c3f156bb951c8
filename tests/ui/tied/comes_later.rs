use netwright::prelude::*;

network! {
    struct Net([usize; 5]) -> [5, 8] {
        words: Embedding<100, 8>,
        decoder: Linear<8, weight = inner>,
        inner: Linear<8>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    println!("{:?}", net.decoder.bias.as_vec());
}
