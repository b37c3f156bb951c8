use netwright::prelude::*;

network! {
    struct Recommender(user: [usize], seen: [usize; 20], time: [3]) -> [500] {
        let taste = seen => items: Embedding<500, 32>;
        concat((user => Embedding<1000, 32>), taste, time) => Linear<64>, Relu, Linear<500>
    }
}

fn main() {
    let device = Cpu::default();
    let net = Recommender::seeded(&device, 0);
    let user = device.tensor_from_vec(vec![3], (1,));
    let seen = device.tensor_from_vec(vec![5; 20], (1, Const::<20>));
    let time = device.zeros_like(&(1, Const::<3>));
    println!("{:?} {:?}", net.forward((user, seen, time)).as_vec(), net.items.weight.array());
}
