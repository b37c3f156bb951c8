use netwright::prelude::*;

network! {
    struct Net<Features: Size>([Features]) -> [10] {
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let net = Net::<Const<32>>::seeded(&device, 0);
    println!("{:?}", net.fc.bias.array());
}
