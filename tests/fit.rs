//! `fit`, `evaluate` and `predict`: what they reach, that they repeat, and what they refuse.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // in helpers of tests

use netwright::data::{Batch, Column, Dataset, Samples, digits};
use netwright::prelude::*;
use netwright::train::{Output, custom_loss};
use netwright::value::Value;
use netwright::{Error, Result};

network! {
    struct Xor([2]) -> [2] { Linear<16>, Tanh, Linear<2> }
}

network! {
    struct Line([2]) -> [1] { line: Linear<1> }
}

network! {
    /// Everything a step can change: parameters, running statistics, random numbers.
    struct Full([1, 8, 8]) -> [10] {
        Conv2d<4, 3>, BatchNorm2d, Relu, MaxPool2d<2>, Flatten, Dropout(0.5), Linear<10>,
    }
}

fn xor() -> Dataset {
    let inputs = Column::floats(vec![0., 0., 0., 1., 1., 0., 1., 1.], &[2]).unwrap();
    Dataset::new(inputs, Column::labels(vec![0, 1, 1, 0])).unwrap()
}

/// y = 2a - b + 1 for 50 points.
fn line() -> Dataset {
    let inputs: Vec<f32> = (0..100).map(|i| (i * 37 % 100) as f32 / 50.0 - 1.0).collect();
    let targets = inputs.chunks(2).map(|x| 2.0 * x[0] - x[1] + 1.0).collect();
    Dataset::new(Column::floats(inputs, &[2]).unwrap(), Column::floats(targets, &[]).unwrap())
        .unwrap()
}

/// All parameters and buffers, bit by bit.
fn bits(model: &impl Model<f32, Cpu>) -> Vec<u32> {
    let values = model.tensors().into_iter().flat_map(|t| t.array().unwrap().data.as_vec());
    values.map(f32::to_bits).collect()
}

#[test]
fn xor_is_learned() {
    let mut net = Xor::seeded(&Cpu::default(), 1);
    let fit = Fit::new(CrossEntropy, Adam::default().lr(0.05)).epochs(100).batch(4).quiet();
    let history = net.fit(&xor(), fit).unwrap();
    assert_eq!(history.epochs.len(), 100);
    assert!(history.last().unwrap().train.loss < 0.05, "{history}");
    let report = net.evaluate(&xor(), CrossEntropy).unwrap();
    assert_eq!((report.accuracy, report.samples), (Some(1.0), 4));
}

#[test]
fn a_line_is_found_in_f64() {
    let mut net = Line::<f64, Cpu>::init(&Cpu::default(), 1).unwrap();
    let sgd = Sgd::default().lr(0.1).momentum(0.9);
    let history = net.fit(&line(), Fit::new(MeanSquared, sgd).epochs(50).batch(8).quiet()).unwrap();
    let last = history.last().unwrap();
    assert!(last.train.loss < 1e-10, "{history}");
    assert_eq!(last.train.accuracy, None);
    assert!((net.line.bias.as_vec()[0] - 1.0).abs() < 1e-5);
}

#[test]
fn steps_are_those_of_fit() {
    let data = digits().unwrap().take(48);
    let (mut ours, mut theirs) =
        (Full::seeded(&Cpu::default(), 2), Full::seeded(&Cpu::default(), 2));
    let fit = Fit::new(CrossEntropy, AdamW::default()).epochs(2).batch(16).shuffle(false).quiet();
    let history = theirs.fit(&data, fit).unwrap();
    let mut adam = AdamW::default();
    let mut loss = 0.0;
    for epoch in 1..=2 {
        loss = 0.0;
        for batch in data.batches(16).unwrap() {
            let step = ours.step(&batch.unwrap(), CrossEntropy, &mut adam).unwrap();
            assert_eq!(step.samples, 16, "epoch {epoch}");
            loss += step.loss / 3.0;
        }
    }
    assert_eq!(bits(&ours), bits(&theirs));
    assert!((loss - history.last().unwrap().train.loss).abs() < 1e-9);
}

