use super::super::gradient::gradient_of;
use super::super::{
    Adagrad, Adam, AdamW, Adamax, Lamb, Lion, NAdam, Optimizer, RmsProp, Sgd, plain,
};
use super::*;
use crate::engine::bridge::slice;
use crate::error::Error;
use crate::model::State;
use crate::rng::Rng;
use netwright_spec::graph::{Graph, Init, Param};

/// Parameters of odd sizes, one of them in several pieces; a buffer; and one without a gradient.
#[derive(Clone)]
struct Odd {
    one: Tensor<Rank1<1>, f32, Cpu>,
    some: Tensor<Rank2<7, 5>, f32, Cpu>,
    many: Tensor<Rank2<263, 251>, f32, Cpu>,
    buffer: Tensor<Rank1<4>, f32, Cpu>,
    missing: Tensor<Rank1<3>, f32, Cpu>,
    state: State<f32, Cpu>,
}

const MISSING: usize = 4;

const fn param(name: &'static str, shape: &'static [usize], trainable: bool) -> Param {
    Param { name, shape, init: Init::Zeros, trainable }
}

static ODD: Graph = Graph {
    name: "Odd",
    inputs: &[],
    nodes: &[],
    outputs: &[],
    params: &[
        param("one", &[1], true),
        param("some", &[7, 5], true),
        param("many", &[263, 251], true),
        param("buffer", &[4], false),
        param("missing", &[3], true),
    ],
};

impl Model<f32, Cpu> for Odd {
    fn graph(&self) -> &'static Graph {
        &ODD
    }
    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n dyn AnyTensor<f32, Cpu>)) {
        let Odd { one, some, many, buffer, missing, .. } = self;
        visit(one);
        visit(some);
        visit(many);
        visit(buffer);
        visit(missing);
    }
    fn visit_mut<'n>(&'n mut self, visit: &mut dyn FnMut(&'n mut dyn AnyTensor<f32, Cpu>)) {
        let Odd { one, some, many, buffer, missing, .. } = self;
        visit(one);
        visit(some);
        visit(many);
        visit(buffer);
        visit(missing);
    }
    fn state(&mut self) -> &mut State<f32, Cpu> {
        &mut self.state
    }
}

fn odd() -> Odd {
    let device = Cpu::seed_from_u64(3);
    Odd {
        one: device.sample_normal(),
        some: device.sample_normal(),
        many: device.sample_normal(),
        buffer: device.sample_normal(),
        missing: device.sample_normal(),
        state: State::default(),
    }
}

/// Random ones for all but the last; a buffer has one that nobody asked for.
fn gradients(model: &Odd, seed: u64) -> Gradients<f32, Cpu> {
    let mut rng = Rng::seeded(seed, 0);
    let mut gradients = Gradients::leaky();
    for param in &arrays(model).unwrap()[..MISSING] {
        let gradient = gradients.get_or_alloc_mut(&param.data).unwrap();
        gradient.iter_mut().for_each(|x| *x = rng.normal() as f32);
    }
    gradients
}

fn numbers(model: &Odd) -> Vec<Vec<f32>> {
    arrays(model).unwrap().iter().map(|p| slice(&p.data).to_vec()).collect()
}

/// Several steps of the fused rule.
fn fused(rule: Rule) -> Odd {
    let (mut model, mut memory) = (odd(), Memory::default());
    for seed in 0..4 {
        let mut gradients = gradients(&model, seed);
        optimize(rule, &mut memory, &mut model, &mut gradients).unwrap();
    }
    model
}

fn rules() -> Vec<Rule> {
    let (sgd, adam, rms) = (Sgd::default, Adam::default, RmsProp::default);
    vec![
        Rule::Sgd(sgd().lr(0.1).settings),
        Rule::Sgd(sgd().lr(0.1).weight_decay(0.2).settings),
        Rule::Sgd(sgd().lr(0.1).momentum(0.9).weight_decay(0.2).settings),
        Rule::Sgd(sgd().lr(0.1).momentum(0.9).nesterov(true).weight_decay(0.1).settings),
        Rule::Adam(adam().settings),
        Rule::Adam(adam().lr(0.1).betas(0.8, 0.9).eps(1e-3).weight_decay(0.1).settings),
        Rule::Adam(AdamW::default().lr(0.1).weight_decay(0.3).settings),
        Rule::RmsProp(rms().settings),
        Rule::RmsProp(rms().alpha(0.9).eps(1e-4).weight_decay(0.1).settings),
        Rule::RmsProp(rms().lr(0.02).momentum(0.7).weight_decay(0.1).settings),
        Rule::Adagrad(Adagrad::default().settings),
        Rule::Adagrad(
            Adagrad::default()
                .lr(0.1)
                .lr_decay(0.1)
                .initial_accumulator_value(0.5)
                .eps(1e-3)
                .weight_decay(0.1)
                .settings,
        ),
        Rule::Adamax(Adamax::default().settings),
        Rule::Adamax(
            Adamax::default().lr(0.1).betas(0.8, 0.9).eps(1e-3).weight_decay(0.1).settings,
        ),
        Rule::NAdam(NAdam::default().settings),
        Rule::NAdam(NAdam::default().lr(0.1).betas(0.8, 0.9).eps(1e-3).weight_decay(0.1).settings),
        Rule::Lion(Lion::default().lr(0.01).settings),
        Rule::Lion(Lion::default().lr(0.01).betas(0.8, 0.95).weight_decay(0.3).settings),
        Rule::Lamb(Lamb::default().settings),
        Rule::Lamb(Lamb::default().lr(0.1).betas(0.8, 0.9).eps(1e-3).weight_decay(0.0).settings),
    ]
}

