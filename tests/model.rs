//! The generated model as a user's program sees it: its types, constants, constructors, dfdx's
//! traits, and the forms a declaration may take.

use netwright::dfdx::nn::builders;
use netwright::dfdx::optim::Optimizer as _;
use netwright::prelude::*;

network! {
    /// A small network with every kind of parameter.
    #[derive(Debug)]
    #[must_use]
    pub struct Small([2, 6, 6]) -> [3] {
        stem: Conv2d<4, 3>, Relu,
        Flatten,
        Linear<8, bias = false>, Relu,
        head: Linear<3>,
    }
}

network! {
    struct Private([4]) -> [2] { Linear<2> }
}

const SIDE: usize = 6;

mod cfg {
    pub const WIDTH: usize = 5;
}

network! {
    struct Generic<const CLASSES: usize>([3, SIDE, { 2 * SIDE }]) -> [CLASSES] {
        Conv2d<cfg::WIDTH, (1, 3)>, Relu, Flatten, Linear<CLASSES>,
    }

    struct Second([7]) { Relu }
}

const _: () = assert!(Small::PARAMS < 1000);

fn device() -> Cpu {
    Cpu::seed_from_u64(1)
}

#[test]
fn constants_need_no_types() {
    let conv = 4 * 2 * 9 + 4;
    let linear = 4 * 16 * 8;
    assert_eq!(Small::PARAMS, conv + linear + 8 * 3 + 3);
    assert_eq!(Generic::<10>::PARAMS, 5 * 3 * 3 + 5 + 5 * 6 * 10 * 10 + 10);
    assert_eq!(Second::PARAMS, 0);
    let names: Vec<_> = Small::GRAPH.params.iter().map(|p| p.name).collect();
    assert_eq!(names, ["stem.weight", "stem.bias", "linear_1.weight", "head.weight", "head.bias"]);
    assert_eq!(Small::GRAPH.nodes[0].line, 13);
    assert_eq!(Generic::<10>::GRAPH.nodes[0].shape, [5, 6, 10]);
}

#[test]
fn fields_are_typed_tensors() {
    let net = Small::seeded(&device(), 0);
    let weight: &Tensor<Rank4<4, 2, 3, 3>, f32, Cpu> = &net.stem.weight;
    assert_eq!(weight.shape().num_elements(), 72);
    let bias: &Tensor<Rank1<3>, f32, Cpu> = &net.head.bias;
    assert!(bias.array().iter().all(|x| x.abs() <= 1.0 / 8f32.sqrt()));
}

#[test]
fn a_batch_of_any_size_and_one_sample() {
    let dev = device();
    let net = Small::seeded(&dev, 0);
    let batch: Tensor<(usize, Const<2>, Const<6>, Const<6>), f32, _> =
        dev.sample_normal_like(&(5, Const, Const, Const));
    let runtime: Tensor<(usize, Const<3>), f32, _> = net.forward(batch.clone());
    let fixed: Tensor<Rank2<5, 3>, f32, _> =
        net.forward(batch.clone().realize::<Rank4<5, 2, 6, 6>>());
    assert_eq!(runtime.as_vec(), fixed.as_vec());
    let sample: Tensor<Rank3<2, 6, 6>, f32, _> = dev.tensor(batch.as_vec()[..72].to_vec());
    let one: Tensor<Rank1<3>, f32, _> = net.forward(sample);
    for (a, b) in one.array().iter().zip(&fixed.array()[0]) {
        assert!((a - b).abs() < 1e-6);
    }
}

#[test]
fn the_seed_decides_the_weights() {
    let (a, b) = (Small::seeded(&device(), 7), Small::seeded(&Cpu::default(), 7));
    assert_eq!(a.stem.weight.array(), b.stem.weight.array());
    let c = Small::seeded(&device(), 8);
    assert_ne!(a.stem.weight.array(), c.stem.weight.array());
}

#[test]
fn trains_with_a_dfdx_optimizer() {
    let dev = device();
    let mut net = Small::seeded(&dev, 0);
    let before = net.clone();
    let mut adam = netwright::dfdx::optim::Adam::new(&net, Default::default());
    let x: Tensor<Rank4<8, 2, 6, 6>, f32, _> = dev.sample_normal();
    let target: Tensor<Rank2<8, 3>, f32, _> = dev.sample_normal();
    let mut losses = Vec::new();
    for _ in 0..30 {
        let y = net.forward_mut(x.clone().traced(net.alloc_grads()));
        let loss = mse_loss(y, target.clone());
        losses.push(loss.array());
        let grads = loss.backward();
        adam.update(&mut net, &grads).expect("every parameter has a gradient");
    }
    assert!(losses[29] < losses[0] * 0.8, "{losses:?}");
    assert_ne!(before.head.bias.array(), net.head.bias.array());
}

#[test]
fn stands_in_a_dfdx_tuple() {
    let dev = device();
    type Stack = (builders::Linear<9, 4>, builders::Tanh);
    let mut model = (dev.build_module::<Stack, f32>(), Private::seeded(&dev, 3));
    let x: Tensor<Rank2<5, 9>, f32, _> = dev.sample_normal();
    let y: Tensor<Rank2<5, 2>, f32, _> = model.forward(x.clone());
    assert_eq!(model.num_trainable_params(), 9 * 4 + 4 + Private::PARAMS);
    let mut sgd = netwright::dfdx::optim::Sgd::new(&model, Default::default());
    let loss = model.forward_mut(x.traced(model.alloc_grads())).square().mean();
    let grads = loss.backward();
    sgd.update(&mut model, &grads).expect("every parameter has a gradient");
    assert_ne!(model.1.linear_1.weight.array(), Private::seeded(&dev, 3).linear_1.weight.array());
    let _ = y;
}