#[test]
fn a_step_that_fails_changes_nothing() {
    let data = digits().unwrap().take(8);
    let mut net = Full::seeded(&Cpu::default(), 2);
    let before = bits(&net);
    let mut batch = data.batches(8).unwrap().next().unwrap().unwrap();
    batch.targets = vec![Column::labels(vec![0, 1, 2, 3, 10, 5, 6, 7])];
    let error = net.step(&batch, CrossEntropy, &mut Adam::default()).unwrap_err();
    assert!(matches!(error, Error::Label { label: 10, sample: 4, classes: 10 }), "{error}");
    assert_eq!(bits(&net), before);
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let data = digits().unwrap().take(70);
    let train = |seed| {
        let mut net = Full::seeded(&Cpu::default(), 7);
        let fit = Fit::new(CrossEntropy, Adam::default()).epochs(2).batch(32).seed(seed).quiet();
        let history = net.fit(&data, fit).unwrap();
        (bits(&net), history.last().unwrap().train)
    };
    assert_eq!(train(3), train(3));
    assert_ne!(train(3).0, train(4).0);
}

/// A data set that notes which samples are asked for.
struct Noted(Dataset, std::cell::RefCell<Vec<Vec<usize>>>);

impl Samples for Noted {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn batch(&self, numbers: &[usize]) -> Result<Batch> {
        self.1.borrow_mut().push(numbers.to_vec());
        Samples::batch(&self.0, numbers)
    }
}

#[test]
fn every_sample_is_used_once_in_each_epoch() {
    let data = Noted(line(), Default::default());
    let mut net = Line::seeded(&Cpu::default(), 1);
    let history =
        net.fit(&data, Fit::new(MeanSquared, Sgd::default()).epochs(2).batch(16).quiet()).unwrap();
    assert_eq!(history.epochs[0].train.samples, 50);
    let batches = data.1.take();
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [16, 16, 16, 2, 16, 16, 16, 2]);
    let (first, second) = (batches[..4].concat(), batches[4..].concat());
    assert_ne!(first, second);
    for mut epoch in [first, second] {
        epoch.sort_unstable();
        assert_eq!(epoch, (0..50).collect::<Vec<_>>());
    }
    net.fit(&data, Fit::new(MeanSquared, Sgd::default()).batch(50).shuffle(false).quiet()).unwrap();
    assert_eq!(data.1.take(), [(0..50).collect::<Vec<_>>()]);
}

#[test]
fn averages_count_each_sample_once() {
    let mut net = Line::seeded(&Cpu::default(), 1);
    let still = || Sgd::default().lr(0.0);
    let all = net.evaluate(&line(), MeanSquared).unwrap().loss;
    let fit = Fit::new(MeanSquared, still()).batch(16).quiet();
    let parts = net.fit(&line(), fit).unwrap().last().unwrap().train.loss;
    assert!((all - parts).abs() < 1e-6, "{all} {parts}");
}

#[test]
fn an_optimizer_can_be_lent_to_several_trainings() {
    let train = |parts: &[usize]| {
        let (mut net, mut adam) = (Line::seeded(&Cpu::default(), 1), Adam::default());
        for &epochs in parts {
            let fit = Fit::new(&MeanSquared, &mut adam).epochs(epochs).shuffle(false).quiet();
            net.fit(&line(), fit).unwrap();
        }
        bits(&net)
    };
    assert_eq!(train(&[4]), train(&[1, 3]));
}

#[test]
fn predictions_come_in_the_order_of_the_samples() {
    let net = Full::seeded(&Cpu::default(), 1);
    let data = digits().unwrap().take(300);
    let all = net.predict(&data).unwrap();
    assert_eq!((all.len(), all.shape()), (300, &[10][..]));
    let one = net.predict(&data.inputs()[0].gather(&[299]).unwrap()).unwrap();
    // A batch may be summed in another order than one sample.
    let last = all.gather(&[299]).unwrap();
    for (a, b) in last.as_floats().unwrap().iter().zip(one.as_floats().unwrap()) {
        assert!((a - b).abs() < 1e-6, "{a} and {b}");
    }
    let x: Tensor<(usize, Const<1>, Const<8>, Const<8>), f32, _> =
        data.inputs()[0].gather(&[299]).unwrap().tensor(&Cpu::default()).unwrap();
    assert_eq!(one.as_floats().unwrap(), net.forward(x).as_vec());
    assert_eq!(net.predict_all(&data.inputs()[..1]).unwrap(), [all]);
}

