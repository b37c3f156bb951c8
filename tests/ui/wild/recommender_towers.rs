use netwright::prelude::*;

network! {
    struct Recommender(user: [usize], item: [usize], price: [1]) -> [1] {
        let users_side = user => users: Embedding<1000, 32>, Linear<16>, Relu;
        let items_side = concat((item => Embedding<500, 32>), price) => Linear<32>, Relu;
        users_side * items_side => Sum, Reshape<[1]>
    }
}

fn main() {
    let device = Cpu::default();
    let net = Recommender::seeded(&device, 0);
    let user = device.tensor_from_vec(vec![3], (1,));
    let item = device.tensor_from_vec(vec![5], (1,));
    let price = device.zeros_like(&(1, Const::<1>));
    println!("{:?} {:?}", net.forward((user, item, price)).as_vec(), net.users.weight.array());
}
