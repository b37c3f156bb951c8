use netwright::prelude::*;

network! {
    pub struct Net([3, 32, 32]) -> [10] {
        stem: Conv2d<32, 3, strid = 2>, Relu,
        MaxPool2d<0>,
        Residual { Conv2d<32, 3, padding = same> },
        Dropout(1.5),
        stem: Conv2d<16, 3>, Rellu,
        Flatten,
        fc: Linear<10, 4>,
    }
}

const _: () = assert!(Net::PARAMS < 50_000);

#[derive(Clone)]
struct Trainer {
    net: Net,
    steps: usize,
}

impl Trainer {
    fn step(&mut self, x: Tensor<(usize, Const<3>, Const<32>, Const<32>), f32, Cpu>) -> f32 {
        self.steps += Net::GRAPH.nodes.len();
        let grads = self.net.alloc_grads();
        let y = self.net.forward_mut(x.traced(grads));
        let loss = y.square().mean();
        let value = loss.array();
        let grads = loss.backward();
        value + grads.get(&self.net.stem.weight).as_vec()[0] + self.net.max_pool2d_1.foo
    }
}

fn features<M: Module<Tensor<Rank3<3, 32, 32>, f32, Cpu>>>(model: &M) -> M::Output {
    model.forward(Cpu::default().zeros())
}

fn main() {
    let device = Cpu::default();
    let net = Net::seeded(&device, 0);
    let bias: Vec<f32> = net.fc.bias.as_vec();
    println!("{bias:?} {:?}", features(&net));
    println!("{:?}", bias.iter().zip(net.forward(device.zeros::<Rank3<3, 32, 32>>()).array()));
    let mut trainer = Trainer { net, steps: 0 };
    println!("{}", trainer.step(device.zeros_like(&(4, Const, Const, Const))));
}
