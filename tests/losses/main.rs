//! Losses: values and gradients as PyTorch's, and what they say about targets that do not fit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // in helpers of tests

mod elements;
#[path = "../support/fixture.rs"]
mod fixture;
mod labels;
mod several;

use fixture::{assert_close, numbers};
use netwright::data::{Column, Dataset};
use netwright::prelude::*;
use netwright::train::{Output, custom_loss};
use netwright::value::{Array, Ranked, Value};

/// Compares one loss with the fixture of its name, in f64 and in f32.
fn check<S: Ranked, L: Loss<f64, Cpu> + Loss<f32, Cpu>>(
    name: &str,
    loss: L,
    shape: S,
    target: impl Fn() -> Value<f64, Cpu>,
) {
    check_all(name, loss, shape, &[""], || vec![target()]);
}

/// The same for any number of outputs of one shape, which have these numbers in the fixture, and of
/// targets.
fn check_all<S: Ranked, L: Loss<f64, Cpu> + Loss<f32, Cpu>>(
    name: &str,
    loss: L,
    shape: S,
    outputs: &[&str],
    targets: impl Fn() -> Vec<Value<f64, Cpu>>,
) {
    let device = Cpu::default();
    let all = |part: &str| -> Vec<Vec<f64>> {
        outputs.iter().map(|number| numbers(&format!("{name}.{part}{number}"))).collect()
    };
    let (scores, gradients) = (all("output"), all("gradient"));
    let expected = numbers::<f64>(&format!("{name}.loss"));

    let leaves = scores.iter().map(|x| device.tensor_from_vec(x.clone(), shape));
    let leaves: Vec<Tensor<S, f64, Cpu>> = leaves.collect();
    let traced = leaves.iter().map(|x| Output::of(x.leaky_trace()).unwrap()).collect();
    let value = loss.compute(traced, &targets()).unwrap();
    assert_close(&value.as_vec(), &expected, 1e-12, name);
    let found = value.backward();
    for (i, (x, gradient)) in leaves.iter().zip(&gradients).enumerate() {
        assert_close(&found.get(x).as_vec(), gradient, 1e-12, name);
        let at = |x: Vec<f64>| {
            let mut all = leaves.clone();
            all[i] = device.tensor_from_vec(x, shape);
            let traced = all.into_iter().map(|x| Output::of(x.leaky_traced()).unwrap());
            loss.compute(traced.collect(), &targets()).unwrap().array()
        };
        let size = scores[i].iter().fold(1.0_f64, |most, x| most.max(x.abs()));
        differences(name, &scores[i], gradient, size, at);
    }

    let single = |x: &Vec<f64>| {
        let x = x.iter().map(|&x| x as f32).collect();
        device.tensor_from_vec(x, shape)
    };
    let leaves: Vec<Tensor<S, f32, Cpu>> = scores.iter().map(single).collect();
    let traced = leaves.iter().map(|x| Output::of(x.leaky_trace()).unwrap()).collect();
    let targets: Vec<Value<f32, Cpu>> = targets().into_iter().map(in_single).collect();
    let value = loss.compute(traced, &targets).unwrap();
    assert_close(&[f64::from(value.array())], &expected, 2e-6, name);
    let found = value.backward();
    for (x, gradient) in leaves.iter().zip(&gradients) {
        let found: Vec<f64> = found.get(x).as_vec().into_iter().map(f64::from).collect();
        assert_close(&found, gradient, 1e-6, name);
    }
}

fn in_single(target: Value<f64, Cpu>) -> Value<f32, Cpu> {
    match target {
        Value::Indices(array) => Value::Indices(array),
        Value::Floats(Array { data, shape }) => {
            Value::Floats(Array { data: data.to_dtype::<f32>(), shape })
        }
    }
}

/// Whether the gradient is that of central differences.
fn differences(name: &str, x: &[f64], gradient: &[f64], size: f64, loss: impl Fn(Vec<f64>) -> f64) {
    const STEP: f64 = 1e-5;
    for (i, &slope) in gradient.iter().enumerate() {
        let moved = |by: f64| {
            let mut x = x.to_vec();
            x[i] += by;
            loss(x)
        };
        let found = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        assert!((found - slope).abs() <= 1e-8 * size, "{name}, {i}: {found} is not {slope}");
    }
}

fn labels(name: &str, shape: &[usize]) -> Value<f64, Cpu> {
    let data = numbers(&format!("{name}.target"));
    let count = (data.len(),);
    let data = Cpu::default().tensor_from_vec(data, count);
    Value::Indices(Array { data, shape: shape.to_vec() })
}

fn floats(name: &str, shape: &[usize]) -> Value<f64, Cpu> {
    let data = numbers::<f64>(&format!("{name}.target"));
    let count = (data.len(),);
    let data = Cpu::default().tensor_from_vec(data, count);
    Value::Floats(Array { data, shape: shape.to_vec() })
}

