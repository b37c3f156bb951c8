use netwright::prelude::*;

network! {
    struct Recommender(user: [usize], price: [4]) -> [1] {
        concat((user => users: Embedding<1000, 32>), price) => Linear<1>
    }
}

fn main() {
    let device = Cpu::default();
    let net = Recommender::seeded(&device, 0);
    let user = device.tensor_from_vec(vec![3], (1,));
    let price = device.zeros_like(&(1, Const::<4>));
    println!("{:?}", net.forward((price, user)).as_vec());
}
