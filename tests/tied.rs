//! A layer that uses the weight of another one, as PyTorch's `decoder.weight = words.weight`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // in helpers of tests

#[path = "support/fixture.rs"]
mod fixture;

use fixture::{assert_close, numbers};
use netwright::data::{Batch, Column, Dataset};
use netwright::prelude::*;
use netwright::train::{Loss, Output, custom_loss};
use netwright::typenum::U4;
use netwright::value::Value;
use netwright::{Error, Result, check_gradients, with_threads};
use netwright_core::spec::graph::Graph;

network! {
    struct Plain([usize; 5]) -> [5, 7] {
        words: Embedding<7, 4>, inner: Linear<4>, Tanh, decoder: Linear<7, weight = words>,
    }
}

network! {
    struct Padding([usize; 5]) -> [5, 7] {
        words: Embedding<7, 4, padding = 2>, inner: Linear<4>, Tanh,
        Linear<7, weight = words, bias = false>,
    }
}

network! {
    /// More rows than a step uses.
    struct Large([usize; 6]) -> [6, 100] {
        words: Embedding<100, 20>, Tanh, Linear<20>, Linear<100, weight = words>,
    }
}

/// The numbers of the fixture under this name.
fn pytorch<T: std::str::FromStr>(case: &str, name: &str) -> Vec<T> {
    numbers(&format!("tied.{case}.{name}"))
}

/// Begins as PyTorch's.
fn begin<E: Float>(net: &mut dyn Model<E, Cpu>, case: &str)
where
    Cpu: Backend<E>,
{
    let params = net.graph().params;
    for (tensor, param) in net.tensors_mut().into_iter().zip(params) {
        let begin: Vec<E> = pytorch::<f64>(case, param.name).into_iter().map(E::of).collect();
        tensor.write(&begin).unwrap();
    }
}

/// Whether all parameters are those of PyTorch behind a prefix of their names.
fn ends<E: Float>(net: &dyn Model<E, Cpu>, (case, rule): (&str, &str), tolerance: f64)
where
    Cpu: Backend<E>,
{
    for (tensor, param) in net.tensors().into_iter().zip(net.graph().params) {
        let found: Vec<f64> =
            tensor.array().unwrap().data.as_vec().into_iter().map(Float::f64).collect();
        let name = format!("{rule}.{}", param.name);
        assert_close(&found, &pytorch::<f64>(case, &name), tolerance, &format!("{case} {name}"));
    }
}

fn batch(case: &str) -> Batch {
    Batch {
        inputs: vec![Column::indices(pytorch(case, "words"), &[5]).unwrap()],
        targets: vec![Column::indices(pytorch(case, "labels"), &[5]).unwrap()],
    }
}

/// Five steps on this batch.
fn five_steps<E: Float, N: Model<E, Cpu>>(
    make: impl Fn() -> N,
    case: &str,
    (rule, mut optimizer): Rule<E>,
    tolerance: f64,
) where
    Cpu: Backend<E>,
{
    let mut net = make();
    begin(&mut net, case);
    for step in 0..5 {
        let found = net.step(&batch(case), CrossEntropy, &mut *optimizer).unwrap();
        if step == 0 {
            assert_close(&[found.loss], &pytorch(case, "loss"), tolerance, case);
        }
    }
    ends(&net, (case, rule), tolerance);
}

