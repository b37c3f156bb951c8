//! probe
use netwright::prelude::*;
use std::time::Instant;
network! {
    struct W1([3, 32, 32]) -> [10] {
        Conv2d<32, 3>, Relu, MaxPool2d<2>,
        Conv2d<16, 3>, Relu, MaxPool2d<2>,
        Flatten, Linear<10>,
    }
    struct W2([784]) -> [10] { Linear<512>, Relu, Linear<256>, Relu, Linear<10> }
}
fn time(name: &str, mut f: impl FnMut()) {
    for _ in 0..5 {
        f()
    }
    let mut t: Vec<f64> = (0..60)
        .map(|_| {
            let s = Instant::now();
            f();
            s.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    t.sort_by(f64::total_cmp);
    println!("{name}: median {:.3} min {:.3} ms", t[30], t[0]);
}
fn main() {
    let dev = Cpu::default();
    let net = W1::seeded(&dev, 0);
    println!("{}", net.plan());
    let x: Tensor<Rank4<64, 3, 32, 32>, f32, _> = dev.sample_normal();
    let one: Tensor<Rank4<1, 3, 32, 32>, f32, _> = dev.sample_normal();
    time("W1 infer 64", || {
        net.forward(x.clone());
    });
    time("W1 infer 1", || {
        net.forward(one.clone());
    });
    let mut n = net.clone();
    time("W1 fwd+bwd 64", || {
        let y = n.forward_mut(x.clone().leaky_traced());
        y.square().mean().backward();
    });
    let data = netwright::data::Dataset::new(
        netwright::data::Column::floats(x.as_vec().repeat(20), &[3, 32, 32]).unwrap(),
        netwright::data::Column::labels((0..64 * 20).map(|i| i % 10).collect()),
    )
    .unwrap();
    let s = Instant::now();
    n.fit(&data, Fit::new(CrossEntropy, Adam::default()).batch(64).epochs(5).quiet()).unwrap();
    println!("W1 fit step 64: {:.3} ms", s.elapsed().as_secs_f64() * 10.0);
    let net = W2::seeded(&dev, 0);
    let x: Tensor<Rank2<128, 784>, f32, _> = dev.sample_normal();
    let one: Tensor<Rank2<1, 784>, f32, _> = dev.sample_normal();
    time("W2 infer 128", || {
        net.forward(x.clone());
    });
    time("W2 infer 1", || {
        net.forward(one.clone());
    });
    let mut n = net.clone();
    time("W2 fwd+bwd 128", || {
        let y = n.forward_mut(x.clone().leaky_traced());
        y.square().mean().backward();
    });
}
