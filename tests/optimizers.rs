//! Optimizers: ten steps as PyTorch's and as dfdx's, and what they say about settings.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // in helpers of tests

#[path = "support/fixture.rs"]
mod fixture;

use fixture::{assert_close, numbers};
use netwright::dfdx;
use netwright::prelude::*;

network! {
    struct Line([2]) -> [3] { line: Linear<3> }
}

network! {
    struct Other([2]) -> [1] { Linear<1> }
}

/// The fixture's problem.
fn line() -> Line<f64, Cpu> {
    let mut net = Line::<f64, Cpu>::init(&Cpu::default(), 0).unwrap();
    net.line.weight.copy_from(&numbers::<f64>("problem.weight"));
    net.line.bias.copy_from(&numbers::<f64>("problem.bias"));
    net
}

fn gradients(net: &mut Line<f64, Cpu>) -> Gradients<f64, Cpu> {
    let device = Cpu::default();
    let x = device.tensor_from_vec(numbers("problem.inputs"), (Const::<8>, Const::<2>));
    let y = device.tensor_from_vec(numbers::<f64>("problem.targets"), (Const::<8>, Const::<3>));
    MeanSquared.loss(net.forward_mut(x.leaky_traced()), y).unwrap().backward()
}

fn ten_steps(optimizer: impl Optimizer<f64, Cpu>) -> Line<f64, Cpu> {
    steps(10, optimizer)
}

fn steps(count: usize, mut optimizer: impl Optimizer<f64, Cpu>) -> Line<f64, Cpu> {
    let mut net = line();
    for _ in 0..count {
        let mut gradients = gradients(&mut net);
        optimizer.step(&mut net, &mut gradients).unwrap();
    }
    net
}

fn check(name: &str, optimizer: impl Optimizer<f64, Cpu>) {
    is_fixture(name, &ten_steps(optimizer));
}

fn is_fixture(name: &str, net: &Line<f64, Cpu>) {
    let expected = |part: &str| numbers::<f64>(&format!("{name}.{part}"));
    assert_close(&net.line.weight.as_vec(), &expected("weight"), 1e-12, name);
    assert_close(&net.line.bias.as_vec(), &expected("bias"), 1e-12, name);
}

#[test]
fn ten_steps_are_pytorchs() {
    check("sgd", Sgd::default().lr(0.1));
    check("sgd_default", Sgd::default());
    check("sgd_momentum", Sgd::default().lr(0.1).momentum(0.9).weight_decay(0.05));
    check("sgd_nesterov", Sgd::default().lr(0.1).momentum(0.8).nesterov(true));
    check("adam", Adam::default());
    check("adam_decay", Adam::default().lr(0.1).betas(0.8, 0.9).eps(1e-3).weight_decay(0.1));
    check("adam_w", AdamW::default());
    check("adam_w_decay", AdamW::default().lr(0.1).weight_decay(0.2));
    check("rms_prop", RmsProp::default());
    let momentum = RmsProp::default().lr(0.02).alpha(0.9).eps(1e-4).momentum(0.7);
    check("rms_prop_momentum", momentum.weight_decay(0.1));
    check("adagrad", Adagrad::default());
    let start = Adagrad::default().lr(0.1).lr_decay(0.05).initial_accumulator_value(0.3);
    check("adagrad_all", start.eps(1e-3).weight_decay(0.1));
    check("adamax", Adamax::default());
    check("adamax_all", Adamax::default().lr(0.1).betas(0.8, 0.6).eps(1e-3).weight_decay(0.1));
    check("n_adam", NAdam::default());
    let nesterov = NAdam::default().lr(0.1).betas(0.8, 0.9).eps(1e-3).weight_decay(0.1);
    check("n_adam_all", nesterov.momentum_decay(0.02));
    let long = NAdam::default().lr(0.01).betas(0.99, 0.9).momentum_decay(3.0);
    is_fixture("n_adam_long", &steps(400, long));
}

/// PyTorch does not have them; the fixture's script spells them out.
#[test]
fn ten_steps_are_those_of_the_papers() {
    check("lion", Lion::default());
    check("lion_all", Lion::default().lr(0.05).betas(0.8, 0.95).weight_decay(0.2));
    check("lamb", Lamb::default());
    check("lamb_all", Lamb::default().lr(0.1).betas(0.8, 0.9).eps(1e-3).weight_decay(0.1));
}

/// A length of 0, of a new bias for example, is no reason to stand still, or to divide by it.
#[test]
fn lamb_moves_a_parameter_of_zeros() {
    let mut net = line();
    net.line.bias.copy_from(&[0.0; 3]);
    let mut gradients = gradients(&mut net);
    Lamb::default().step(&mut net, &mut gradients).unwrap();
    // The first step of Adam's direction is the sign.
    assert!(net.line.bias.as_vec().iter().all(|x| (x.abs() - 1e-3).abs() < 1e-7));
}

/// Ours and one of dfdx's own.
fn compare<O>(ours: impl Optimizer<f64, Cpu>, theirs: impl Fn(&Line<f64, Cpu>) -> O, close: f64)
where
    O: dfdx::optim::Optimizer<Line<f64, Cpu>, Cpu, f64>,
{
    let ours = ten_steps(ours);
    let mut net = line();
    let mut optimizer = theirs(&net);
    for _ in 0..10 {
        let gradients = gradients(&mut net);
        dfdx::optim::Optimizer::update(&mut optimizer, &mut net, &gradients).unwrap();
    }
    assert_close(&ours.line.weight.as_vec(), &net.line.weight.as_vec(), close, "weight");
    assert_close(&ours.line.bias.as_vec(), &net.line.bias.as_vec(), close, "bias");
}

