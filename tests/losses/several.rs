//! Losses of several outputs or targets: cosines, triplets and CTC.

use super::{check_all, floats, labels, message};
use netwright::data::{Column, Dataset};
use netwright::prelude::*;
use netwright::train::{Output, Target};
use netwright::value::Value;

#[test]
fn cosine_embedding_is_pytorchs() {
    for (name, loss) in [
        ("cosine", CosineEmbedding::default()),
        ("cosine_margin", CosineEmbedding::default().margin(-0.6)),
    ] {
        check_all(name, loss, (5, 4), &["0", "1"], || vec![floats(name, &[5])]);
    }
}

#[test]
fn triplet_margin_is_pytorchs() {
    let three = ["0", "1", "2"];
    check_all("triplet", TripletMargin::default(), (5, 4), &three, Vec::new);
    check_all("triplet_margin", TripletMargin::default().margin(0.2), (5, 4), &three, Vec::new);
    check_all("triplet_time", TripletMargin::default().margin(2.0), (2, 3, 4), &three, Vec::new);
}

/// Points that come with one of their own corner and one of another: nothing says which corner.
#[test]
fn triplets_are_a_data_set_without_targets() {
    network! {
        struct Corners([3, 2]) -> (anchor: [2], near: [2], far: [2]) {
            layer code: Code -> [2];
            let anchor = input => Select<0, axis = 0>, code;
            let near = input => Select<1, axis = 0>, code;
            (anchor, near, (input => Select<2, axis = 0>, code))
        }

        struct Code([2]) -> [2] { Linear<8>, Tanh, Linear<2> }
    }
    // Opposite corners of a square belong together.
    let point = |kind: usize, i: usize| {
        let side = if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let shift = (i * 37 % 11) as f32 * 0.02;
        [side + shift, if kind == 0 { side } else { -side }]
    };
    let triplet = |i: usize| [point(i % 2, i / 2), point(i % 2, i / 3), point(1 - i % 2, i / 5)];
    let points = (0..120).flat_map(triplet).flatten().collect();
    let data = Dataset::of_inputs(Column::floats(points, &[3, 2]).unwrap()).unwrap();
    let (train, test) = data.shuffled(1).split(0.8).unwrap();
    let mut net = Corners::seeded(&Cpu::default(), 1);
    let loss = TripletMargin::default();
    assert!(net.evaluate(&test, loss).unwrap().loss > 0.5);
    net.fit(&train, Fit::new(loss, Adam::default().lr(0.02)).epochs(30).quiet()).unwrap();
    assert!(net.evaluate(&test, loss).unwrap().loss < 0.05);
}

/// Outputs that are the same, or nothing at all, have neither a direction nor a distance.
#[test]
fn zeros_give_no_nan() {
    let device = Cpu::default();
    let zeros: Tensor<Rank2<1, 3>, f32, Cpu> = device.zeros();
    let ones: Tensor<Rank2<1, 3>, f32, Cpu> = device.ones();
    let outputs = |all: &[&Tensor<Rank2<1, 3>, f32, Cpu>]| {
        all.iter().map(|x| Output::of(x.leaky_trace()).unwrap()).collect::<Vec<_>>()
    };
    let yes = || vec![Target::into_value(&Column::labels(vec![1]), &device).unwrap()];
    let finite = |loss: Tensor<Rank0, f32, Cpu, OwnedTape<f32, Cpu>>| {
        let (value, gradients) = (loss.array(), loss.backward());
        let all = [&zeros, &ones].map(|x| gradients.get(x).as_vec());
        assert!(value.is_finite() && all.iter().flatten().all(|x| x.is_finite()));
    };
    let cosine = CosineEmbedding::default();
    finite(cosine.compute(outputs(&[&zeros, &ones]), &yes()).unwrap());
    // The distance is the 1e-6 that is added, or with the other sign exactly nothing.
    let just = device.tensor([[1e-6_f32; 3]]);
    let triplet = TripletMargin::default();
    finite(triplet.compute(outputs(&[&zeros, &just, &ones]), &[]).unwrap());
}

fn column(values: &[usize]) -> Value<f64, Cpu> {
    Target::into_value(&Column::labels(values.to_vec()), &Cpu::default()).unwrap()
}