#[test]
fn cross_entropy_is_pytorchs() {
    let name = "cross_entropy";
    check(name, CrossEntropy, (4, 5), || labels(name, &[4]));
    let name = "cross_entropy_smooth";
    check(name, CrossEntropy.label_smoothing(0.1), (4, 5), || labels(name, &[4]));
    let name = "cross_entropy_time";
    check(name, CrossEntropy, (2, 3, 4), || labels(name, &[2, 3]));
    for name in ["cross_entropy_far", "cross_entropy_near"] {
        check(name, CrossEntropy, (2, 3), || labels(name, &[2]));
    }
}

#[test]
fn regressions_are_pytorchs() {
    check("mean_squared", MeanSquared, (3, 4), || floats("mean_squared", &[3, 4]));
    check("mean_absolute", MeanAbsolute, (3, 4), || floats("mean_absolute", &[3, 4]));
    check("huber", Huber::default(), (3, 4), || floats("huber", &[3, 4]));
    check("huber_narrow", Huber::delta(0.25), (3, 4), || floats("huber_narrow", &[3, 4]));
}

#[test]
fn binary_cross_entropy_is_pytorchs() {
    check("binary", BinaryCrossEntropy, (3, 4), || floats("binary", &[3, 4]));
    check("binary_far", BinaryCrossEntropy, (2, 3), || floats("binary_far", &[2, 3]));
}

fn scores<S: Ranked + ConstShape>() -> Tensor<S, f32, Cpu, OwnedTape<f32, Cpu>> {
    Cpu::default().zeros::<S>().leaky_traced()
}

fn message<T>(result: netwright::Result<T>) -> String {
    result.err().expect("should be an error").to_string()
}

#[test]
fn a_label_that_is_no_class_is_named() {
    let text = "the label 3 of sample 1 is none of the 3 classes 0 to 2";
    let found = CrossEntropy.loss(scores::<Rank2<2, 3>>(), &Column::labels(vec![2, 3]));
    assert_eq!(message(found), text);
    let steps = Column::indices(vec![0, 2, 1, 3], &[2]).unwrap();
    assert_eq!(message(CrossEntropy.loss(scores::<Rank3<2, 2, 3>>(), &steps)), text);
    let found = BinaryCrossEntropy.loss(scores::<Rank2<2, 1>>(), &Column::labels(vec![1, 2]));
    assert_eq!(message(found), "the label 2 of sample 1 is none of the 2 classes 0 to 1");
}

#[test]
fn targets_that_do_not_fit_are_explained() {
    let numbers = Column::floats(vec![0.5; 6], &[3]).unwrap();
    assert_eq!(
        message(CrossEntropy.loss(scores::<Rank2<2, 3>>(), &numbers)),
        "CrossEntropy for an output of shape [2, 3] expects a target of indices (class labels), \
         but received floats of shape [2, 3] (the first size is the batch)"
    );
    let few = message(CrossEntropy.loss(scores::<Rank2<3, 3>>(), &Column::labels(vec![0, 1])));
    assert!(few.contains("of shape [3], but received indices of shape [2]"), "{few}");
    let found = message(MeanSquared.loss(scores::<Rank2<2, 2>>(), &numbers));
    assert!(found.contains("floats of shape [2, 2], but received floats of shape [2, 3]"));
    let found =
        message(Huber::default().loss(scores::<Rank2<2, 1>>(), &Column::labels(vec![0, 1])));
    assert!(found.contains("but received indices of shape [2]"), "{found}");
    let outside = Column::floats(vec![0.5, 0.5, 0.5, 1.5], &[2]).unwrap();
    assert_eq!(
        message(BinaryCrossEntropy.loss(scores::<Rank2<2, 2>>(), &outside)),
        "BinaryCrossEntropy expects targets from 0 to 1, but received 1.5 in sample 1 of the batch"
    );
}

#[test]
fn a_scalar_target_fits_an_output_of_one_number() {
    let target = Column::floats(vec![1.0, 2.0], &[]).unwrap();
    let loss = MeanSquared.loss(scores::<Rank2<2, 1>>(), &target).unwrap();
    assert_eq!(loss.array(), 2.5);
    let typed = Cpu::default().tensor([[1.0], [2.0]]);
    assert_eq!(MeanSquared.loss(scores::<Rank2<2, 1>>(), typed).unwrap().array(), 2.5);
    let typed = Cpu::default().tensor([0usize, 1]);
    assert!(CrossEntropy.loss(scores::<Rank2<2, 3>>(), typed).is_ok());
}

