use netwright::prelude::*;

network! {
    struct Generator(noise: [64]) -> [1, 28, 28] {
        Linear<{ 32 * 49 }>, Reshape<[32, 7, 7]>, Relu,
        ConvTranspose2d<16, 4, stride = 2, padding = 1>, BatchNorm2d, Relu,
        ConvTranspose2d<1, 4, stride = 2, padding = 1>, Tanh,
    }

    struct Discriminator(image: [1, 32, 32]) -> [1] {
        Conv2d<16, 4, stride = 2, padding = 1>, LeakyRelu(0.2), Flatten, Linear<1>,
    }
}

fn main() {
    let device = Cpu::default();
    let (generator, discriminator) =
        (Generator::seeded(&device, 0), Discriminator::seeded(&device, 1));
    let noise = device.sample_normal_like(&(16, Const::<64>));
    let scores = discriminator.forward(generator.forward(noise));
    println!("{:?}", scores.as_vec());
}
