//! The graph form as a user's program sees it: several inputs and outputs, shared layers, training,
//! prediction and files.

#![allow(clippy::unwrap_used)]

use netwright::data::{Column, Dataset};
use netwright::prelude::*;

network! {
    /// Boxes and classes from an image and a few numbers.
    pub struct Detector(image: [2, 4, 4], meta: [3]) -> (boxes: [4], class: [5]) {
        let features = image => stem: Conv2d<4, 3>, Relu, Flatten;
        let known = concat(features, meta) => Linear<8>, Tanh;
        let boxes = known => boxes: Linear<4>;
        (boxes, (known => class: Linear<5>))
    }

    /// How much a user likes an item: indices and floats mixed.
    struct Taste(user: [usize], item: [usize], mood: [6]) -> [1] {
        let user_side = user => Embedding<7, 6>;
        let item_side = item => Embedding<9, 6>;
        user_side * item_side + mood => Linear<1>
    }

    struct Twice(left: [4], right: [4]) -> [3] {
        layer code: Linear<3>;
        (left => code) - (right => code)
    }

    struct Normed(left: [2], right: [2]) -> [2] {
        layer norm: BatchNorm1d;
        (left => norm) + (right => norm)
    }
}

network! {
    struct Signs(a: [3], b: [3]) -> [3] { -a * 2.0 + b * -0.5 - -(a * b) }
}

#[test]
fn values_and_factors_may_be_negative() {
    let dev = device();
    let net = Signs::seeded(&dev, 1);
    let (a, b) = (dev.tensor([[1.0, -2.0, 3.0]]), dev.tensor([[4.0, 6.0, -8.0]]));
    assert_eq!(net.forward((a, b)).array(), [[0.0, -11.0, -26.0]]);
}

fn device() -> Cpu {
    Cpu::seed_from_u64(1)
}

#[test]
fn several_inputs_and_outputs_for_batches_and_samples() {
    let dev = device();
    let net = Detector::seeded(&dev, 1);
    let image = dev.sample_normal_like(&(3, Const::<2>, Const::<4>, Const::<4>));
    let meta = dev.sample_normal_like(&(3, Const::<3>));
    let out = net.forward((image.clone(), meta.clone()));
    let boxes: &Tensor<(usize, Const<4>), f32, Cpu> = &out.boxes;
    let class: &Tensor<(usize, Const<5>), f32, Cpu> = &out.class;
    let one: Tensor<Rank3<2, 4, 4>, f32, _> = dev.tensor(image.as_vec()[32..64].to_vec());
    let its: Tensor<Rank1<3>, f32, _> = dev.tensor(meta.as_vec()[3..6].to_vec());
    let sample: DetectorOutput<Tensor<Rank1<4>, f32, Cpu>, Tensor<Rank1<5>, f32, Cpu>> =
        net.forward((one, its));
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(near(&sample.boxes.array(), &boxes.as_vec()[4..8]));
    assert!(near(&sample.class.array(), &class.as_vec()[5..10]));
    let names: Vec<_> = Detector::GRAPH.outputs.iter().map(|output| output.name).collect();
    assert_eq!(names, ["boxes", "class"]);
}

#[test]
fn gradients_flow_from_all_outputs_to_all_inputs() {
    let dev = device();
    let mut net = Detector::seeded(&dev, 1);
    let image = dev.sample_normal_like(&(3, Const::<2>, Const::<4>, Const::<4>));
    let meta = dev.sample_normal_like(&(3, Const::<3>));
    let out = net.forward_mut((image.leaky_trace(), meta.clone()));
    let grads = (out.boxes.square().sum() + out.class.square().sum()).backward();
    assert!(grads.get(&image).as_vec().iter().any(|g| *g != 0.0));
    assert!(grads.get(&meta).as_vec().iter().any(|g| *g != 0.0));
    assert!(grads.get(&net.class.weight).as_vec().iter().any(|g| *g != 0.0));
    assert!(grads.get(&net.stem.bias).as_vec().iter().any(|g| *g != 0.0));
}

#[test]
fn indices_and_floats_mixed() {
    let dev = device();
    let net = Taste::seeded(&dev, 1);
    let mood = dev.sample_normal_like(&(4, Const::<6>));
    let users = dev.tensor_from_vec(vec![0, 6, 2, 2], (4,));
    let items = dev.tensor_from_vec(vec![8, 0, 1, 1], (4,));
    let liked: Tensor<(usize, Const<1>), f32, Cpu> = net.forward((users, items, mood.clone()));
    let (a, b) = (net.embedding_1.weight.array(), net.embedding_2.weight.array());
    let (w, bias) = (net.linear_1.weight.array(), net.linear_1.bias.array());
    let expected = (0..6).map(|i| w[0][i] * (a[6][i] * b[0][i] + mood.as_vec()[6 + i]));
    assert!((liked.as_vec()[1] - expected.sum::<f32>() - bias[0]).abs() < 1e-5);
    let wrong = dev.tensor_from_vec(vec![7, 0, 0, 0], (4,));
    let items = dev.tensor_from_vec(vec![0; 4], (4,));
    let error = net.try_forward((wrong, items, mood)).unwrap_err().to_string();
    assert!(error.contains("index 7 at sample 0"), "{error}");
}