#[test]
fn ctc_is_pytorchs() {
    let check = |name: &str, loss: Ctc, more: &[&[usize]]| {
        check_all(name, loss, (4, 6, 4), &[""], || {
            let mut targets = vec![labels(name, &[4, 3])];
            targets.extend(more.iter().map(|values| column(values)));
            targets
        });
    };
    check("ctc", Ctc::default(), &[]);
    check("ctc", Ctc::default(), &[&[6; 4], &[3, 1, 0, 3]]);
    check("ctc_steps", Ctc::default(), &[&[6, 4, 2, 3]]);
    check("ctc_blank", Ctc::default().blank(3), &[&[6, 5, 4, 6], &[3, 2, 1, 3]]);
    check("ctc_zero", Ctc::default().zero_infinity(true), &[&[3, 4, 6, 3]]);
    check_all("ctc_long", Ctc::default(), (1, 40, 3), &[""], || vec![labels("ctc_long", &[1, 12])]);
}

/// All ways, one by one.
#[test]
fn ctc_is_the_sum_over_all_ways() {
    const TIME: usize = 5;
    const CLASSES: usize = 3;
    let device = Cpu::seed_from_u64(4);
    let scores: Tensor<Rank3<1, TIME, CLASSES>, f64, Cpu> = device.sample_normal();
    let p = scores.clone().softmax::<Axis<2>>().as_vec();
    let said = |mut way: usize| {
        let (mut labels, mut chance, mut last) = (Vec::new(), 1.0, 0);
        for step in 0..TIME {
            let class = way % CLASSES;
            chance *= p[step * CLASSES + class];
            if class != 0 && class != last {
                labels.push(class);
            }
            (last, way) = (class, way / CLASSES);
        }
        (labels, chance)
    };
    for target in [vec![1, 1], vec![2, 1, 2], vec![1], vec![], vec![1, 2, 2]] {
        let ways = (0..CLASSES.pow(TIME as u32)).map(said);
        let chance: f64 = ways.filter(|(labels, _)| *labels == target).map(|(_, p)| p).sum();
        let mut padded = target.clone();
        padded.resize(3, 0);
        let column = Column::indices(padded, &[3]).unwrap();
        let loss = Ctc::default().loss(scores.leaky_trace(), &column).unwrap().array();
        let expected = -chance.ln() / target.len().max(1) as f64;
        assert!((loss - expected).abs() < 1e-12, "{target:?}: {loss} is not {expected}");
    }
}

/// A network that is shown sounds of any length, and silence, learns to spell without being told
/// which step is what.
#[test]
fn ctc_teaches_to_spell() {
    const TIME: usize = 9;
    network! { struct Speller([TIME, 4]) -> [TIME, 4] { Linear<16>, Tanh, Linear<4> } }
    let (mut sounds, mut labels) = (Vec::new(), Vec::new());
    for sample in 0..64_usize {
        let word: Vec<usize> =
            (0..1 + sample % 3).map(|i| 1 + (sample / 3 + i * sample) % 3).collect();
        // Each sound stays for one to three steps, with silence behind it.
        let mut said: Vec<usize> = Vec::new();
        for (i, &label) in word.iter().enumerate() {
            said.extend(vec![label; 1 + (sample + i) % 2]);
            said.push(0);
        }
        said.resize(TIME, 0);
        let one_hot = |sound: usize| (0..4).map(move |i| f32::from(u8::from(i == sound)));
        // The network does not know by number what stands for silence.
        sounds.extend(said.into_iter().flat_map(|sound| one_hot((sound + 2) % 4)));
        labels.extend(word.iter().copied().chain([0; 3]).take(3));
    }
    let inputs = Column::floats(sounds, &[TIME, 4]).unwrap();
    let data = Dataset::new(inputs, Column::indices(labels.clone(), &[3]).unwrap()).unwrap();
    let mut net = Speller::seeded(&Cpu::default(), 1);
    let fit = Fit::new(Ctc::default(), Adam::default().lr(0.02)).epochs(40).batch(16).quiet();
    net.fit(&data, fit).unwrap();
    let scores = net.predict(&data.inputs()[0]).unwrap();
    let best = |row: &[f32]| (0..4).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
    let said: Vec<usize> = scores.as_floats().unwrap().chunks(4).map(best).collect();
    for (said, labels) in said.chunks(TIME).zip(labels.chunks(3)) {
        let mut heard = said.to_vec();
        heard.dedup();
        heard.retain(|&label| label != 0);
        heard.resize(3, 0);
        assert_eq!(heard, labels);
    }
}

