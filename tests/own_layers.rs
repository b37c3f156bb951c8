//! Layers of the user's in networks.

#![allow(clippy::unwrap_used)]

use netwright::data::{Column, Dataset};
use netwright::function::{Function, Gradient, function};
use netwright::prelude::*;
use netwright::{Error, Result, check_gradients};

/// y = x · σ(x · slope), with a slope for each feature.
#[derive(Clone, Debug, Layer)]
struct Swish<const N: usize, E: Dtype = f32, D: Device<E> = Cpu> {
    #[param(init = constant(0.5))]
    slope: Tensor<(Const<N>,), E, D>,
}

impl<const N: usize, E: Float, D: Backend<E>> Apply<Taped<(usize, Const<N>), E, D>>
    for Swish<N, E, D>
{
    type Output = Taped<(usize, Const<N>), E, D>;
    fn apply(&self, x: Taped<(usize, Const<N>), E, D>, _: Mode) -> Result<Self::Output> {
        let slope = self.slope.retaped::<OwnedTape<E, D>>().broadcast_like(x.shape());
        Ok(x.with_empty_tape() * (x * slope).sigmoid())
    }
}

/// Without parameters, for every shape.
#[derive(Clone, Debug, Layer)]
struct Square;

impl<S: Shape, E: Float, D: Backend<E>> Apply<Taped<S, E, D>> for Square {
    type Output = Taped<S, E, D>;
    fn apply(&self, x: Taped<S, E, D>, _: Mode) -> Result<Self::Output> {
        x.try_square().map_err(Error::device)
    }
}

/// The same as `Swish`, with forward and backward written by hand; `wrong` times the gradient of
/// the slope is given.
struct SwishBySlices {
    wrong: f64,
}

fn sigmoid<E: Float>(x: E) -> E {
    E::of(1.0) / (E::of(1.0) + (-x).exp())
}

impl<E: Float> Function<E> for SwishBySlices {
    fn forward(&self, x: &[E], params: &[&[E]], y: &mut [E]) {
        let slope = params[0];
        for (y, x) in y.chunks_mut(slope.len()).zip(x.chunks(slope.len())) {
            for ((y, &x), &slope) in y.iter_mut().zip(x).zip(slope) {
                *y = x * sigmoid(x * slope);
            }
        }
    }

    fn backward(&self, at: Gradient<'_, E>) {
        let n = at.params[0].len();
        for (i, (&x, &dy)) in at.x.iter().zip(at.dy).enumerate() {
            let slope = at.params[0][i % n];
            let gate = sigmoid(x * slope);
            let bend = gate * (E::of(1.0) - gate);
            at.dx[i] = dy * (gate + x * slope * bend);
            let sum = &mut at.dparams[0][i % n];
            *sum += dy * x * x * bend * E::of(self.wrong);
        }
    }
}

#[derive(Clone, Debug, Layer)]
struct FastSwish<const WRONG: bool, const N: usize, E: Dtype = f32, D: Device<E> = Cpu> {
    #[param(init = constant(0.5))]
    slope: Tensor<(Const<N>,), E, D>,
}

impl<const WRONG: bool, const N: usize, E: Float, D: Backend<E>>
    Apply<Taped<(usize, Const<N>), E, D>> for FastSwish<WRONG, N, E, D>
{
    type Output = Taped<(usize, Const<N>), E, D>;
    fn apply(&self, x: Taped<(usize, Const<N>), E, D>, _: Mode) -> Result<Self::Output> {
        let shape = *x.shape();
        let wrong = if WRONG { 1.5 } else { 1.0 };
        function(SwishBySlices { wrong }, x, &[&self.slope], shape)
    }
}

network! {
    struct Net([8]) -> [3] {
        fc: Linear<16>,
        Dropout(0.1),
        swish: Swish<16> -> [16],
        Linear<12>, BatchNorm1d, Dropout(0.3),
        Square -> [12],
        Linear<3>,
    }
}

network! {
    /// With a parallel path around the layer, and own layers first and last.
    struct Graphs(a: [4], b: [usize; 2]) -> (sum: [6], own: [6]) {
        let left = a => Square -> [4], Linear<6>;
        let right = b => Embedding<5, 3>, Flatten, FastSwish<false, 6> -> [6];
        let own = left + right => Swish<6> -> [6];
        ((own + left => Relu), (own => Linear<6>, Square -> [6]))
    }
}

network! {
    struct Outer([2, 4]) -> [3] { Flatten, inner: Net -> [3], Square -> [3], Linear<3> }
}

fn data() -> Dataset {
    let x: Vec<f32> = (0..60 * 8).map(|i| ((i * 37 % 101) as f32) / 50.0 - 1.0).collect();
    let y: Vec<usize> =
        x.chunks(8).map(|x| usize::from(x[0] > 0.0) + usize::from(x[1] > 0.0)).collect();
    Dataset::new(Column::floats(x, &[8]).unwrap(), Column::indices(y, &[]).unwrap()).unwrap()
}

