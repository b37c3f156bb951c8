//! A step that the engine takes wholly by itself moves a network as one over dfdx's tape does.

#![cfg(feature = "engine")]
#![allow(clippy::unwrap_used)]

use netwright::data::{Batch, Column, Dataset};
use netwright::dfdx::prelude::*;
use netwright::prelude::{Model as _, Train as _, network};
use netwright::train::{
    Adagrad, Adam, AdamW, Adamax, BinaryCrossEntropy, BinaryFocal, CosineEmbedding, CrossEntropy,
    Ctc, Focal, Hinge, Huber, KlDivergence, Lamb, Lion, Loss, MeanAbsolute, MeanSquared,
    MultiMargin, NAdam, Nll, Optimizer, Output, RmsProp, Sgd, TripletMargin, custom_loss,
};
use netwright::value::{AnyTensor, Value};

network! {
    struct Net([2, 6, 6]) -> [5] {
        Conv2d<4, 3, padding = 1>, BatchNorm2d, Relu, MaxPool2d<2>,
        Conv2d<3, 3>, Flatten, Linear<7>, Gelu, Dropout(0.2), Linear<5>,
    }
}

/// The same loss, which the engine does not know by its name.
fn unknown(loss: impl Loss<f32, Cpu>) -> impl Loss<f32, Cpu> {
    custom_loss(move |outputs: Vec<Output<f32, Cpu>>, targets: &[Value<f32, Cpu>]| {
        loss.compute(outputs, targets)
    })
}

fn numbers(net: &Net) -> Vec<f32> {
    net.tensors().into_iter().flat_map(|tensor| tensor.array().unwrap().data.as_vec()).collect()
}

fn batch(target: Column) -> Batch {
    let floats: Tensor<Rank1<{ 37 * 72 }>, f32, _> = Cpu::seed_from_u64(5).sample_normal();
    let input = Column::floats(floats.as_vec(), &[2, 6, 6]).unwrap();
    Batch { inputs: vec![input], targets: vec![target] }
}

fn compare(
    loss: impl Loss<f32, Cpu>,
    target: Column,
    optimizer: impl Fn() -> Box<dyn Optimizer<f32, Cpu>>,
) {
    let batch = batch(target);
    let (mut direct, mut taped) =
        (Net::seeded(&Cpu::default(), 1), Net::seeded(&Cpu::default(), 1));
    let (mut fast, mut slow) = (optimizer(), optimizer());
    for step in 0..4 {
        let before = numbers(&direct);
        let found = direct.step(&batch, &loss, &mut *fast).unwrap();
        let wanted = taped.step(&batch, unknown(&loss), &mut *slow).unwrap();
        assert!((found.loss - wanted.loss).abs() <= 1e-5 * wanted.loss.abs(), "step {step}");
        assert_ne!(before, numbers(&direct));
        for (found, wanted) in numbers(&direct).iter().zip(numbers(&taped)) {
            assert!((found - wanted).abs() <= 2e-5, "step {step}: {found} for {wanted}");
        }
    }
}

fn floats() -> Column {
    let floats: Tensor<Rank1<{ 37 * 5 }>, f32, _> = Cpu::seed_from_u64(6).sample_uniform();
    Column::floats(floats.as_vec(), &[5]).unwrap()
}

fn labels() -> Column {
    Column::labels((0..37).map(|i| i * 3 % 5).collect())
}

/// Large, so that differences of the rules show; Adam's first steps hang on signs alone.
fn sgd() -> Box<dyn Optimizer<f32, Cpu>> {
    Box::new(Sgd::default().lr(0.05).momentum(0.9))
}

/// For losses with small gradients.
fn large() -> Box<dyn Optimizer<f32, Cpu>> {
    Box::new(Sgd::default().lr(0.5).momentum(0.9))
}

#[test]
fn every_loss() {
    compare(CrossEntropy, labels(), sgd);
    compare(CrossEntropy.label_smoothing(0.1), labels(), sgd);
    compare(MeanSquared, floats(), sgd);
    compare(MeanAbsolute, floats(), sgd);
    compare(Huber::default(), floats(), sgd);
    compare(Huber::delta(0.3), floats(), sgd);
    compare(BinaryCrossEntropy, floats(), sgd);
    let bits = Column::indices((0..37 * 5).map(|i| i % 3 % 2).collect(), &[5]).unwrap();
    compare(BinaryCrossEntropy, bits.clone(), sgd);
    compare(BinaryFocal::default(), bits.clone(), large);
    compare(BinaryFocal::default().alpha(None).gamma(0.5), floats(), sgd);
    compare(Hinge::default(), bits.clone(), sgd);
    compare(Hinge::squared(), bits, sgd);
    compare(KlDivergence, floats(), sgd);
}

