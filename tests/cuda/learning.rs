//! Learning: steps of every optimizer, whole trainings, evaluation and prediction.

use crate::{Differences, Gpu, check};
use netwright::data::{Batch, Column, digits};
use netwright::prelude::*;
use netwright::{Error, Result};

network! {
    struct Net([2, 6, 6]) -> [5] {
        Conv2d<4, 3, padding = 1>, BatchNorm2d, Relu, MaxPool2d<2>,
        Conv2d<3, 3>, Flatten, Linear<7>, Gelu, Dropout(0.2), Linear<5>,
    }

    struct Digits([1, 8, 8]) -> [10] {
        Conv2d<4, 3>, BatchNorm2d, Relu, MaxPool2d<2>, Flatten, Dropout(0.5), Linear<10>,
    }
}

fn batch() -> Batch {
    let mut random = crate::support::Random(5);
    let data = (0..37 * 72).map(|_| random.number() as f32).collect();
    let target = Column::labels((0..37).map(|i| i * 3 % 5).collect());
    Batch { inputs: vec![Column::floats(data, &[2, 6, 6]).unwrap()], targets: vec![target] }
}

/// All parameters and buffers.
pub fn tensors<E: Float, D: Backend<E>>(net: &dyn Model<E, D>) -> Vec<Vec<E>> {
    net.tensors().into_iter().map(|tensor| tensor.array().unwrap().data.as_vec()).collect()
}

/// The loss of four steps; then where they led.
fn steps<E: Float, D: Backend<E>>(device: &D, optimizer: &mut dyn Optimizer<E, D>) -> Vec<Vec<E>> {
    let mut net = Net::<E, D>::init(device, 1).unwrap();
    let (batch, mut losses) = (batch(), Vec::new());
    for _ in 0..4 {
        losses.push(E::of(net.step(&batch, CrossEntropy, optimizer).unwrap().loss));
    }
    std::iter::once(losses).chain(tensors(&net)).collect()
}

macro_rules! optimizers {
    ($($name:ident: $optimizer:expr;)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name), |device, found| {
                let expected = steps::<f64, Cpu>(&Cpu::default(), &mut $optimizer);
                found.lists("list", &steps::<f32, Gpu>(device, &mut $optimizer), &expected);
                found.lists("list", &steps::<f64, Gpu>(device, &mut $optimizer), &expected);
                let fresh = tensors(&Net::<f64, Cpu>::init(&Cpu::default(), 1).unwrap());
                found.holds("all parameters move", fresh.iter().zip(&expected[1..]).all(|(a, b)| a != b));
            });
        })*
    };
}

optimizers! {
    sgd: Sgd::default().lr(0.05).momentum(0.9).nesterov(true).weight_decay(0.1);
    adam: Adam::default().eps(0.1).lr(0.01);
    adam_w: AdamW::default().eps(0.1).lr(0.01).weight_decay(0.2);
    rms_prop: RmsProp::default().eps(0.1).momentum(0.5);
    adagrad: Adagrad::default().eps(0.1);
    adamax: Adamax::default().eps(0.1).lr(0.01);
    n_adam: NAdam::default().eps(0.1).lr(0.01);
    lion: Lion::default().lr(2e-6);
    lamb: Lamb::default().eps(0.1).lr(0.01);
}

/// The losses of two epochs, of an evaluation, and its accuracy; all parameters, some predictions.
fn fit<E: Float, D: Backend<E>>(device: &D) -> Vec<Vec<E>> {
    let (train, test) = digits().unwrap().split(0.8).unwrap();
    let (train, test) = (train.take(320), test.take(100));
    let mut net = Digits::<E, D>::init(device, 2).unwrap();
    let settings = Fit::new(CrossEntropy, Sgd::default().lr(0.05).momentum(0.9));
    let history = net.fit(&train, settings.epochs(2).batch(32).validate(&test).quiet()).unwrap();
    let after = net.evaluate(&test, CrossEntropy).unwrap();
    let mut numbers: Vec<f64> = history.epochs.iter().map(|epoch| epoch.train.loss).collect();
    numbers.extend([after.loss, after.accuracy.unwrap()]);
    let predicted = net.predict(&test).unwrap();
    let predicted = predicted.as_floats().unwrap().iter().map(|&x| E::of(f64::from(x)));
    let numbers = numbers.into_iter().map(E::of).collect();
    [vec![numbers], tensors(&net), vec![predicted.collect()]].concat()
}

#[test]
fn fit_learns_digits() {
    check("fit_learns_digits", |device, found| {
        let expected = fit::<f64, Cpu>(&Cpu::default());
        println!("losses, accuracy: {:?}", expected[0]);
        let (double, single) = (fit::<f64, Gpu>(device), fit::<f32, Gpu>(device));
        for (i, expected) in expected.iter().enumerate() {
            let what = format!("list {i}");
            // Columns are f32, and 20 steps carry roundings on.
            found.within(1e5, &what, &double[i], expected);
            found.within(20.0, &what, &single[i], expected);
        }
    });
}

/// The seed decides the parameters, whatever the device.
#[test]
fn seeds() {
    check("seeds", |device, found| {
        let (ours, theirs) = (Net::seeded(device, 3), Net::seeded(&Cpu::default(), 3));
        found.holds("the same bits in f32", tensors(&ours) == tensors(&theirs));
        let ours = Net::<f64, Gpu>::init(device, 3).unwrap();
        let theirs = Net::<f64, Cpu>::init(&Cpu::default(), 3).unwrap();
        found.holds("the same bits in f64", tensors(&ours) == tensors(&theirs));
    });
}

network! {
    struct Words([usize; 4]) -> [3] { Embedding<7, 3>, Flatten, Linear<3> }
}

fn says<T>(found: &mut Differences, what: &str, result: Result<T>, is: impl Fn(&Error) -> bool) {
    match result {
        Ok(_) => found.holds(&format!("{what} is an error"), false),
        Err(error) => found.holds(&format!("{what}: {error}"), is(&error)),
    }
}

#[test]
fn errors() {
    check("errors", |device, found| {
        let mut net = Net::seeded(device, 3);
        let before = tensors(&net);
        let mut wrong = batch();
        wrong.targets = vec![Column::labels(vec![5; 37])];
        let result = net.step(&wrong, CrossEntropy, &mut Adam::default());
        says(found, "a label", result, |error| matches!(error, Error::Label { label: 5, .. }));
        wrong = batch();
        wrong.inputs = vec![Column::floats(vec![f32::NAN; 37 * 72], &[2, 6, 6]).unwrap()];
        let result = net.step(&wrong, CrossEntropy, &mut Adam::default());
        says(found, "NaN", result, |error| matches!(error, Error::NotFinite(_)));
        wrong.inputs = vec![Column::floats(vec![0.0; 37 * 36], &[6, 6]).unwrap()];
        let result = net.step(&wrong, CrossEntropy, &mut Adam::default());
        says(found, "a shape", result, |error| matches!(error, Error::Data(_)));
        found.holds("a step that fails changes nothing", before == tensors(&net));
        let words = Words::seeded(device, 1);
        let result = words.predict(&Column::indices(vec![0, 1, 7, 2], &[4]).unwrap());
        says(found, "an index", result, |error| matches!(error, Error::Layer { .. }));
        let one = Column::floats(vec![1.0; 72], &[2, 6, 6]).unwrap();
        found.holds("the device works on", net.predict(&one).is_ok());
        let step = net.step(&batch(), CrossEntropy, &mut Adam::default());
        found.holds("a step works on", step.is_ok_and(|report| report.loss.is_finite()));
    });
}