/// Not RMSprop: dfdx's begins its average with ones, and adds `eps` under the root.
#[test]
fn ten_steps_are_dfdxs() {
    use dfdx::optim::{AdamConfig, Momentum, SgdConfig, WeightDecay};
    let config = SgdConfig {
        lr: 0.1,
        momentum: Some(Momentum::Nesterov(0.9)),
        weight_decay: Some(WeightDecay::L2(0.1)),
    };
    let ours = Sgd::default().lr(0.1).momentum(0.9).nesterov(true).weight_decay(0.1);
    compare(ours, |net| dfdx::optim::Sgd::new(net, config), 1e-12);

    let decoupled = AdamConfig {
        lr: 0.01,
        weight_decay: Some(WeightDecay::Decoupled(0.1)),
        ..AdamConfig::default()
    };
    let ours = AdamW::default().lr(0.01).weight_decay(0.1);
    compare(ours, |net| dfdx::optim::Adam::new(net, decoupled), 1e-12);
}

#[test]
fn a_parameter_without_gradient_is_left_alone() {
    let mut net = line();
    let before = net.clone();
    let mut gradients = net.line.bias.leaky_trace().square().mean().backward();
    AdamW::default().step(&mut net, &mut gradients).unwrap();
    assert_ne!(net.line.bias.as_vec(), before.line.bias.as_vec());
    assert_eq!(net.line.weight.as_vec(), before.line.weight.as_vec());
}

fn refused(optimizer: impl Optimizer<f64, Cpu>, text: &str) {
    let mut optimizer = optimizer;
    let mut net = line();
    let mut gradients = gradients(&mut net);
    let error = optimizer.step(&mut net, &mut gradients).unwrap_err();
    assert!(matches!(error, netwright::Error::Setting(_)));
    assert_eq!(error.to_string(), text);
    assert_eq!(net.line.weight.as_vec(), line().line.weight.as_vec());
}

#[test]
fn settings_without_sense_are_errors() {
    let least = |what: &str| format!("{what} is a number of at least 0, but was set to");
    let below = |what: &str| format!("{what} is at least 0 and less than 1, but was set to");
    refused(Sgd::default().lr(-1.0), &format!("{} -1", least("Sgd's lr")));
    refused(Sgd::default().momentum(1.0), &format!("{} 1", below("Sgd's momentum")));
    refused(Sgd::default().nesterov(true), "Sgd's nesterov needs a momentum above 0");
    refused(Adam::default().lr(f64::NAN), &format!("{} NaN", least("Adam's lr")));
    refused(Adam::default().betas(0.9, 1.0), &format!("{} 1", below("Adam's second beta")));
    refused(AdamW::default().eps(-0.5), &format!("{} -0.5", least("AdamW's eps")));
    let text = format!("{} inf", least("AdamW's weight_decay"));
    refused(AdamW::default().weight_decay(f64::INFINITY), &text);
    refused(RmsProp::default().alpha(-0.1), &format!("{} -0.1", below("RmsProp's alpha")));
    refused(RmsProp::default().momentum(2.0), &format!("{} 2", below("RmsProp's momentum")));
    refused(Adagrad::default().lr_decay(-1.0), &format!("{} -1", least("Adagrad's lr_decay")));
    let start = Adagrad::default().initial_accumulator_value(-0.5);
    refused(start, &format!("{} -0.5", least("Adagrad's initial_accumulator_value")));
    refused(Adamax::default().betas(1.0, 0.9), &format!("{} 1", below("Adamax's first beta")));
    let text = format!("{} -1", least("NAdam's momentum_decay"));
    refused(NAdam::default().momentum_decay(-1.0), &text);
    refused(Lion::default().betas(0.9, 2.0), &format!("{} 2", below("Lion's second beta")));
    refused(Lamb::default().eps(-1.0), &format!("{} -1", least("Lamb's eps")));
}

#[test]
fn an_optimizer_belongs_to_one_network() {
    let device = Cpu::default();
    let mut adam = Adam::default();
    let mut net = line();
    let mut gradients = gradients(&mut net);
    adam.step(&mut net, &mut gradients).unwrap();
    let mut other = Other::<f64, Cpu>::init(&device, 1).unwrap();
    let x = device.tensor([[1.0, 2.0]]);
    let mut gradients = other.forward_mut(x.leaky_traced()).square().mean().backward();
    let text = "this optimizer has trained a network with other parameters; take a new one for \
                each network";
    assert_eq!(adam.step(&mut other, &mut gradients).unwrap_err().to_string(), text);
    let mut single = Other::seeded(&device, 1);
    let x = device.tensor([[1.0f32, 2.0]]);
    let mut gradients = single.forward_mut(x.leaky_traced()).square().mean().backward();
    assert_eq!(adam.step(&mut single, &mut gradients).unwrap_err().to_string(), text);
}

/// As two groups of PyTorch's, of which one has no weight decay.
#[test]
fn decay_is_for_the_parameters_that_are_chosen() {
    let matrices = |_: &str, shape: &[usize]| shape.len() > 1;
    check("adamw_groups", AdamW::default().lr(0.05).weight_decay(0.3).decay_where(matrices));
    check("adam_groups", Adam::default().lr(0.05).weight_decay(0.3).decay_where(matrices));
    let named = |name: &str, _: &[usize]| name != "line.bias";
    check("sgd_groups", Sgd::default().lr(0.1).weight_decay(0.4).decay_where(named));
}