/// With a label that is a class, and one that is none, ignored.
#[test]
fn every_loss_over_labels() {
    let weight = [0.5, 2.0, 1.0, 0.0, 1.5];
    compare(CrossEntropy.weight(weight), labels(), sgd);
    compare(CrossEntropy.ignore_index(2).label_smoothing(0.2), labels(), sgd);
    compare(CrossEntropy.ignore_index(1).weight(weight).label_smoothing(0.2), labels(), sgd);
    compare(Nll::default(), labels(), sgd);
    compare(Nll::default().ignore_index(3).weight(weight), labels(), sgd);
    compare(Focal::default(), labels(), sgd);
    compare(MultiMargin::default(), labels(), sgd);
    compare(MultiMargin::default().p(2).margin(0.5).weight(weight), labels(), sgd);
    compare(Focal::default().gamma(0.5).weight(weight).ignore_index(0), labels(), sgd);
}

network! {
    struct Steps([5, 3]) -> [5, 4] { Linear<6>, Tanh, LayerNorm, Linear<4>, LogSoftmax }
}

/// Sequences of 1 to 5 steps, padded.
#[test]
fn sequences_with_ignored_labels() {
    let floats: Tensor<Rank1<{ 23 * 15 }>, f32, _> = Cpu::seed_from_u64(5).sample_normal();
    let input = Column::floats(floats.as_vec(), &[5, 3]).unwrap();
    let label = |i: usize| if i % 5 > i / 5 % 5 { 9 } else { i * 7 % 4 };
    let target = Column::indices((0..23 * 5).map(label).collect(), &[5]).unwrap();
    let data = Dataset::new(input.clone(), target.clone()).unwrap();
    let batch = Batch { inputs: vec![input], targets: vec![target] };
    let losses: [&dyn Loss<f32, Cpu>; 3] = [
        &CrossEntropy.ignore_index(9),
        &Nll::default().ignore_index(9).weight([1.0, 0.5, 2.0, 0.25]),
        &Focal::default().ignore_index(9),
    ];
    for loss in losses {
        let new = || Steps::seeded(&Cpu::default(), 1);
        let (mut direct, mut taped, mut fast, mut slow) = (new(), new(), sgd(), sgd());
        for _ in 0..4 {
            let accuracy = taped.evaluate(&data, loss).unwrap().accuracy;
            let found = direct.step(&batch, loss, &mut *fast).unwrap();
            let wanted = taped.step(&batch, unknown(loss), &mut *slow).unwrap();
            assert!((found.loss - wanted.loss).abs() <= 1e-5 * wanted.loss.abs());
            assert_eq!(found.accuracy, accuracy);
        }
        for (found, wanted) in direct.tensors().into_iter().zip(taped.tensors()) {
            let of = |tensor: &dyn AnyTensor<f32, Cpu>| tensor.array().unwrap().data.as_vec();
            for (found, wanted) in of(found).into_iter().zip(of(wanted)) {
                assert!((found - wanted).abs() <= 2e-5, "{found} for {wanted}");
            }
        }
    }
}

/// Four steps of both ways, from the same parameters.
fn same_steps<N: netwright::Model<f32, Cpu> + Clone>(
    net: &N,
    batch: &Batch,
    loss: &dyn Loss<f32, Cpu>,
) {
    let (mut direct, mut taped, mut fast, mut slow) = (net.clone(), net.clone(), sgd(), sgd());
    let numbers = |net: &N| -> Vec<f32> {
        let tensors = net.tensors().into_iter();
        tensors.flat_map(|tensor| tensor.array().unwrap().data.as_vec()).collect()
    };
    for _ in 0..4 {
        let before = numbers(&direct);
        let found = direct.step(batch, loss, &mut *fast).unwrap();
        let wanted = taped.step(batch, unknown(loss), &mut *slow).unwrap();
        assert!((found.loss - wanted.loss).abs() <= 1e-5 * wanted.loss.abs().max(0.1));
        assert_ne!(before, numbers(&direct));
    }
    for (found, wanted) in numbers(&direct).into_iter().zip(numbers(&taped)) {
        assert!((found - wanted).abs() <= 2e-5, "{found} for {wanted}");
    }
}

#[test]
fn ctc() {
    network! { struct Spell([9, 3]) -> [9, 4] { Linear<6>, Tanh, LayerNorm, Linear<4> } }
    let net = Spell::seeded(&Cpu::default(), 1);
    let floats: Tensor<Rank1<{ 23 * 27 }>, f32, _> = Cpu::seed_from_u64(5).sample_normal();
    let input = Column::floats(floats.as_vec(), &[9, 3]).unwrap();
    // From no label to four.
    let label = |i: usize| if i % 4 < i / 4 % 5 { i * 5 % 3 + 1 } else { 0 };
    let spelled = Column::indices((0..23 * 4).map(label).collect(), &[4]).unwrap();
    let steps = Column::labels((0..23).map(|i| 9 - i % 3).collect());
    let counts = Column::labels((0..23).map(|i| i % 5).collect());
    let mut batch = Batch { inputs: vec![input], targets: vec![spelled] };
    same_steps(&net, &batch, &Ctc::default());
    batch.targets.push(steps);
    same_steps(&net, &batch, &Ctc::default());
    batch.targets.push(counts);
    same_steps(&net, &batch, &Ctc::default());
    batch.targets[1] = Column::labels((0..23).map(|i| 1 + i % 9).collect());
    same_steps(&net, &batch, &Ctc::default().zero_infinity(true));
}

