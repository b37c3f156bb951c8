//! What layers do beyond the contract: mistakes in data, random zeros, inputs with NaN.

#![allow(clippy::unwrap_used)]

use netwright::prelude::*;

network! {
    struct Words([usize; 4]) { Embedding<10, 3> }
}

network! {
    struct Features([3]) { norm: BatchNorm1d }
}

network! {
    struct Pixel([3, 1, 1]) { norm: BatchNorm2d }
}

network! {
    struct Drop([1000]) { Dropout(0.25) }
}

network! {
    struct TwoDrops([1000]) { Dropout, Dropout }
}

network! {
    struct Bends([4]) { Relu, Softplus, Elu, LeakyRelu, Gelu }
}

network! {
    struct Pool([1, 2, 2]) { MaxPool2d<2> }
}

#[test]
fn an_index_beyond_the_table_is_named() {
    let dev = Cpu::default();
    let net = Words::seeded(&dev, 1);
    let mut indices = vec![1; 20];
    indices[15] = 12;
    let error = net.try_forward(dev.tensor_from_vec(indices, (5, Const::<4>))).unwrap_err();
    let text = "index 12 at sample 3, position 3 is beyond the 10 entries";
    assert!(error.to_string().contains(text), "{error}");
    let one = dev.tensor_from_vec(vec![0, 10, 0, 0], (Const::<4>,));
    let error = net.try_forward(one).unwrap_err().to_string();
    assert!(error.contains("index 10 at sample 0, position 1"), "{error}");
}

#[test]
fn the_variance_of_one_value_is_an_error() {
    let dev = Cpu::default();
    let mut features = Features::seeded(&dev, 1);
    let error = features.try_forward_mut(dev.zeros_like(&(1, Const::<3>))).unwrap_err();
    let text = "needs more than 1 value per channel in training, got batch 1";
    assert!(error.to_string().contains(text), "{error}");
    let mut pixel = Pixel::seeded(&dev, 1);
    let x = dev.zeros_like(&(1, Const::<3>, Const::<1>, Const::<1>));
    let error = pixel.try_forward_mut(x).unwrap_err();
    assert!(error.to_string().contains(&format!("{text} with 1×1")), "{error}");
    assert_eq!(features.norm.running_mean.array(), [0.0; 3]);
}

#[test]
fn batch_statistics_move_the_running_ones() {
    let dev = Cpu::default();
    let mut net = Features::seeded(&dev, 1);
    net.forward_mut(dev.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 7.0]]));
    let close = |a: [f32; 3], b: [f32; 3]| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(close(net.norm.running_mean.array(), [0.2, 0.2, 0.5]));
    assert!(close(net.norm.running_var.array(), [1.1, 0.9, 1.7]));
}

#[test]
fn dropout_drops_others_in_every_step_and_the_same_from_the_same_seed() {
    let dev = Cpu::default();
    let x = dev.ones_like(&(2, Const::<1000>));
    let (mut net, mut twin) = (Drop::seeded(&dev, 5), Drop::seeded(&dev, 5));
    let (first, second) =
        (net.forward_mut(x.clone()).as_vec(), net.forward_mut(x.clone()).as_vec());
    assert!(first.iter().all(|&y| y == 0.0 || y == 1.0 / 0.75));
    let zeros = first.iter().filter(|&&y| y == 0.0).count();
    assert!((420..580).contains(&zeros), "{zeros}");
    assert_ne!(first, second);
    assert_ne!(first[..1000], first[1000..]);
    assert_eq!(first, twin.forward_mut(x.clone()).as_vec());
    assert_ne!(first, Drop::seeded(&dev, 6).forward_mut(x.clone()).as_vec());
    assert_eq!(net.forward(x.clone()).as_vec(), x.as_vec());
}

#[test]
fn two_dropouts_drop_independently() {
    let dev = Cpu::default();
    let y = TwoDrops::seeded(&dev, 5).forward_mut(dev.ones_like(&(1, Const::<1000>))).as_vec();
    let kept = y.iter().filter(|&&y| y == 4.0).count();
    assert!((180..320).contains(&kept), "{kept}");
    assert!(y.iter().all(|&y| y == 0.0 || y == 4.0));
}

#[test]
fn nan_is_never_hidden() {
    let dev = Cpu::default();
    let y = Bends::seeded(&dev, 1).forward(dev.tensor([1.0, f32::NAN, -1.0, 0.0])).array();
    assert_eq!(y.map(f32::is_nan), [false, true, false, false]);
    for place in 0..4 {
        let mut x = vec![1.0; 4];
        x[place] = f32::NAN;
        let x = dev.tensor_from_vec(x, (Const::<1>, Const::<2>, Const::<2>));
        assert!(Pool::seeded(&dev, 1).forward(x).array()[0][0][0].is_nan());
    }
}

#[test]
fn gradients_stay_finite_far_from_zero() {
    let dev = Cpu::default();
    let x = dev.tensor([1e4, -1e4, 3e38, -3e38]);
    let gradients = Bends::seeded(&dev, 1).forward(x.leaky_trace()).sum().backward();
    assert!(gradients.get(&x).array().iter().all(|g| g.is_finite()));
}

network! {
    struct Slopes([3, 8, 8]) -> [3] { slopes: PRelu<channels = true>, GlobalAvgPool2d, PRelu }
}

#[test]
fn slopes_begin_with_a_quarter() {
    let net = Slopes::seeded(&Cpu::default(), 42);
    assert_eq!(net.slopes.weight.array(), [0.25; 3]);
    assert_eq!(net.prelu_1.weight.array(), [0.25]);
    assert_eq!(Slopes::PARAMS, 4);
}