#[test]
fn settings_without_sense_are_errors() {
    let labels = Column::labels(vec![0, 1]);
    let smooth = CrossEntropy.label_smoothing(1.5);
    assert_eq!(
        message(smooth.loss(scores::<Rank2<2, 3>>(), &labels)),
        "CrossEntropy's label_smoothing is a share between 0 and 1, not 1.5"
    );
    let target = Column::floats(vec![0.0; 2], &[1]).unwrap();
    for delta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let found = message(Huber::delta(delta).loss(scores::<Rank2<2, 1>>(), &target));
        assert_eq!(found, format!("Huber's delta is a positive number, not {delta}"));
    }
}

network! {
    struct Two([3]) -> (place: [2], kind: [4]) {
        let inside = input => Linear<5>, Tanh;
        ((inside => Linear<2>), (inside => Linear<4>))
    }
}

/// Three samples with a target for each output.
fn both() -> Dataset {
    let inputs = Column::floats((0..9).map(|i| (i % 4) as f32 - 1.5).collect(), &[3]).unwrap();
    let places = Column::floats(vec![1.0, -1.0, 0.5, 2.0, 0.0, 3.0], &[2]).unwrap();
    let data = Dataset::new(inputs, places).unwrap();
    data.with_target(Column::labels(vec![3, 0, 2])).unwrap()
}

/// A tuple is the sum of its losses times their weights, and so are its gradients.
#[test]
fn a_tuple_of_losses_is_their_weighted_sum() {
    let (device, data) = (Cpu::default(), both());
    let by_hand = custom_loss(|outputs: Vec<Output<f32, Cpu>>, targets: &[Value<f32, Cpu>]| {
        let mut outputs = outputs.into_iter();
        let place = MeanSquared.compute(outputs.by_ref().take(1).collect(), &targets[..1])?;
        Ok(place * 0.5 + CrossEntropy.compute(outputs.collect(), &targets[1..])? * 3.0)
    });
    let train = |loss: &dyn Loss<f32, Cpu>| {
        let mut net = Two::seeded(&device, 1);
        let fit = Fit::new(loss, Sgd::default().lr(0.1)).epochs(3).batch(2).quiet();
        let history = net.fit(&data, fit).unwrap();
        (history.last().unwrap().train.loss, net.linear_1.weight.array())
    };
    let (loss, weight) = train(&(0.5 * MeanSquared, 3.0 * CrossEntropy));
    let (expected, expected_weight) = train(&by_hand);
    assert!((loss - expected).abs() < 1e-6, "{loss}, not {expected}");
    for (found, expected) in weight.iter().flatten().zip(expected_weight.iter().flatten()) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }
    let twice = train(&(2.0 * by_hand)).0;
    assert!((twice - train(&by_hand).0).abs() > 0.1);
}

/// Right answers are counted over all outputs that have some.
#[test]
fn a_tuple_has_the_accuracy_of_those_that_have_one() {
    let (net, data) = (Two::seeded(&Cpu::default(), 1), both());
    let accuracy = |loss: &dyn Loss<f32, Cpu>| net.evaluate(&data, loss).unwrap().accuracy;
    let places = data.targets()[0].as_floats().unwrap();
    let signs = places.iter().map(|x| f32::from(u8::from(*x > 0.0))).collect();
    let signs = Column::floats(signs, &[2]).unwrap();
    let with_signs = Dataset::new(data.inputs()[0].clone(), signs).unwrap();
    let with_signs = with_signs.with_target(data.targets()[1].clone()).unwrap();
    let kinds = accuracy(&(MeanSquared, 2.0 * CrossEntropy)).unwrap() * 3.0;
    let all = net.evaluate(&with_signs, (BinaryCrossEntropy, CrossEntropy)).unwrap().accuracy;
    let right = all.unwrap() * 9.0 - kinds;
    assert!((right - right.round()).abs() < 1e-9 && (0.0..=6.0).contains(&right), "{right}");
    assert_eq!(
        accuracy(&(MeanSquared, custom_loss(|_, _| Ok(Cpu::default().zeros().leaky_traced())))),
        None
    );
}

#[test]
fn tuples_that_do_not_fit_are_explained() {
    let (net, data) = (Two::seeded(&Cpu::default(), 1), both());
    let found = message(net.evaluate(&data, (MeanSquared, CrossEntropy, CrossEntropy)));
    assert_eq!(
        found,
        "a tuple of losses has one for each output and each target, but there are 3 losses, 2 \
         outputs and 2 targets"
    );
    let found = message(net.evaluate(&data, (CrossEntropy, CrossEntropy)));
    assert!(found.starts_with("output 1: CrossEntropy for an output of shape [3, 2]"), "{found}");
    let found = message(net.evaluate(&data, (MeanSquared, f64::NAN * CrossEntropy)));
    assert_eq!(found, "the weight of a loss is a finite number, not NaN");
    let found = message(net.evaluate(&data, MeanSquared));
    assert!(found.contains("give a tuple with one loss for each"), "{found}");
}
