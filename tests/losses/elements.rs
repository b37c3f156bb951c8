//! Losses of single elements and rows: divergence, hinges, binary focal.

use super::{check, floats, labels, message, scores};
use netwright::data::Column;
use netwright::prelude::*;
use netwright::value::Value;

#[test]
fn kl_divergence_is_pytorchs() {
    check("kl", KlDivergence, (3, 4), || floats("kl", &[3, 4]));
    check("kl_zeros", KlDivergence, (3, 4), || floats("kl_zeros", &[3, 4]));
    check("kl_time", KlDivergence, (2, 3, 4), || floats("kl_time", &[2, 3, 4]));
    let device = Cpu::default();
    // What has no probability may be as unlikely as it likes.
    let x = device.tensor([[0.0_f32, f32::NEG_INFINITY]]);
    let loss = KlDivergence.loss(x.leaky_trace(), device.tensor([[1.0, 0.0]])).unwrap();
    assert_eq!(loss.array(), 0.0);
    assert_eq!(loss.backward().get(&x).array(), [[-1.0, 0.0]]);
}

#[test]
fn hinges_are_their_formula() {
    check("hinge", Hinge::default(), (3, 4), || floats("hinge", &[3, 4]));
    check("hinge_squared", Hinge::squared(), (3, 4), || floats("hinge_squared", &[3, 4]));
    // Bits are signs too.
    let bits = || match floats("hinge", &[3, 4]) {
        Value::Floats(array) => {
            let bits: Vec<usize> =
                array.data.as_vec().iter().map(|&y| usize::from(y > 0.0)).collect();
            Column::indices(bits, &[4]).unwrap()
        }
        other => panic!("{other:?}"),
    };
    let x: Vec<f32> = super::numbers("hinge.output");
    let x = Cpu::default().tensor_from_vec(x, (3, 4));
    let loss = Hinge::default().loss(x.leaky_trace(), &bits()).unwrap().array();
    assert!((loss - super::numbers::<f32>("hinge.loss")[0]).abs() < 1e-6);
}

#[test]
fn binary_focal_is_torchvisions() {
    let soft = BinaryFocal::default().alpha(0.6).gamma(1.5);
    let plain = BinaryFocal::default().alpha(None).gamma(0.5);
    for (name, loss) in [
        ("binary_focal", BinaryFocal::default()),
        ("binary_focal_soft", soft),
        ("binary_focal_plain", plain),
    ] {
        check(name, loss, (3, 4), || floats(name, &[3, 4]));
    }
    // What is certain has no loss and no gradient, also where powers have none.
    let x = Cpu::default().tensor([[1e4_f32, -1e4]]);
    let bits = Column::indices(vec![1, 0], &[2]).unwrap();
    let loss = plain.loss(x.leaky_trace(), &bits).unwrap();
    assert_eq!(loss.array(), 0.0);
    assert_eq!(loss.backward().get(&x).array(), [[0.0, 0.0]]);
}

#[test]
fn multi_margin_is_pytorchs() {
    let name = "multi_margin";
    check(name, MultiMargin::default(), (5, 4), || labels(name, &[5]));
    let name = "multi_margin_all";
    let all = MultiMargin::default().p(2).margin(0.6).weight([0.5, 2.0, 0.25, 1.25]);
    check(name, all, (5, 4), || labels(name, &[5]));
    let name = "multi_margin_time";
    check(name, MultiMargin::default().margin(2.0), (2, 3, 4), || labels(name, &[2, 3]));
}

#[test]
fn targets_and_settings_without_sense_are_errors() {
    let x = scores::<Rank2<2, 2>>;
    let column = |values: [f32; 4]| Column::floats(values.to_vec(), &[2]).unwrap();
    let found = message(KlDivergence.loss(x(), &column([0.5, 0.5, -0.5, 1.0])));
    assert_eq!(
        found,
        "KlDivergence expects probabilities as targets, but received -0.5 in sample 1 of the batch"
    );
    let found = message(Hinge::default().loss(x(), &column([1.0, -1.0, 0.0, 0.5])));
    assert_eq!(
        found,
        "Hinge expects targets 1 and -1 (or 0), but received 0.5 in sample 1 of the batch"
    );
    let found = message(Hinge::default().loss(x(), &Column::labels(vec![0, 1])));
    assert!(
        found.starts_with("Hinge for an output of shape [2, 2] expects a target of"),
        "{found}"
    );
    let two = Column::indices(vec![0, 2, 1, 1], &[2]).unwrap();
    let found = message(BinaryFocal::default().loss(x(), &two));
    assert_eq!(found, "the label 2 of sample 0 is none of the 2 classes 0 to 1");
    let found = message(BinaryFocal::default().alpha(1.5).loss(x(), &column([0.0; 4])));
    assert_eq!(found, "BinaryFocal's alpha is a weight between 0 and 1, not 1.5");
    let found = message(BinaryFocal::default().gamma(-1.0).loss(x(), &column([0.0; 4])));
    assert_eq!(found, "BinaryFocal's gamma is a number of at least 0, not -1");
    let found = message(BinaryFocal::default().loss(x(), &column([0.0, 0.0, 2.0, 0.0])));
    assert_eq!(
        found,
        "BinaryFocal expects targets from 0 to 1, but received 2 in sample 1 of the batch"
    );
    let labels = Column::labels(vec![0, 1]);
    let found = message(MultiMargin::default().p(3).loss(x(), &labels));
    assert_eq!(found, "MultiMargin's p is 1 or 2, not 3");
    let found = message(MultiMargin::default().margin(f64::NAN).loss(x(), &labels));
    assert_eq!(found, "MultiMargin's margin is a finite number, not NaN");
    let found = message(MultiMargin::default().weight([1.0]).loss(x(), &labels));
    assert_eq!(found, "MultiMargin has weights for 1 classes, but the output is for 2");
}

/// None of them makes an ordinary number of one that is not.
#[test]
fn nan_is_not_hidden() {
    let x = Cpu::default().tensor([[f32::NAN, 0.0]]);
    let bits = Column::indices(vec![1, 0], &[2]).unwrap();
    let losses: [&dyn Loss<f32, Cpu>; 3] =
        [&Hinge::default(), &Hinge::squared(), &BinaryFocal::default()];
    for loss in losses {
        assert!((&loss).loss(x.leaky_trace(), &bits).unwrap().array().is_nan());
    }
    let label = Column::labels(vec![1]);
    assert!(MultiMargin::default().loss(x.leaky_trace(), &label).unwrap().array().is_nan());
}
