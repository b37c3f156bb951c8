use netwright::prelude::*;

fn main() {
    network! {
        struct Net([8]) -> [10] { MaxPool2d<2>, fc: Linear<10> }
    }
    let device = Cpu::default();
    let y = Net::seeded(&device, 0).forward(device.zeros::<Rank1<8>>());
    println!("{}", y.array().iter().sum::<f32>());
}
