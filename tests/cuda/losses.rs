//! Every loss: its value, its gradients, and what it counts as right.

use crate::support::Random;
use crate::{Gpu, check, wide};
use netwright::data::Column;
use netwright::prelude::*;
use netwright::train::{Output, Target};
use netwright::value::{Array, Value};

/// The value and the right answers; then the gradient of each output.
fn numbers<E: Float, D: Backend<E>>(
    device: &D,
    loss: &dyn Loss<E, D>,
    shapes: &[&[usize]],
    targets: &[Column],
) -> Vec<Vec<E>> {
    let mut random = Random(7);
    let arrays: Vec<Array<E, D>> = shapes
        .iter()
        .map(|shape| {
            let count = shape.iter().product();
            let data = (0..count).map(|_| E::of(f64::from(2.0 * random.number() as f32)));
            let data = device.tensor_from_vec(data.collect(), (count,));
            Array { data, shape: shape.to_vec() }
        })
        .collect();
    let outputs = arrays
        .iter()
        .map(|array| Output { data: array.data.leaky_trace(), shape: array.shape.clone() })
        .collect();
    let targets: Vec<Value<E, D>> =
        targets.iter().map(|target| target.into_value(device).unwrap()).collect();
    let value = loss.compute(outputs, &targets).unwrap();
    let correct = loss.correct(&arrays, &targets).unwrap().unwrap_or_default();
    let all = vec![value.as_vec()[0], E::of(correct.hits as f64), E::of(correct.of as f64)];
    let mut gradients = value.backward();
    let gradients = arrays.iter().map(|array| {
        gradients.get_or_alloc_mut(&array.data).unwrap();
        gradients.get(&array.data).as_vec()
    });
    std::iter::once(all).chain(gradients).collect()
}

macro_rules! losses {
    ($($name:ident: $loss:expr, $shapes:expr => $targets:expr;)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name), |device, found| {
                let (shapes, targets): (&[&[usize]], Vec<Column>) = (&$shapes, $targets);
                let expected = numbers::<f64, Cpu>(&Cpu::default(), &$loss, shapes, &targets);
                let narrow = numbers::<f32, Gpu>(device, &$loss, shapes, &targets);
                found.lists("list", &narrow, &expected);
                let of_gpu = numbers::<f64, Gpu>(device, &$loss, shapes, &targets);
                found.lists("list", &of_gpu, &expected);
                found.holds("a gradient is not 0", expected[1..].concat().iter().any(|x| *x != 0.0));
                found.holds("numbers are finite", wide(&narrow.concat()).iter().all(|x| x.is_finite()));
            });
        })*
    };
}

/// The samples of a case.
const B: usize = 37;

fn labels() -> Vec<Column> {
    vec![Column::labels((0..B).map(|i| i * 3 % 5).collect())]
}

/// Between 0 and 1.
fn floats() -> Vec<Column> {
    let mut random = Random(8);
    let data = (0..B * 5).map(|_| (0.5 + 0.5 * random.number()) as f32).collect();
    vec![Column::floats(data, &[5]).unwrap()]
}

fn bits() -> Vec<Column> {
    vec![Column::indices((0..B * 5).map(|i| i % 3 % 2).collect(), &[5]).unwrap()]
}

/// Of two outputs: alike, or not.
fn pairs() -> Vec<Column> {
    vec![Column::labels((0..B).map(|i| i / 2 % 2).collect())]
}

/// Labels from none to four of nine steps.
fn spelled() -> Vec<Column> {
    let label = |i: usize| if i % 4 < i / 4 % 5 { i * 5 % 3 + 1 } else { 0 };
    let steps = (0..B).map(|i| 9 - i % 3).collect();
    vec![
        Column::indices((0..B * 4).map(label).collect(), &[4]).unwrap(),
        Column::labels(steps),
        Column::labels((0..B).map(|i| i % 5).collect()),
    ]
}

const WEIGHT: [f64; 5] = [0.5, 2.0, 1.0, 0.0, 1.5];

losses! {
    cross_entropy: CrossEntropy, [&[B, 5]] => labels();
    cross_entropy_with:
        CrossEntropy.ignore_index(1).weight(WEIGHT).label_smoothing(0.2), [&[B, 5]] => labels();
    nll: Nll::default().ignore_index(3).weight(WEIGHT), [&[B, 5]] => labels();
    focal: Focal::default().gamma(0.5).weight(WEIGHT), [&[B, 5]] => labels();
    multi_margin: MultiMargin::default().p(2).margin(0.5), [&[B, 5]] => labels();
    mean_squared: MeanSquared, [&[B, 5]] => floats();
    mean_absolute: MeanAbsolute, [&[B, 5]] => floats();
    huber: Huber::delta(0.3), [&[B, 5]] => floats();
    binary_cross_entropy: BinaryCrossEntropy, [&[B, 5]] => floats();
    binary_cross_entropy_of_bits: BinaryCrossEntropy, [&[B, 5]] => bits();
    binary_focal: BinaryFocal::default(), [&[B, 5]] => bits();
    hinge: Hinge::default(), [&[B, 5]] => bits();
    hinge_squared: Hinge::squared(), [&[B, 5]] => bits();
    kl_divergence: KlDivergence, [&[B, 5]] => floats();
    ctc: Ctc::default(), [&[B, 9, 4]] => spelled();
    cosine_embedding: CosineEmbedding::default().margin(-0.5), [&[B, 4], &[B, 4]] => pairs();
    triplet_margin: TripletMargin::default(), [&[B, 2, 3], &[B, 2, 3], &[B, 2, 3]] => Vec::new();
    two_losses: (MeanSquared, 0.5 * CrossEntropy), [&[B, 5], &[B, 5]] => [floats(), labels()].concat();
}