#[test]
fn a_loss_may_be_a_closure() {
    let mut net = Line::seeded(&Cpu::default(), 1);
    let cube = custom_loss(|outputs: Vec<Output<f32, Cpu>>, targets: &[Value<f32, Cpu>]| {
        Ok(MeanSquared.compute(outputs, targets)? * 3.0)
    });
    let report = net.evaluate(&line(), cube).unwrap();
    let plain = net.evaluate(&line(), MeanSquared).unwrap();
    assert!((report.loss - 3.0 * plain.loss).abs() < 1e-5);
    let adam = Adam::default().lr(0.1);
    let history = net.fit(&line(), Fit::new(cube, adam).epochs(30).batch(10).quiet()).unwrap();
    assert!(history.last().unwrap().train.loss < 1e-2, "{history}");
}

/// Trains on a data set that is refused: the network must not change. The message.
fn refused(
    data: &Dataset,
    change: impl Fn(Fit<CrossEntropy, Adam>) -> Fit<CrossEntropy, Adam>,
) -> Error {
    let mut net = Full::seeded(&Cpu::default(), 1);
    let before = bits(&net);
    let fit = change(Fit::new(CrossEntropy, Adam::default()).quiet());
    let error = net.fit(data, fit).unwrap_err();
    assert_eq!(bits(&net), before);
    error
}

fn images(count: usize) -> Column {
    Column::floats(vec![0.5; count * 64], &[1, 8, 8]).unwrap()
}

#[test]
fn settings_and_data_without_sense_are_errors() {
    let data = digits().unwrap().take(8);
    let say = |data, change: fn(Fit<CrossEntropy, Adam>) -> Fit<CrossEntropy, Adam>| {
        refused(data, change).to_string()
    };
    assert_eq!(say(&data, |fit| fit.epochs(0)), "a training has at least 1 epoch, but 0 are set");
    assert_eq!(say(&data, |fit| fit.batch(0)), "the batch size is 0, but must be at least 1");
    let nothing = Dataset::new(images(0), Column::labels(Vec::new())).unwrap();
    assert_eq!(say(&nothing, |fit| fit), "the training data has no samples");
    let found = refused(&data, |_| Fit::new(CrossEntropy, Adam::default().lr(-1.0)).quiet());
    assert!(matches!(found, Error::Setting(_)), "{found}");

    let flat = data.clone().reshape(&[64]).unwrap();
    let text = "`input` of `Full` takes floats of shape [1, 8, 8] for each of 8 samples, but was \
                given floats of shape [8, 64] (the first size is the batch)";
    assert_eq!(say(&flat, |fit| fit), text);
    let two = data.clone().with_target(Column::labels(vec![0; 8])).unwrap();
    let text = "CrossEntropy compares one output with one target, but was given 1 outputs and 2 \
                targets; for several, give a tuple with one loss for each";
    assert_eq!(say(&two, |fit| fit), text);

    let net = Full::seeded(&Cpu::default(), 1);
    let found = net.evaluate(&nothing, CrossEntropy).unwrap_err().to_string();
    assert_eq!(found, "the data to be evaluated has no samples");
    let found = net.predict(&images(0)).unwrap_err().to_string();
    assert_eq!(found, "the data to predict from has no samples");
}

#[test]
fn a_label_is_named_by_its_number_in_the_data_set() {
    let mut labels = vec![1; 40];
    labels[23] = 10;
    let data = Dataset::new(images(40), Column::labels(labels)).unwrap();
    let text = "the label 10 of sample 23 is none of the 10 classes 0 to 9";
    assert_eq!(refused(&data, |fit| fit.batch(40)).to_string(), text);
    assert_eq!(refused(&data, |fit| fit.batch(40).shuffle(false)).to_string(), text);
    let mut labels = vec![1; 300];
    labels[270] = 10;
    let data = Dataset::new(images(300), Column::labels(labels)).unwrap();
    let net = Full::seeded(&Cpu::default(), 1);
    let found = net.evaluate(&data, CrossEntropy).unwrap_err().to_string();
    assert_eq!(found, "the label 10 of sample 270 is none of the 10 classes 0 to 9");
}