#[test]
fn is_built_and_reset_by_dfdx() {
    let dev = device();
    let mut net: Small<f32, Cpu> = BuildModule::build(&dev);
    let first = net.stem.weight.array();
    assert!(first.iter().flatten().flatten().flatten().any(|x| *x != 0.0));
    net.reset_params();
    assert_ne!(first, net.stem.weight.array());
}

#[test]
fn moves_between_devices_and_float_types() {
    let dev = device();
    let net = Small::seeded(&dev, 0);
    let other: Small<f32, Cpu> = net.to_device(&Cpu::default());
    assert_eq!(net.head.weight.array(), other.head.weight.array());
    let double: Small<f64, Cpu> = net.to_dtype::<f64>();
    let x: Tensor<Rank4<2, 2, 6, 6>, f32, _> = dev.sample_normal();
    let (y, z) = (net.forward(x.clone()), double.forward(x.to_dtype::<f64>()));
    for (y, z) in y.as_vec().iter().zip(z.as_vec()) {
        assert!((f64::from(*y) - z).abs() < 1e-5);
    }
    let made = Small::<f64, Cpu>::init(&dev, 0).expect("memory for 700 numbers");
    assert_eq!(made.head.weight.as_vec().len(), double.head.weight.as_vec().len());
}

#[test]
fn gradients_reach_every_parameter_and_the_input() {
    let dev = device();
    let mut net = Small::seeded(&dev, 0);
    let x: Tensor<Rank4<4, 2, 6, 6>, f32, _> = dev.sample_normal();
    let grads = net.forward_mut(x.leaky_trace()).square().sum().backward();
    assert!(grads.get(&net.stem.weight).as_vec().iter().any(|g| *g != 0.0));
    assert!(grads.get(&net.head.bias).as_vec().iter().all(|g| g.is_finite()));
    assert!(grads.get(&x).as_vec().iter().any(|g| *g != 0.0));
}

#[test]
fn a_network_in_a_function_body() {
    const WIDTH: usize = 3;
    network! {
        struct Local([WIDTH]) -> [1] { Linear<{ WIDTH + 1 }>, Relu, Linear<1> }
    }
    let dev = device();
    let net = Local::seeded(&dev, 0);
    let y: Tensor<Rank2<2, 1>, f32, _> = net.forward(dev.zeros::<Rank2<2, 3>>());
    assert_eq!(y.as_vec().len(), 2);
    assert_eq!(Local::PARAMS, 3 * 4 + 4 + 4 + 1);
}

#[test]
fn try_forms_return_results() {
    let dev = device();
    let mut net = Generic::<4>::try_seeded(&dev, 0).expect("memory");
    let x = dev.zeros_like(&(2, Const::<3>, Const::<6>, Const::<12>));
    assert_eq!(net.try_forward(x.clone()).expect("memory").as_vec().len(), 8);
    assert_eq!(net.try_forward_mut(x).expect("memory").as_vec().len(), 8);
    let empty = dev.zeros_like(&(0, Const::<3>, Const::<6>, Const::<12>));
    let error = net.try_forward(empty).expect_err("no samples");
    assert_eq!(error.to_string(), "`Generic` was given a batch of 0 samples");
}

#[test]
fn debug_shows_the_layers() {
    let net = Generic::<4>::seeded(&device(), 0);
    let text = format!("{net:?}");
    assert!(text.contains("conv2d_1: Conv2d -> [5, 6, 10]"), "{text}");
}

/// Names of networks that the generated code would like for its type parameters.
mod single_letters {
    use netwright::prelude::*;

    network! { pub struct B([3]) -> [2] { Linear<2> } }
    network! { pub struct D([3]) -> [2] { Linear<2> } }
    network! { pub struct E([3]) -> [2] { Linear<2> } }
    network! { pub struct T([3]) -> [2] { Linear<2> } }

    #[test]
    fn are_names_as_others() {
        let device = Cpu::default();
        let x: Tensor<Rank2<5, 3>, f32, _> = device.sample_normal();
        let all = [
            B::seeded(&device, 1).forward(x.clone()).as_vec(),
            D::seeded(&device, 1).forward(x.clone()).as_vec(),
            E::seeded(&device, 1).forward(x.clone()).as_vec(),
            T::seeded(&device, 1).forward(x).as_vec(),
        ];
        assert!(all.iter().all(|y| *y == all[0] && y.len() == 10));
    }
}

/// Of a network without parameters, too.
#[test]
fn an_output_is_on_the_device_of_its_input() {
    let net = Second::seeded(&Cpu::default(), 0);
    let y = net.forward(device().zeros::<(Const<2>, Const<7>)>());
    let drawn: Tensor<Rank1<3>, f32, Cpu> = y.device().sample_normal();
    assert_eq!(drawn.array(), device().sample_normal::<Rank1<3>>().array());
}
