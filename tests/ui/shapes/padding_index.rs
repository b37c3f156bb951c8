use netwright::prelude::*;

network! {
    struct Net([usize; 6]) -> [10] {
        EmbeddingBag<50, 8, mode = mean, padding = 50>,
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let x: Tensor<Rank1<6>, usize, _> = device.tensor([0; 6]);
    let y = net.forward(x);
    println!("{:?} {:?}", y.array(), net.fc.weight.array());
}
