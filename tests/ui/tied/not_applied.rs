use netwright::prelude::*;

network! {
    struct Net(tokens: [usize; 5]) -> [5, 8] {
        layer inner: Linear<8>;
        tokens => Embedding<100, 8>, decoder: Linear<8, weight = inner>, inner
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    println!("{:?}", net.decoder.bias.as_vec());
}