/// An optimizer, and what the fixture calls it.
type Rule<E> = (&'static str, Box<dyn Optimizer<E, Cpu>>);

fn rules<E: Float>() -> Vec<Rule<E>>
where
    Cpu: Backend<E>,
{
    vec![
        ("sgd", Box::new(Sgd::default().lr(0.1))),
        ("momentum", Box::new(Sgd::default().lr(0.1).momentum(0.9).weight_decay(0.01))),
        ("adam", Box::new(Adam::default().lr(0.05))),
        // Every row has a gradient, so that lazy is no other.
        ("adam", Box::new(Adam::default().lr(0.05).lazy())),
        ("adamw", Box::new(AdamW::default().lr(0.05).weight_decay(0.1))),
        ("adagrad", Box::new(Adagrad::default().lr(0.1))),
    ]
}

#[test]
fn five_steps_are_pytorchs() {
    let dev = Cpu::default();
    for rule in rules() {
        five_steps(|| Plain::seeded(&dev, 1), "plain", rule, 1e-4);
    }
    for rule in rules() {
        five_steps(|| Padding::seeded(&dev, 1), "padding", rule, 1e-4);
    }
    for rule in rules() {
        five_steps(|| Plain::<f64, _>::init(&dev, 1).unwrap(), "plain", rule, 1e-7);
    }
    for rule in rules() {
        five_steps(|| Padding::<f64, _>::init(&dev, 1).unwrap(), "padding", rule, 1e-7);
    }
}

/// A loop of the user's with dfdx's tape, and with dfdx's optimizer.
#[test]
fn a_loop_by_hand_is_pytorchs() {
    let dev = Cpu::default();
    let words = dev.tensor_from_vec(pytorch::<usize>("plain", "words"), (Const::<3>, Const::<5>));
    let labels = dev.tensor_from_vec(pytorch::<usize>("plain", "labels"), (Const::<3>, Const::<5>));
    let mut net = Plain::seeded(&dev, 1);
    begin(&mut net, "plain");
    let mut sgd = netwright::dfdx::optim::Sgd::new(
        &net,
        netwright::dfdx::optim::SgdConfig { lr: 0.1, ..Default::default() },
    );
    for step in 0..5 {
        let output = net.forward_mut(words.clone().leaky_traced());
        let loss = CrossEntropy.loss(output, labels.clone()).unwrap();
        let gradients = loss.backward();
        if step == 0 {
            let float = |g: Vec<f32>| g.into_iter().map(f64::from).collect::<Vec<_>>();
            let found = float(gradients.get(&net.words.weight).as_vec());
            assert_close(&found, &pytorch("plain", "grad.words.weight"), 1e-6, "words");
            let found = float(gradients.get(&net.decoder.bias).as_vec());
            assert_close(&found, &pytorch("plain", "grad.decoder.bias"), 1e-6, "bias");
        }
        netwright::dfdx::optim::Optimizer::update(&mut sgd, &mut net, &gradients).unwrap();
    }
    ends(&net, ("plain", "sgd"), 1e-5);
}

/// The same loss, which the engine does not know by its name: steps go over dfdx's tape.
fn unknown(loss: impl Loss<f32, Cpu>) -> impl Loss<f32, Cpu> {
    custom_loss(move |outputs: Vec<Output<f32, Cpu>>, targets: &[Value<f32, Cpu>]| {
        loss.compute(outputs, targets)
    })
}

fn weights(net: &dyn Model<f32, Cpu>) -> Vec<f32> {
    net.tensors().into_iter().flat_map(|tensor| tensor.array().unwrap().data.as_vec()).collect()
}

/// 40 samples, which use some of the rows.
fn large(step: usize) -> Batch {
    let index = |i: usize| (i * 7 + step * 5) % 31 * 3;
    let column = |first: usize| Column::indices((first..first + 240).map(index).collect(), &[6]);
    Batch { inputs: vec![column(0).unwrap()], targets: vec![column(1).unwrap()] }
}

#[test]
fn a_direct_step_is_one_over_the_tape() {
    for ((_, mut fast), (_, mut slow)) in rules().into_iter().zip(rules()) {
        let [mut direct, mut taped] = [1, 1].map(|seed| Large::seeded(&Cpu::default(), seed));
        for step in 0..4 {
            let before = weights(&direct);
            direct.step(&large(step), CrossEntropy, &mut *fast).unwrap();
            taped.step(&large(step), unknown(CrossEntropy), &mut *slow).unwrap();
            assert_ne!(before, weights(&direct));
            for (found, wanted) in weights(&direct).iter().zip(weights(&taped)) {
                assert!((found - wanted).abs() <= 1e-4, "step {step}: {found} for {wanted}");
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let train = |threads| {
        with_threads(threads, || {
            let mut net = Large::seeded(&Cpu::default(), 3);
            let mut adagrad = Adagrad::default().lr(0.1);
            for step in 0..5 {
                net.step(&large(step), CrossEntropy, &mut adagrad).unwrap();
            }
            weights(&net)
        })
    };
    let one = train(1);
    assert_eq!(one, train(2));
    assert_eq!(one, train(5));
}

#[test]
fn a_gradient_that_is_not_finite_moves_nothing() {
    let mut net = Plain::seeded(&Cpu::default(), 1);
    // What each use of the first row adds to its gradient is finite, the sum is not.
    let huge = |row: usize| if row == 1 { 3e38 } else { 0.0 };
    net.words.weight.copy_from(&(0..28).map(|i| huge(i / 4)).collect::<Vec<f32>>());
    net.inner
        .weight
        .copy_from(&(0..16).map(|i| if i % 5 == 0 { 2.0 } else { 0.0 }).collect::<Vec<_>>());
    net.inner.bias.copy_from(&[0.0; 4]);
    net.decoder.bias.copy_from(&[0.0; 7]);
    let before = weights(&net);
    let column = |index| Column::indices(vec![index; 15], &[5]).unwrap();
    let batch = Batch { inputs: vec![column(0)], targets: vec![column(1)] };
    let error = net.step(&batch, CrossEntropy, &mut Sgd::default()).unwrap_err();
    assert!(matches!(&error, Error::NotFinite(_)), "{error}");
    assert!(error.to_string().contains("`words.weight`"), "{error}");
    assert_eq!(before, weights(&net));
}

#[test]
fn the_weight_is_there_once() {
    assert_eq!((Plain::PARAMS, Padding::PARAMS), (28 + 20 + 7, 28 + 20));
    let names = |graph: &Graph| graph.params.iter().map(|p| p.name).collect::<Vec<_>>();
    let plain = ["words.weight", "inner.weight", "inner.bias", "decoder.bias"];
    assert_eq!(names(Plain::GRAPH), plain);
    assert_eq!(names(Padding::GRAPH), plain[..3]);
    let net = Plain::seeded(&Cpu::default(), 1);
    assert_eq!((net.tensors().len(), net.decoder.weight), (4, netwright::layers::Absent));
    let text = "\
Plain
  name     layer                  output  parameters
  input    input                  [5]               
  words    Embedding              [5, 4]          28
  inner    Linear                 [5, 4]          20
  tanh_1   Tanh                   [5, 4]            
  decoder  Linear (words.weight)  [5, 7]           7
55 parameters";
    assert_eq!(net.summary().to_string(), text);
    let (plan, padding) = (net.plan(), Padding::seeded(&Cpu::default(), 1).plan());
    if cfg!(feature = "engine") {
        let steps: Vec<&str> = plan.steps().collect();
        assert_eq!((steps[0], steps.last()), ("embedding 7 -> 4", Some(&"linear 4 -> 7 + bias")));
        assert_eq!(padding.steps().last(), Some("linear 4 -> 7"));
    }
}

#[test]
fn a_file_holds_the_weight_once() {
    let (net, mut other) = (Plain::seeded(&Cpu::default(), 1), Plain::seeded(&Cpu::default(), 2));
    let file =
        std::env::temp_dir().join(format!("netwright-tied-{}.safetensors", std::process::id()));
    net.save(&file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.len(), 4);
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let topology = &metadata.metadata().as_ref().unwrap()["topology"];
    assert!(topology.contains(r#""params":{"first":3,"count":1},"tied":0}"#), "{topology}");
    other.load(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(weights(&net), weights(&other));
    let words = &batch("plain").inputs[0];
    let predicted = |net: &Plain| net.predict(words).unwrap().as_floats().unwrap().to_vec();
    assert_eq!(predicted(&net), predicted(&other));
}

#[test]
fn fit_learns() {
    let index = |i: usize| (i * i + i / 3) % 7;
    let words: Vec<usize> = (0..200).map(index).collect();
    // The one after the next in the list of all.
    let next = words.iter().map(|word| (word + 2) % 7).collect();
    let column = |data| Column::indices(data, &[5]).unwrap();
    let data = Dataset::new(column(words), column(next)).unwrap();
    let mut net = Plain::seeded(&Cpu::default(), 1);
    let fit = Fit::new(CrossEntropy, Adam::default().lr(0.03)).epochs(60).batch(8).quiet();
    net.fit(&data, fit).unwrap();
    let report = net.evaluate(&data, CrossEntropy).unwrap();
    assert_eq!(report.accuracy, Some(1.0), "{report:?}");
}

network! {
    /// Stands in others.
    struct Body([5, 4]) -> [5, 4] {
        first: Linear<4>, Tanh, second: Linear<4, weight = first>,
    }
}

network! {
    /// Ties inside and around of networks with parameters of their own.
    struct Outer([usize; 5]) -> [5, 7] {
        layer body: Body -> [5, 4];
        let a = input => words: Embedding<7, 4>, body;
        let b = a => other: Body -> [5, 4], body, Linear<4>, last: Linear<4>;
        b => Linear<4, weight = last, bias = false>, decoder: Linear<7, weight = words>
    }
}

network! {
    struct Head<const N: usize>([5, N]) -> [5, N] {
        first: Linear<N>, Tanh, second: Linear<N, weight = first>,
    }
}

network! {
    /// A graph that is put together when the program runs.
    struct Deep<const N: usize>([usize; 5]) -> [5, 7] {
        words: Embedding<7, N>, heads: Head<N> -> [5, N], decoder: Linear<7, weight = words>,
    }
}

network! {
    struct Typed<Width: Size>([usize; 5]) -> [5, 7] {
        words: Embedding<7, Width>, decoder: Linear<7, weight = words>,
    }
}

const VOCABULARY: usize = 7;

network! {
    struct Named([usize; 5]) -> [5, VOCABULARY] {
        words: Embedding<{ VOCABULARY }, 4>, decoder: Linear<VOCABULARY, weight = words>,
    }
}

/// Without parameters.
#[derive(Clone, Debug, Layer)]
struct Square;

impl<S: Shape, E: Float, D: Backend<E>> Apply<Taped<S, E, D>> for Square {
    type Output = Taped<S, E, D>;
    fn apply(&self, x: Taped<S, E, D>, _: Mode) -> Result<Self::Output> {
        x.try_square().map_err(Error::device)
    }
}

network! {
    /// A layer of the user's cuts it, so that weights are read in other parts than they belong to.
    struct Cut([usize; 5]) -> [5, 7] {
        layer f: Linear<4>;
        words: Embedding<7, 4>, f,
        square: Square -> [5, 4],
        again: Linear<4, weight = f>, f, decoder: Linear<7, weight = words>,
    }
}

/// The engine's predictions are those of `f64`.
fn holds(net: &impl Model<f32, Cpu>, double: &mut impl Model<f64, Cpu>) {
    for (from, to) in net.tensors().into_iter().zip(double.tensors_mut()) {
        let numbers: Vec<f64> =
            from.array().unwrap().data.as_vec().into_iter().map(f64::from).collect();
        to.write(&numbers).unwrap();
    }
    let words = &batch("plain").inputs[0];
    let (found, wanted) = (net.predict(words).unwrap(), double.predict(words).unwrap());
    for (found, wanted) in found.as_floats().unwrap().iter().zip(wanted.as_floats().unwrap()) {
        assert!((found - wanted).abs() < 1e-4 * wanted.abs().max(1.0), "{found}, not {wanted}");
    }
}

/// One step of both, whole.
fn moves(net: &mut impl Model<f32, Cpu>, double: &mut impl Model<f64, Cpu>) {
    net.step(&batch("plain"), CrossEntropy, &mut Sgd::default().lr(0.1)).unwrap();
    double.step(&batch("plain"), CrossEntropy, &mut Sgd::default().lr(0.1)).unwrap();
    for (found, wanted) in net.tensors().into_iter().zip(double.tensors()) {
        let found: Vec<f64> =
            found.array().unwrap().data.as_vec().into_iter().map(f64::from).collect();
        assert_close(&found, &wanted.array().unwrap().data.as_vec(), 1e-4, "after a step");
    }
}

macro_rules! wherever {
    ($($name:ident: $net:ty, $double:ty;)*) => {
        $(#[test]
        fn $name() {
            let mut net = <$net>::seeded(&Cpu::default(), 3);
            let mut double = <$double>::init(&Cpu::default(), 3).unwrap();
            holds(&net, &mut double);
            let report = check_gradients(&net, &batch("plain").inputs[0]).unwrap();
            assert!(report.is_right(), "{report}");
            moves(&mut net, &mut double);
        })*
    };
}

wherever! {
    in_networks_of_networks: Outer, Outer<f64, Cpu>;
    in_generic_networks: Deep<4>, Deep<4, f64, Cpu>;
    of_sizes_that_are_types: Typed<U4>, Typed<U4, f64, Cpu>;
    of_named_sizes: Named, Named<f64, Cpu>;
    around_layers_of_the_users: Cut, Cut<f64, Cpu>;
}

#[test]
fn names_behind_each_tie() {
    let graph = Outer::GRAPH;
    let tied =
        graph.nodes.iter().filter_map(|node| Some((node.name, graph.params[node.tied?].name)));
    assert_eq!(
        tied.collect::<Vec<_>>(),
        [
            ("body.second", "body.first.weight"),
            ("other.second", "other.first.weight"),
            ("body_1.second", "body.first.weight"),
            ("linear_2", "last.weight"),
            ("decoder", "words.weight"),
        ]
    );
}
