//! Losses over class labels: weights, ignored labels, and both at once.

use super::{check, labels, message, scores};
use netwright::data::{Column, Dataset};
use netwright::prelude::*;

const WEIGHT: [f64; 4] = [0.5, 2.0, 0.0, 1.25];

#[test]
fn cross_entropy_with_settings_is_pytorchs() {
    let compare = |name: &str, loss| check(name, &loss, (6, 4), || labels(name, &[6]));
    compare("cross_entropy_weight", CrossEntropy.weight(WEIGHT));
    compare("cross_entropy_ignore", CrossEntropy.ignore_index(1));
    let all = CrossEntropy.weight(WEIGHT).ignore_index(1).label_smoothing(0.2);
    compare("cross_entropy_all", all);
    compare("cross_entropy_smooth_ignore", CrossEntropy.label_smoothing(0.3).ignore_index(0));
    let name = "cross_entropy_padded";
    let loss = CrossEntropy.ignore_index(9).weight(WEIGHT);
    check(name, loss, (3, 3, 4), || labels(name, &[3, 3]));
}

#[test]
fn nll_is_pytorchs() {
    let compare = |name: &str, loss| check(name, &loss, (6, 4), || labels(name, &[6]));
    compare("nll", Nll::default());
    compare("nll_all", Nll::default().weight(WEIGHT).ignore_index(0));
    let name = "nll_padded";
    check(name, Nll::default().ignore_index(4), (3, 2, 4), || labels(name, &[3, 2]));
}

#[test]
fn focal_is_its_formula() {
    let compare = |name: &str, loss| check(name, &loss, (6, 4), || labels(name, &[6]));
    compare("focal", Focal::default());
    compare("focal_half", Focal::default().gamma(0.5));
    compare("focal_all", Focal::default().gamma(1.5).weight(WEIGHT).ignore_index(0));
    // What is certain has no loss and no gradient, also where powers have none.
    let x = Cpu::default().tensor([[1e4_f32, 0.0]]);
    let certain = Focal::default().gamma(0.5).loss(x.leaky_trace(), &Column::labels(vec![0]));
    let certain = certain.unwrap();
    assert_eq!(certain.array(), 0.0);
    assert_eq!(certain.backward().get(&x).array(), [[0.0, 0.0]]);
}

#[test]
fn what_an_ignored_row_holds_does_not_matter() {
    let device = Cpu::default();
    let steps = Column::indices(vec![1, 2, 2, 7], &[2]).unwrap();
    let at = |padding: f64| {
        device.tensor([[[0.5, -1.0, 2.0], [0.1, 0.2, 0.3]], [[1.0, 0.0, 0.0], [padding; 3]]])
    };
    let of = |x: &Tensor<Rank3<2, 2, 3>, f64, Cpu>| {
        let loss = CrossEntropy.ignore_index(7).loss(x.leaky_trace(), &steps).unwrap();
        (loss.array(), loss.backward().get(x).array())
    };
    let (loss, gradient) = of(&at(0.0));
    assert_eq!(gradient[1][1], [0.0; 3]);
    assert_eq!((loss, gradient), of(&at(f64::NAN)));
}

#[test]
fn labels_and_settings_that_do_not_fit_are_explained() {
    let x = scores::<Rank2<2, 3>>;
    let say = |loss: &dyn Fn() -> netwright::Result<_>| message(loss());
    let two = Column::labels(vec![2, 2]);
    assert_eq!(
        say(&|| CrossEntropy.ignore_index(2).loss(x(), &two)),
        "CrossEntropy has nothing to compare: all labels of the batch are the ignored one"
    );
    assert_eq!(
        say(&|| Nll::default().weight([1.0, 1.0, 0.0]).loss(x(), &two)),
        "Nll has nothing to compare: the weights of all labels of the batch are 0"
    );
    assert_eq!(
        say(&|| CrossEntropy.weight([1.0, 1.0]).loss(x(), &two)),
        "CrossEntropy has weights for 2 classes, but the output is for 3"
    );
    assert_eq!(
        say(&|| Focal::default().weight([1.0, -0.5, 1.0]).loss(x(), &two)),
        "Focal's weights are numbers of at least 0, but one is -0.5"
    );
    assert_eq!(
        say(&|| Focal::default().gamma(f64::NAN).loss(x(), &two)),
        "Focal's gamma is a number of at least 0, but was set to NaN"
    );
    let bad = Column::labels(vec![7, 8]);
    assert_eq!(
        say(&|| Nll::default().ignore_index(7).loss(x(), &bad)),
        "the label 8 of sample 1 is none of the 3 classes 0 to 2"
    );
    let found = say(&|| Nll::default().loss(x(), &Column::labels(vec![1])));
    assert!(found.starts_with("Nll for an output of shape [2, 3] expects"), "{found}");
}

#[test]
fn ignored_labels_count_in_no_accuracy() {
    network! { struct Steps([4, 2]) -> [4, 3] { Linear<3> } }
    let net = Steps::seeded(&Cpu::default(), 1);
    let inputs = Column::floats((0..16).map(|i| (i % 5) as f32 - 2.0).collect(), &[4, 2]).unwrap();
    let outputs = net.predict(&inputs).unwrap();
    let row = |i: usize| &outputs.as_floats().unwrap()[i * 3..][..3];
    let best = |i: usize| (0..3).max_by(|&a, &b| row(i)[a].total_cmp(&row(i)[b])).unwrap();
    // Three right, one wrong, four ignored.
    let mut target: Vec<usize> = (0..8).map(best).collect();
    target[3..7].fill(5);
    target[7] = (target[7] + 1) % 3;
    let data = Dataset::new(inputs, Column::indices(target, &[4]).unwrap()).unwrap();
    let report = net.evaluate(&data, CrossEntropy.ignore_index(5)).unwrap();
    assert_eq!(report.accuracy, Some(0.75));
}

/// However many labels a batch has that count.
#[test]
fn the_loss_of_a_data_set_is_that_of_all_its_labels() {
    network! { struct Steps([4, 2]) -> [4, 3] { Linear<3> } }
    let net = Steps::<f64, Cpu>::init(&Cpu::default(), 1).unwrap();
    const SAMPLES: usize = 300;
    let inputs = (0..SAMPLES * 8).map(|i| (i * 5 % 13) as f32 / 5.0 - 1.0).collect();
    let inputs = Column::floats(inputs, &[4, 2]).unwrap();
    // Only those behind the first batch of an evaluation are complete.
    let label = |i: usize| match (i / 4, i % 4) {
        (..256, 1..) => 5,
        _ => i * i % 3,
    };
    let target = Column::indices((0..SAMPLES * 4).map(label).collect(), &[4]).unwrap();
    let x: Tensor<(usize, Const<4>, Const<2>), f64, _> = inputs.tensor(&Cpu::default()).unwrap();
    for loss in [CrossEntropy.ignore_index(5), CrossEntropy.ignore_index(5).weight([1.0, 3.0, 0.5])]
    {
        let whole = loss.loss(net.forward(x.clone()).leaky_traced(), &target).unwrap().array();
        let data = Dataset::new(inputs.clone(), target.clone()).unwrap();
        let found = net.evaluate(&data, &loss).unwrap().loss;
        assert!((found - whole).abs() < 1e-12, "{found} is not {whole}");
    }
}