#[test]
fn fused_rules_are_the_plain_ones() {
    for rule in rules() {
        let ours = fused(rule);
        let (mut model, mut memory) = (odd(), Memory::default());
        for seed in 0..4 {
            let gradients = gradients(&model, seed);
            plain::optimize(rule, &mut memory, &mut model, &gradients).unwrap();
        }
        // dfdx adds up lengths number by number.
        let close = if let Rule::Lamb(_) = rule { 1e-5 } else { 1e-6 };
        for (a, b) in numbers(&ours).iter().flatten().zip(numbers(&model).iter().flatten()) {
            // Where numbers cancel, the step before was of size 1.
            assert!((a - b).abs() <= close * b.abs().max(0.5), "{rule:?}: {a} for {b}");
        }
        assert_eq!(numbers(&ours)[3..], numbers(&odd())[3..], "{rule:?}");
    }
}

#[test]
fn threads_change_no_bit() {
    for rule in rules() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            numbers(&pool.install(|| fused(rule)))
        };
        assert!(with(1) == with(3), "{rule:?}");
    }
}

#[test]
fn parameters_stay_where_and_what_they_are() {
    let mut model = odd();
    let place = |model: &Odd| (&raw const model.some[[0, 0]], &raw const model.many[[0, 0]]);
    let before = place(&model);
    let mut gradients = gradients(&model, 1);
    let mut adam = Adam::default();
    adam.step(&mut model, &mut gradients).unwrap();
    adam.step(&mut model, &mut gradients).unwrap();
    assert_eq!(place(&model), before);
    assert_eq!(gradients.get(&model.some).shape(), model.some.shape());
    assert_eq!(gradients.get(&model.missing).as_vec(), [0.0; 3]);
    let copy = model.clone();
    adam.step(&mut model, &mut gradients).unwrap();
    assert_ne!(copy.some.as_vec(), model.some.as_vec());
}

#[test]
fn the_first_bad_gradient_is_found_and_missing_ones_stay_missing() {
    let model = odd();
    let params = arrays(&model).unwrap();
    let mut all = gradients(&model, 1);
    let missing = |all: &Gradients<f32, Cpu>| gradient_of(all, &params[MISSING].data).unwrap();
    assert_eq!(not_finite(&model, &params, &mut all).unwrap(), None);
    assert!(missing(&all).is_none());
    assert!(gradient_of(&all, &params[1].data).unwrap().is_some());
    all.get_or_alloc_mut(&params[3].data).unwrap()[1] = f32::NAN;
    assert_eq!(not_finite(&model, &params, &mut all).unwrap(), None);
    for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        all.get_or_alloc_mut(&params[2].data).unwrap()[66_000] = bad;
        assert_eq!(not_finite(&model, &params, &mut all).unwrap(), Some(2));
    }
    all.get_or_alloc_mut(&params[2].data).unwrap()[66_000] = f32::MAX;
    assert_eq!(not_finite(&model, &params, &mut all).unwrap(), None);
}

#[test]
fn gradients_of_leaves_only_are_enough() {
    let mut model = odd();
    let params = arrays(&model).unwrap();
    let mut all = gradients(&model, 1);
    drop_missing(&mut all, &params, &[true, false, true, true, false]);
    drop(params);
    let before = numbers(&model);
    Adam::default().step(&mut model, &mut all).unwrap();
    let moved: Vec<bool> = numbers(&model).iter().zip(&before).map(|(a, b)| a != b).collect();
    assert_eq!(moved, [true, false, true, false, false]);
}

#[test]
fn a_memory_is_of_one_network() {
    let (mut model, mut memory) = (odd(), Memory::default());
    memory.slots::<Vec<f32>>(&Graph { params: &[], ..ODD }).unwrap();
    let mut gradients = gradients(&model, 1);
    let rule = Rule::Adam(Adam::default().settings);
    let error = optimize(rule, &mut memory, &mut model, &mut gradients).unwrap_err();
    assert!(matches!(error, Error::Setting(_)), "{error}");
}