network! {
    struct Normed([2]) -> [2] { Linear<3>, BatchNorm1d, Linear<2> }
}

#[test]
fn a_last_batch_of_one_sample_is_the_layers_error() {
    let five = Column::floats(vec![0.5; 10], &[2]).unwrap();
    let data = Dataset::new(five, Column::labels(vec![0, 1, 0, 1, 0])).unwrap();
    let mut net = Normed::seeded(&Cpu::default(), 1);
    let fit = |size| Fit::new(CrossEntropy, Adam::default()).batch(size).quiet();
    let error = net.fit(&data, fit(4)).unwrap_err();
    assert!(matches!(&error, Error::Layer { layer, .. } if layer == "batch_norm1d_1"), "{error}");
    net.fit(&data, fit(5)).unwrap();
}

/// The steps of a training that is cut by a bad batch are the steps without that batch.
#[test]
fn a_step_that_is_not_finite_changes_nothing() {
    for bad in [f32::NAN, f32::INFINITY] {
        let good = digits().unwrap().take(32);
        let mut wrong = images(16);
        if let Column::Floats { data, .. } = &mut wrong {
            data[100] = bad;
        }
        let wrong = Dataset::new(wrong, Column::labels(vec![0; 16])).unwrap();

        let mut net = Full::seeded(&Cpu::default(), 1);
        let mut adam = Adam::default();
        let mut other = net.clone();
        let mut other_adam = Adam::default();
        fn fit(adam: &mut Adam) -> Fit<'static, CrossEntropy, &mut Adam> {
            Fit::new(CrossEntropy, adam).batch(16).quiet()
        }
        net.fit(&good, fit(&mut adam)).unwrap();
        other.fit(&good, fit(&mut other_adam)).unwrap();
        let before = bits(&net);

        let error = net.fit(&wrong, fit(&mut adam)).unwrap_err();
        assert!(matches!(error, Error::NotFinite(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains("in epoch 1, batch 1; the network is as it was"), "{text}");
        assert_eq!(bits(&net), before);

        // Dropout's random numbers and the optimizer stand where they stood, too.
        net.fit(&good, fit(&mut adam)).unwrap();
        other.fit(&good, fit(&mut other_adam)).unwrap();
        assert_eq!(bits(&net), bits(&other));
    }
}

#[test]
fn a_gradient_that_is_not_finite_names_its_parameter() {
    let mut net = Line::seeded(&Cpu::default(), 1);
    let before = bits(&net);
    // The root of 0 is finite, its slope is not.
    let root = custom_loss(|mut outputs: Vec<Output<f32, Cpu>>, _: &[Value<f32, Cpu>]| {
        let x = outputs.swap_remove(0).tensor::<(usize, Const<1>)>()?;
        Ok((x * 0.0).sqrt().mean())
    });
    let error = net.fit(&line(), Fit::new(root, Sgd::default()).quiet()).unwrap_err().to_string();
    let text = "the gradient of `line.weight` holds numbers that are not finite in epoch 1, batch \
                1; the network is as it was before that batch: a smaller learning rate or scaled \
                data may help";
    assert_eq!(error, text);
    assert_eq!(bits(&net), before);
}

#[test]
fn a_summary_is_a_table() {
    let net = Full::seeded(&Cpu::default(), 1);
    let text = "\
Full
  name            layer        output     parameters
  input           input        [1, 8, 8]            
  conv2d_1        Conv2d       [4, 6, 6]          40
  batch_norm2d_1  BatchNorm2d  [4, 6, 6]          16
  relu_1          Relu         [4, 6, 6]            
  max_pool2d_1    MaxPool2d    [4, 3, 3]            
  flatten_1       Flatten      [36]                 
  dropout_1       Dropout      [36]                 
  linear_1        Linear       [10]              370
418 parameters, and 8 in buffers";
    assert_eq!(net.summary().to_string(), text);
}