#[test]
fn what_ctc_cannot_take_is_explained() {
    let device = Cpu::default();
    let said = |loss: Ctc, labels: &[usize], more: &[&[usize]]| {
        let x: Tensor<Rank3<2, 4, 3>, f64, Cpu> = device.zeros();
        let labels = Column::indices(labels.to_vec(), &[labels.len() / 2]).unwrap();
        let mut targets = vec![Target::into_value(&labels, &device).unwrap()];
        targets.extend(more.iter().map(|values| column(values)));
        message(loss.compute(vec![Output::of(x.leaky_traced()).unwrap()], &targets))
    };
    let ctc = Ctc::default();
    assert_eq!(
        said(ctc, &[1, 2, 0, 1, 1, 1], &[]),
        "Ctc: sample 1 of the batch has 3 labels, which need at least 5 steps, but it has 4; \
         `zero_infinity(true)` leaves such samples out"
    );
    let text = said(ctc, &[1, 2, 1, 0], &[&[4, 0]]);
    assert_eq!(text, "Ctc: sample 1 of the batch has 0 steps, but the output has 4");
    let text = said(ctc, &[1, 2, 1, 0], &[&[5, 4]]);
    assert_eq!(text, "Ctc: sample 0 of the batch has 5 steps, but the output has 4");
    let text = said(ctc, &[1, 2, 1, 0], &[&[4, 4], &[3, 1]]);
    assert_eq!(text, "Ctc: sample 0 of the batch has 3 labels, but the target has room for 2");
    let text = said(ctc, &[1, 2, 0, 1], &[]);
    assert_eq!(text, "Ctc: sample 1 of the batch has the blank 0 among its labels");
    let text = said(ctc, &[1, 2, 3, 0], &[]);
    assert_eq!(text, "the label 3 of sample 1 is none of the 3 classes 0 to 2");
    let text = said(ctc.blank(3), &[1, 2, 1, 0], &[]);
    assert_eq!(text, "Ctc's blank is the class 3, but the output has the classes 0 to 2");
    let text = said(ctc, &[1, 2, 1, 0], &[&[4]]);
    assert!(text.contains("indices (numbers of steps) of shape [2]"), "{text}");
    let text = said(ctc, &[1, 2, 1, 0, 1, 2], &[&[4, 4], &[1, 1], &[1, 1]]);
    assert!(text.contains("one to three targets"), "{text}");
    let flat: Tensor<Rank2<2, 3>, f64, Cpu> = device.zeros();
    let text = message(ctc.loss(flat.leaky_traced(), &Column::labels(vec![1, 2])));
    assert_eq!(text, "Ctc takes an output of shape [time, classes], but received [3]");
}

network! {
    struct Pair(left: [3], right: [3]) -> (a: [2], b: [2]) {
        layer code: Linear<2>;
        ((left => code), (right => code))
    }
}

#[test]
fn outputs_and_targets_that_do_not_fit_are_explained() {
    let net = Pair::seeded(&Cpu::default(), 1);
    let three = || Column::floats(vec![0.5; 6], &[3]).unwrap();
    let data = |target| Dataset::new(three(), target).unwrap().with_input(three()).unwrap();
    let said = |loss: &dyn Loss<f32, Cpu>, target| message(net.evaluate(&data(target), loss));
    let bits = || Column::labels(vec![0, 1]);
    let cosine = CosineEmbedding::default();
    assert!(net.evaluate(&data(bits()), cosine).unwrap().loss.is_finite());
    assert_eq!(
        said(&TripletMargin::default(), bits()),
        "TripletMargin takes 3 outputs and no target, but was given 2 outputs and 1 target"
    );
    let found = said(&cosine, Column::labels(vec![0, 2]));
    assert_eq!(found, "the label 2 of sample 1 is none of the 2 classes 0 to 1");
    let found = said(&cosine, three());
    assert!(found.starts_with("CosineEmbedding for an output of shape [2]"), "{found}");
    let found = said(&cosine.margin(2.0), bits());
    assert_eq!(found, "CosineEmbedding's margin is a cosine between -1 and 1, not 2");
    let found = said(&TripletMargin::default().margin(0.0), bits());
    assert_eq!(found, "TripletMargin's margin is a positive number, not 0");
    let found = said(&Ctc::default(), bits());
    assert!(found.starts_with("Ctc compares one output with one target"), "{found}");
}