network! {
    struct Three(a: [6], b: [6], c: [6]) -> (x: [2, 3], y: [2, 3], z: [2, 3]) {
        layer code: Linear<6>;
        let x = a => code, Tanh, Reshape<[2, 3]>;
        let y = b => code, Reshape<[2, 3]>;
        (x, y, (c => code, Relu, Reshape<[2, 3]>))
    }

    /// An output that goes on to the other.
    struct Pair([6]) -> (x: [4], y: [4]) {
        let x = input => Linear<4>, Tanh;
        (x, (x => Linear<4>))
    }

    /// An output twice.
    struct Twin([6]) -> (left: [4], right: [4]) {
        let x = input => Linear<4>;
        (x, x)
    }
}

#[test]
fn losses_of_several_outputs() {
    let column = |seed| {
        let floats: Tensor<Rank1<{ 23 * 6 }>, f32, _> = Cpu::seed_from_u64(seed).sample_normal();
        Column::floats(floats.as_vec(), &[6]).unwrap()
    };
    let device = Cpu::default();
    let inputs = vec![column(1), column(2), column(3)];
    let batch = Batch { inputs, targets: Vec::new() };
    let net = Three::seeded(&device, 1);
    same_steps(&net, &batch, &TripletMargin::default());
    same_steps(&net, &batch, &TripletMargin::default().margin(0.3));
    let bits = Column::labels((0..23).map(|i| i / 2 % 2).collect());
    let batch = Batch { inputs: vec![column(4)], targets: vec![bits] };
    let pair = Pair::seeded(&device, 1);
    same_steps(&pair, &batch, &CosineEmbedding::default());
    same_steps(&pair, &batch, &CosineEmbedding::default().margin(-0.5));
    let signs = (0..23).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
    let batch = Batch { targets: vec![Column::floats(signs, &[]).unwrap()], ..batch };
    same_steps(&pair, &batch, &CosineEmbedding::default());
    same_steps(&Twin::seeded(&device, 1), &batch, &CosineEmbedding::default());
}

#[test]
fn every_optimizer() {
    compare(CrossEntropy, labels(), || Box::new(Sgd::default().lr(0.05)));
    compare(CrossEntropy, labels(), || Box::new(Adam::default().eps(0.1).lr(0.01)));
    compare(CrossEntropy, labels(), || Box::new(AdamW::default().eps(0.1).lr(0.01)));
    let matrices = |_: &str, shape: &[usize]| shape.len() > 1;
    compare(CrossEntropy, labels(), move || {
        Box::new(AdamW::default().eps(0.1).lr(0.01).weight_decay(2.0).decay_where(matrices))
    });
    compare(CrossEntropy, labels(), || Box::new(RmsProp::default().eps(0.1)));
    compare(CrossEntropy, labels(), || Box::new(Adagrad::default().eps(0.1)));
    compare(CrossEntropy, labels(), || Box::new(Adamax::default().eps(0.1).lr(0.01)));
    compare(CrossEntropy, labels(), || Box::new(NAdam::default().eps(0.1).lr(0.01)));
    // Signs of rounding errors may differ.
    compare(CrossEntropy, labels(), || Box::new(Lion::default().lr(5e-6)));
    compare(CrossEntropy, labels(), || Box::new(Lamb::default().eps(0.1).lr(0.01)));
}

#[test]
fn accuracy_is_that_of_the_loss() {
    let batch = batch(labels());
    let (mut direct, mut taped) =
        (Net::seeded(&Cpu::default(), 2), Net::seeded(&Cpu::default(), 2));
    let found = direct.step(&batch, CrossEntropy, &mut Adam::default()).unwrap();
    let scores = taped.forward_mut(
        batch.inputs[0]
            .tensor::<(usize, Const<2>, Const<6>, Const<6>), f32, _>(&Cpu::default())
            .unwrap(),
    );
    let right = scores
        .as_vec()
        .chunks(5)
        .zip(batch.targets[0].as_indices().unwrap())
        .filter(|(row, label)| (0..5).all(|i| row[i] <= row[**label]))
        .count();
    assert_eq!(found.accuracy, Some(right as f64 / 37.0));
}
