use netwright::prelude::*;
use netwright::typenum::U3;

network! {
    struct Vgg<Side: Size>([3, Side, Side]) -> [10] {
        Conv2d<8, 3>, Relu,
        MaxPool2d<2>,
        Conv2d<8, 3, stride = 2>, Relu,
        MaxPool2d<2>,
        Flatten,
        fc: Linear<10>,
    }
}

fn main() {
    let device = Cpu::default();
    let mut net = Vgg::<U3>::seeded(&device, 0);
    let x: Tensor<(usize, Const<3>, Num<U3>, Num<U3>), f32, Cpu> =
        device.zeros_like(&(2, Const, Num::default(), Num::default()));
    let y: Tensor<(usize, Const<10>), f32, Cpu> = net.forward(x.clone());
    let z = net.forward_mut(x.leaky_trace());
    let mut adam = netwright::dfdx::optim::Adam::new(&net, Default::default());
    let gradients = net.alloc_grads();
    println!("{:?} {:?} {:?}", y.as_vec(), z.shape(), net.fc.weight.as_vec());
    net.save("file.safetensors").unwrap();
    drop((adam, gradients));
}
