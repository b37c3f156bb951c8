use netwright::prelude::*;

network! {
    struct Net(tokens: [usize; 5]) -> [5, 100] {
        let vectors = tokens => Embedding<100, 8>;
        vectors => Tanh, decoder: Linear<100, weight = vectors>
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    println!("{:?}", net.decoder.bias.as_vec());
}