#[test]
fn several_outputs_are_trained_and_predicted() {
    let images: Vec<f32> = (0..32 * 40).map(|i| ((i * 7919) % 13) as f32 / 6.0 - 1.0).collect();
    let metas: Vec<f32> = (0..3 * 40).map(|i| (i % 5) as f32 - 2.0).collect();
    let boxes = metas.chunks(3).flat_map(|m| [m[0], m[1], m[2], m[0] - m[1]]).collect();
    let classes = metas.chunks(3).map(|m| (m[0] + 2.0) as usize).collect();
    let image = Column::floats(images, &[2, 4, 4]).unwrap();
    let data = Dataset::new(image, Column::floats(boxes, &[4]).unwrap()).unwrap();
    let data = data.with_input(Column::floats(metas, &[3]).unwrap()).unwrap();
    let data = data.with_target(Column::labels(classes)).unwrap();
    let loss = (2.0 * MeanSquared, CrossEntropy);
    let mut net = Detector::seeded(&device(), 1);
    let before = net.evaluate(&data, loss).unwrap();
    net.fit(&data, Fit::new(loss, Adam::default().lr(0.01)).epochs(40).batch(8).quiet()).unwrap();
    let after = net.evaluate(&data, loss).unwrap();
    assert!(after.loss < before.loss * 0.2, "{before:?} {after:?}");
    assert!(after.accuracy > Some(0.9) && before.accuracy < Some(0.9), "{before:?} {after:?}");
    let found = net.predict_all(&data).unwrap();
    assert_eq!((found[0].shape(), found[1].shape()), (&[4][..], &[5][..]));
    assert!(net.predict(&data).unwrap_err().to_string().contains("has 2 outputs"));
    // Whatever was there before: as many columns, of as many samples, of this shape and kind.
    let nothing = Vec::new();
    let more = vec![Column::labels(vec![1; 99]), found[1].clone(), found[0].clone()];
    let other = vec![found[1].clone()];
    for mut outputs in [nothing, more, other] {
        net.predict_into(&data, &mut outputs).unwrap();
        assert_eq!(outputs, found);
    }
}

#[test]
fn a_shared_layer_is_one_set_of_parameters() {
    let dev = device();
    let mut net = Twice::seeded(&dev, 1);
    assert_eq!(Twice::PARAMS, 4 * 3 + 3);
    let names: Vec<_> = Twice::GRAPH.params.iter().map(|param| param.name).collect();
    assert_eq!(names, ["code.weight", "code.bias"]);
    let left: Tensor<Rank2<2, 4>, f32, _> = dev.sample_normal();
    let right: Tensor<Rank2<2, 4>, f32, _> = dev.sample_normal();
    let grads = net.forward_mut((left.leaky_trace(), right.clone())).sum().backward();
    let sum = |x: &Tensor<Rank2<2, 4>, f32, Cpu>, i: usize| x.array()[0][i] + x.array()[1][i];
    for (i, g) in grads.get(&net.code.weight).array()[0].iter().enumerate() {
        assert!((g - (sum(&left, i) - sum(&right, i))).abs() < 1e-5);
    }
    assert!(grads.get(&net.code.bias).array().iter().all(|g| g.abs() < 1e-6));
}

#[test]
fn a_shared_norm_moves_its_statistics_at_each_use() {
    let dev = device();
    let mut net = Normed::seeded(&dev, 1);
    let left: Tensor<Rank2<2, 2>, f32, _> = dev.tensor([[1.0, 2.0], [3.0, 6.0]]);
    let right = dev.tensor([[5.0, 0.0], [7.0, -4.0]]);
    net.forward_mut((left, right));
    // Means of 2 and 4, then of 6 and -2; each moves a tenth of the way.
    let expected = [0.9 * (0.1 * 2.0) + 0.1 * 6.0, 0.9 * (0.1 * 4.0) - 0.1 * 2.0];
    for (found, expected) in net.norm.running_mean.array().into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }
}

#[test]
fn a_file_holds_a_shared_layer_once() {
    let dev = device();
    let file = std::env::temp_dir().join(format!("netwright-{}.safetensors", std::process::id()));
    let (net, mut other) = (Twice::seeded(&dev, 1), Twice::seeded(&dev, 2));
    net.save(&file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.len(), 2);
    other.load(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(net.code.weight.array(), other.code.weight.array());
    let x: Tensor<Rank2<2, 4>, f32, _> = dev.sample_normal();
    let y: Tensor<Rank2<2, 4>, f32, _> = dev.sample_normal();
    assert_eq!(net.forward((x.clone(), y.clone())).as_vec(), other.forward((x, y)).as_vec());
}