#[test]
fn it_trains_saves_and_loads() {
    let dev = Cpu::default();
    let mut net = Net::seeded(&dev, 1);
    assert_eq!(net.swish.slope.as_vec(), [0.5; 16]);
    let fit = Fit::new(CrossEntropy, Adam::default()).epochs(60).batch(20).quiet();
    let history = net.fit(&data(), fit).unwrap();
    let loss = |i: usize| history.epochs[i].train.loss;
    assert!(loss(59) < 0.6 * loss(0), "{history}");
    assert_ne!(net.swish.slope.as_vec(), [0.5; 16]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.safetensors");
    net.save(&file).unwrap();
    let mut other = Net::seeded(&dev, 2);
    other.load(&file).unwrap();
    let x = dev.sample_normal_like(&(4, Const::<8>));
    assert_eq!(other.forward(x.clone()).as_vec(), net.forward(x).as_vec());
}

#[test]
fn the_same_seed_trains_to_the_same_bits_in_a_network_of_networks() {
    let train = || {
        let mut net = Outer::seeded(&Cpu::default(), 4);
        let data = data();
        let x = Column::floats(data.inputs()[0].as_floats().unwrap().to_vec(), &[2, 4]).unwrap();
        let data = Dataset::new(x, data.targets()[0].clone()).unwrap();
        let fit = Fit::new(CrossEntropy, Adam::default()).epochs(3).batch(20).quiet();
        net.fit(&data, fit).unwrap();
        let tensors = net.tensors();
        tensors.iter().flat_map(|t| t.array().unwrap().data.as_vec()).collect::<Vec<_>>()
    };
    let first = train();
    assert_eq!(
        first.len(),
        Outer::GRAPH.params.iter().map(|p| p.shape.iter().product::<usize>()).sum::<usize>()
    );
    assert_eq!(first, train());
    assert_eq!(Outer::GRAPH.nodes[3].name, "inner.swish");
}

#[test]
fn the_engine_runs_the_parts_around_them() {
    let plan = Net::seeded(&Cpu::default(), 1).plan();
    let steps: Vec<&str> = plan.steps().collect();
    let own = |text: &&str| text.starts_with("own layer");
    assert_eq!(steps.iter().copied().filter(own).count(), 2, "{plan}");
    #[cfg(feature = "engine")]
    assert!(steps.iter().all(|step| !step.contains("dfdx")), "{plan}");
}

/// All outputs, all gradients, all parameters after a step in the training form.
fn everything<E: Float>() -> Vec<f64>
where
    Cpu: Backend<E>,
{
    let dev = Cpu::default();
    let mut net = Net::<E, Cpu>::init(&dev, 7).unwrap();
    let x: Vec<E> = (0..40).map(|i| E::of(f64::from(i * 29 % 37) / 20.0 - 1.0)).collect();
    let x = dev.tensor_from_vec(x, (5, Const::<8>));
    let y = net.forward_mut(x.retaped::<OwnedTape<E, Cpu>>());
    let mut found: Vec<f64> = y.as_vec().into_iter().map(Float::f64).collect();
    let mut gradients = y.square().mean().backward();
    gradients.get_or_alloc_mut(&x).unwrap();
    found.extend(gradients.get(&x).as_vec().into_iter().map(Float::f64));
    for tensor in net.tensors() {
        let array = tensor.array().unwrap();
        gradients.get_or_alloc_mut(&array.data).unwrap();
        found.extend(gradients.get(&array.data).as_vec().into_iter().map(Float::f64));
        found.extend(array.data.as_vec().into_iter().map(Float::f64));
    }
    found
}

/// `f32` runs on the engine around the layers, `f64` node by node.
#[test]
fn the_engine_and_dfdx_agree() {
    let (fast, slow) = (everything::<f32>(), everything::<f64>());
    assert_eq!(fast.len(), slow.len());
    for (i, (a, b)) in fast.iter().zip(&slow).enumerate() {
        assert!((a - b).abs() <= 1e-4 * b.abs().max(1.0), "{i}: {a}, not {b}");
    }
}

#[test]
fn graphs_and_indices_go_around_them() {
    let (dev, seed) = (Cpu::default(), 3);
    let net = Graphs::seeded(&dev, seed);
    let a: Vec<f32> = (0..12).map(|i| (i as f32) / 6.0 - 1.0).collect();
    let b = vec![0, 4, 2, 2, 1, 3];
    let single = net.forward((
        dev.tensor_from_vec(a.clone(), (3, Const::<4>)),
        dev.tensor_from_vec(b.clone(), (3, Const::<2>)),
    ));
    let double = Graphs::<f64, Cpu>::init(&dev, seed).unwrap().forward((
        dev.tensor_from_vec(a.iter().map(|&x| f64::from(x)).collect(), (3, Const::<4>)),
        dev.tensor_from_vec(b.clone(), (3, Const::<2>)),
    ));
    let pairs =
        [(single.sum.as_vec(), double.sum.as_vec()), (single.own.as_vec(), double.own.as_vec())];
    for (a, b) in pairs.iter().flat_map(|(a, b)| a.iter().zip(b)) {
        assert!((f64::from(*a) - b).abs() < 1e-5, "{a}, not {b}");
    }
    let inputs = [Column::floats(a, &[4]).unwrap(), Column::indices(b, &[2]).unwrap()];
    let report = check_gradients(&net, &inputs[..]).unwrap();
    assert!(report.is_right(), "{report}");
    let predicted = net.predict_all(&inputs[..]).unwrap();
    assert_eq!(predicted[0].as_floats().unwrap(), single.sum.as_vec());
}

#[test]
fn gradients_are_checked_layer_by_layer() {
    let net = Net::seeded(&Cpu::default(), 5);
    let data = data();
    let few = Column::floats(data.inputs()[0].as_floats().unwrap()[..32].to_vec(), &[8]).unwrap();
    let report = check_gradients(&net, &few).unwrap();
    assert!(report.is_right(), "{report}");
    // Linear and BatchNorm1d have three tensors each, `Swish` two, the rest one.
    assert_eq!(report.layers.len(), 3 * 3 + 3 + 2 + 3);
}

mod wrong {
    use super::*;

    /// Forgets the tape of its parameter.
    #[derive(Clone, Debug, Layer)]
    pub struct Deaf<E: Dtype = f32, D: Device<E> = Cpu> {
        #[param(init = ones)]
        weight: Tensor<(Const<4>,), E, D>,
        #[param(init = ones, trainable = false)]
        fixed: Tensor<(Const<4>,), E, D>,
        #[value = 2.0]
        factor: f64,
    }

    impl<E: Float, D: Backend<E>> Apply<Taped<(usize, Const<4>), E, D>> for Deaf<E, D> {
        type Output = Taped<(usize, Const<4>), E, D>;
        fn apply(&self, x: Taped<(usize, Const<4>), E, D>, _: Mode) -> Result<Self::Output> {
            let both = self.weight.clone() * self.fixed.clone() * E::of(self.factor);
            let both = both.broadcast_like(x.shape());
            Ok(x * both)
        }
    }

    network! {
        pub struct Net([4]) -> [2] {
            Linear<4>, deaf: Deaf -> [4], FastSwish<true, 4> -> [4], Linear<2>,
        }
    }
}

#[test]
fn a_wrong_gradient_names_its_layer() {
    let net = wrong::Net::seeded(&Cpu::default(), 5);
    let few = Column::floats((0..12).map(|i| i as f32 / 6.0 - 1.0).collect(), &[4]).unwrap();
    let report = check_gradients(&net, &few).unwrap();
    let wrong: Vec<_> = report.wrong().map(|one| (one.layer, one.kind, one.of.as_str())).collect();
    assert_eq!(wrong, [("deaf", "Deaf", "`weight`"), ("fast_swish_1", "FastSwish", "`slope`")]);
    assert_eq!(report.without_gradient, ["deaf.weight"]);
    let text = report.to_string();
    assert!(text.contains("`deaf.weight` gets no gradient"), "{text}");
    assert!(text.ends_with("8 of 10 gradients are right"), "{text}");
}

#[test]
fn initial_values_follow_the_attributes() {
    #[derive(Clone, Debug, Layer)]
    struct All<E: Dtype = f32, D: Device<E> = Cpu> {
        zeros: Tensor<(Const<50>,), E, D>,
        #[param]
        also: Tensor<(Const<1>,), E, D>,
        #[param(init = normal)]
        normal: Tensor<(Const<5000>,), E, D>,
        #[param(init = normal(0.1))]
        narrow: Tensor<(Const<5000>,), E, D>,
        #[param(init = uniform(0.5))]
        uniform: Tensor<(Const<5000>,), E, D>,
        #[param(init = fan_in(16))]
        fan_in: Tensor<(Const<50>, Const<100>), E, D>,
    }
    impl<E: Float, D: Backend<E>> Apply<Taped<(usize, Const<1>), E, D>> for All<E, D> {
        type Output = Taped<(usize, Const<1>), E, D>;
        fn apply(&self, x: Taped<(usize, Const<1>), E, D>, _: Mode) -> Result<Self::Output> {
            Ok(x)
        }
    }
    network! { struct Net([1]) -> [1] { all: All -> [1] } }
    let all = Net::seeded(&Cpu::default(), 42).all;
    let spread =
        |data: Vec<f32>| (data.iter().map(|x| x * x).sum::<f32>() / data.len() as f32).sqrt();
    let most = |data: Vec<f32>| data.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    assert_eq!((all.zeros.as_vec(), all.also.as_vec()), (vec![0.0; 50], vec![0.0]));
    assert!((spread(all.normal.as_vec()) - 1.0).abs() < 0.03);
    assert!((spread(all.narrow.as_vec()) - 0.1).abs() < 0.003);
    assert!((most(all.uniform.as_vec()) - 0.5).abs() < 0.01);
    assert!((most(all.fan_in.as_vec()) - 0.25).abs() < 0.01);
}
