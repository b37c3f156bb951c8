//! Every layer against PyTorch: the same parameters and the same batch give the same output and
//! the same gradients. The numbers were written by tests/fixtures/make.py.

#![allow(clippy::unwrap_used)]

mod support;

use netwright::prelude::*;
use netwright_core::{Backend, Float};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeSet;
use support::{Case, Data, Run};

/// |a - b| ≤ tolerance · max(1, |b|); NaN equals NaN. Layers run in `f32`.
const TOLERANCE: f64 = 1e-5;
/// For whole networks in `f32`, whose errors grow from layer to layer.
const DEEP: f64 = 1e-4;
/// The files of whole networks.
const WHOLE: [&str; 4] = ["random", "graphs", "transformer_encoder", "transformer_decoder"];
/// For whole networks in `f64`, whose numbers PyTorch computed in `f64` and stored as `f32`.
const DOUBLE: f64 = 1e-6;

/// One case of a file.
struct Fixture<'a> {
    file: &'a SafeTensors<'a>,
    layer: &'a str,
    case: &'a str,
    tolerance: f64,
}

impl Fixture<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.case)
    }

    fn has(&self, name: &str) -> bool {
        self.file.tensor(&self.key(name)).is_ok()
    }

    fn floats<E: Float>(&self, name: &str) -> Vec<E> {
        let tensor = self.file.tensor(&self.key(name)).unwrap();
        assert_eq!(tensor.dtype(), Dtype::F32, "{} {}", self.layer, self.key(name));
        let numbers = tensor.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
        numbers.map(|x| E::of(f64::from(x))).collect()
    }

    fn input<E: Float>(&self) -> (Data<E>, usize) {
        let tensor = self.file.tensor(&self.key("input")).unwrap();
        let data = match tensor.dtype() {
            Dtype::I64 => Data::Indices(
                tensor
                    .data()
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| i64::from_le_bytes(*b) as usize)
                    .collect(),
            ),
            _ => Data::Floats(self.floats("input")),
        };
        (data, tensor.shape()[0])
    }

    fn check<E: Float>(&self, net: &mut dyn Model<E, Cpu>)
    where
        Cpu: Backend<E>,
    {
        let params = net.graph().params;
        let name = |i: usize| params[i].name.trim_start_matches("layer.");
        for (i, tensor) in net.tensors_mut().into_iter().enumerate() {
            tensor.write(&self.floats::<E>(name(i))).unwrap();
        }
        let (input, batch) = self.input();
        let training = self.case.ends_with("_train").then_some(1);
        let with_gradients = self.has("cotangent");
        let cotangent = |count| match with_gradients {
            true => self.floats("cotangent"),
            false => vec![E::default(); count],
        };
        let run = Case { model: net, input, batch, training }.run(&cotangent);
        let output = self.file.tensor(&self.key("output")).unwrap();
        assert_eq!(run.shape, output.shape());
        self.close("output", &run.output);
        if with_gradients {
            self.check_gradients(&run, &|i| params[i].trainable.then(|| name(i)));
        }
        for (param, share, value) in &run.updates {
            let (share, kept) = (E::of(*share), E::of(1.0 - share));
            let old = self.floats::<E>(name(*param));
            let new: Vec<E> = old.iter().zip(value).map(|(&o, &v)| kept * o + share * v).collect();
            self.close(&format!("after.{}", name(*param)), &new);
        }
        assert_eq!(run.updates.is_empty(), training.is_none());
    }

    fn check_gradients<E: Float>(
        &self,
        run: &Run<E>,
        name: &dyn Fn(usize) -> Option<&'static str>,
    ) {
        if !run.grad_input.is_empty() {
            self.close("grad.input", &run.grad_input);
        }
        for (i, grad) in run.grads.iter().enumerate() {
            if let Some(name) = name(i) {
                self.close(&format!("grad.{name}"), grad);
            }
        }
    }

    fn close<E: Float>(&self, name: &str, got: &[E]) {
        let expected = self.floats::<E>(name);
        assert_eq!(got.len(), expected.len());
        for (i, (a, b)) in got.iter().zip(&expected).enumerate() {
            let (a, b) = (a.f64(), b.f64());
            let same = a == b || (a.is_nan() && b.is_nan());
            assert!(
                same || (a - b).abs() <= self.tolerance * b.abs().max(1.0),
                "{} {}[{i}]: {a}, not {b}",
                self.layer,
                self.key(name)
            );
        }
    }
}

/// The names before the first dot: the cases of a file.
fn cases<'a>(file: &'a SafeTensors<'_>) -> BTreeSet<&'a str> {
    file.names().iter().filter_map(|name| name.split('.').next()).collect()
}

fn read(layer: &str) -> Vec<u8> {
    let folder = env!("CARGO_MANIFEST_DIR");
    std::fs::read(format!("{folder}/tests/fixtures/{layer}.safetensors")).unwrap()
}

/// One test for each file, which declares a network for each of its cases.
macro_rules! pytorch {
    ($($layer:ident { $($case:ident: $shape:tt => { $($body:tt)* })* })*) => {
        $(#[test]
        fn $layer() {
            $(mod $case {
                use netwright::prelude::*;
                network! {
                    pub struct Net($shape) { $($body)* }
                }
            })*
            let layer = stringify!($layer);
            let bytes = read(layer);
            let file = SafeTensors::deserialize(&bytes).unwrap();
            assert_eq!(cases(&file), BTreeSet::from([$(stringify!($case)),*]));
            $(
                let (case, deep) = (stringify!($case), WHOLE.contains(&layer));
                let tolerance = if deep { DEEP } else { TOLERANCE };
                let mut net = $case::Net::seeded(&Cpu::default(), 1);
                Fixture { file: &file, layer, case, tolerance }.check::<f32>(&mut net);
                if deep {
                    let mut net = $case::Net::<f64, Cpu>::init(&Cpu::default(), 1).unwrap();
                    Fixture { file: &file, layer, case, tolerance: DOUBLE }.check(&mut net);
                }
            )*
        })*
    };
}

pytorch! {
    linear {
        plain: [5] => { layer: Linear<3> }
        one: [5] => { layer: Linear<3> }
        no_bias: [7] => { layer: Linear<2, bias = false> }
        time: [4, 5] => { layer: Linear<3> }
    }
    flatten {
        plain: [3, 2, 2] => { Flatten }
    }
    reshape {
        plain: [2, 6] => { Reshape<[3, _]> }
    }
    embedding {
        plain: [usize; 5] => { layer: Embedding<7, 3> }
        rows: [usize; 3, 4] => { layer: Embedding<4, 2> }
        padding: [usize; 5] => { layer: Embedding<7, 3, padding = 2> }
    }
    embedding_bag {
        mean: [usize; 5] => { layer: EmbeddingBag<7, 3> }
        sum: [usize; 5] => { layer: EmbeddingBag<7, 3, mode = sum> }
        max: [usize; 5] => { layer: EmbeddingBag<7, 3, mode = max> }
        mean_padding: [usize; 5] => { layer: EmbeddingBag<7, 3, padding = 2> }
        sum_padding: [usize; 5] => { layer: EmbeddingBag<7, 3, mode = sum, padding = 2> }
        max_padding: [usize; 5] => { layer: EmbeddingBag<7, 3, mode = max, padding = 2> }
    }
    batch_norm1d {
        features_train: [4] => { layer: BatchNorm1d }
        features_eval: [4] => { layer: BatchNorm1d }
        features_bare_train: [4] => {
            layer: BatchNorm1d<affine = false>(eps = 0.01, momentum = 0.3)
        }
        features_bare_eval: [4] => {
            layer: BatchNorm1d<affine = false>(eps = 0.01, momentum = 0.3)
        }
        time_train: [3, 5] => { layer: BatchNorm1d }
        time_eval: [3, 5] => { layer: BatchNorm1d }
        time_bare_train: [3, 5] => {
            layer: BatchNorm1d<affine = false>(eps = 0.01, momentum = 0.3)
        }
        time_bare_eval: [3, 5] => {
            layer: BatchNorm1d<affine = false>(eps = 0.01, momentum = 0.3)
        }
    }
    batch_norm2d {
        image_train: [2, 4, 3] => { layer: BatchNorm2d }
        image_eval: [2, 4, 3] => { layer: BatchNorm2d }
        image_bare_train: [2, 4, 3] => {
            layer: BatchNorm2d<affine = false>(eps = 0.01, momentum = 0.3)
        }
        image_bare_eval: [2, 4, 3] => {
            layer: BatchNorm2d<affine = false>(eps = 0.01, momentum = 0.3)
        }
        one_train: [3, 2, 2] => { layer: BatchNorm2d }
        one_eval: [3, 2, 2] => { layer: BatchNorm2d }
        one_bare_train: [3, 2, 2] => {
            layer: BatchNorm2d<affine = false>(eps = 0.01, momentum = 0.3)
        }
        one_bare_eval: [3, 2, 2] => {
            layer: BatchNorm2d<affine = false>(eps = 0.01, momentum = 0.3)
        }
    }
    layer_norm {
        one: [5] => { layer: LayerNorm }
        time: [3, 5] => { layer: LayerNorm }
        two: [2, 3, 4] => { layer: LayerNorm<axes = 2> }
        three: [2, 3, 4] => { layer: LayerNorm<axes = 3> }
        bare: [6] => { layer: LayerNorm<affine = false>(eps = 0.01) }
    }
    dropout {
        eval: [5] => { Dropout(0.3) }
    }
    relu {
        plain: [9] => { Relu }
        plain_far: [10] => { Relu }
        plain_zero: [2] => { Relu }
        plain_special: [4] => { Relu }
    }
    leaky_relu {
        plain: [9] => { LeakyRelu }
        plain_far: [10] => { LeakyRelu }
        plain_zero: [2] => { LeakyRelu }
        plain_special: [4] => { LeakyRelu }
        steep: [9] => { LeakyRelu(0.3) }
        steep_far: [10] => { LeakyRelu(0.3) }
        steep_zero: [2] => { LeakyRelu(0.3) }
        steep_special: [4] => { LeakyRelu(0.3) }
    }
    elu {
        plain: [9] => { Elu }
        plain_far: [10] => { Elu }
        plain_zero: [2] => { Elu }
        plain_special: [4] => { Elu }
        alpha: [9] => { Elu(0.7) }
        alpha_far: [10] => { Elu(0.7) }
        alpha_zero: [2] => { Elu(0.7) }
        alpha_special: [4] => { Elu(0.7) }
    }
    gelu {
        plain: [9] => { Gelu }
        plain_far: [10] => { Gelu }
        plain_zero: [2] => { Gelu }
        plain_special: [4] => { Gelu }
        tanh: [9] => { Gelu<approximate = tanh> }
        tanh_far: [10] => { Gelu<approximate = tanh> }
        tanh_zero: [2] => { Gelu<approximate = tanh> }
        tanh_special: [4] => { Gelu<approximate = tanh> }
    }
    silu {
        plain: [9] => { Silu }
        plain_far: [10] => { Silu }
        plain_zero: [2] => { Silu }
        plain_special: [4] => { Silu }
    }
    map {
        swish: [9] => { Map(|x| x * (1.5 * x).sigmoid()) }
        swish_zero: [2] => { Map(|x| x * (1.5 * x).sigmoid()) }
        powers: [9] => { Map(|x| x.powi(3) - x * x / (1.0 + x.exp())) }
        waves: [4, 5] => { Map(|x| x.sin() * (2.0 * x).cos() + (-x).tanh()) }
        bends: [9] => { Map(|x| x.max(-0.5).min(0.5) + x.relu() + x.abs()) }
        roots: [9] => { Map(|x| (x.abs() + 0.5).ln() + (x.abs() + 0.25).sqrt()) }
    }
    sigmoid {
        plain: [9] => { Sigmoid }
        plain_far: [10] => { Sigmoid }
        plain_zero: [2] => { Sigmoid }
        plain_special: [4] => { Sigmoid }
    }
    tanh {
        plain: [9] => { Tanh }
        plain_far: [10] => { Tanh }
        plain_zero: [2] => { Tanh }
        plain_special: [4] => { Tanh }
    }
    softplus {
        plain: [9] => { Softplus }
        plain_far: [10] => { Softplus }
        plain_zero: [2] => { Softplus }
        plain_special: [4] => { Softplus }
        bent: [9] => { Softplus(2.0, threshold = 1.0) }
        bent_far: [10] => { Softplus(2.0, threshold = 1.0) }
        bent_zero: [2] => { Softplus(2.0, threshold = 1.0) }
        bent_special: [4] => { Softplus(2.0, threshold = 1.0) }
    }
    softmax {
        plain: [5] => { Softmax }
        image_0: [3, 2, 4] => { Softmax<axis = 0> }
        image_1: [3, 2, 4] => { Softmax<axis = 1> }
        image_2: [3, 2, 4] => { Softmax }
        far: [5] => { Softmax }
        special: [3] => { Softmax }
    }
    log_softmax {
        plain: [5] => { LogSoftmax }
        image_0: [3, 2, 4] => { LogSoftmax<axis = 0> }
        image_1: [3, 2, 4] => { LogSoftmax<axis = 1> }
        image_2: [3, 2, 4] => { LogSoftmax }
        far: [5] => { LogSoftmax }
        special: [3] => { LogSoftmax }
    }
    add {
        plain: [4] => { Residual { layer: Linear<4> } }
        itself: [4] => { Residual { Flatten } }
    }
    sub {
        plain: [4] => { input - (input => layer: Linear<4>) - (input => Tanh) }
        image: [3, 2, 4] => { input - (input => layer: Conv2d<3, 1>) - (input => Tanh) }
    }
    mat_mul {
        plain: [3, 4] => { matmul((input => layer: Linear<4>), (input => Reshape<[4, 3]>)) }
        itself: [9, 9] => { matmul(input, input) }
    }
    mul {
        plain: [4] => { let gate = input => layer: Linear<4>; gate * input * 0.5 * gate }
        image: [3, 2, 4] => { let gate = input => layer: Conv2d<3, 1>; gate * input * 0.5 * gate }
        number: [4] => { let negative = input * 1.5; negative - input * 3 }
    }
    graphs {
        inception: [3, 5, 6] => {
            let one_by_one = input => one: Conv2d<2, 1>, Relu;
            let large = input => five_in: Conv2d<2, 1>, Relu, five: Conv2d<2, 5, padding = 2>, Relu;
            let pool = input => MaxPool2d<3, stride = 1, padding = 1>, pooled: Conv2d<2, 1>, Relu;
            concat(
                one_by_one,
                (input => three_in: Conv2d<2, 1>, Relu, three: Conv2d<3, 3, padding = 1>, Relu),
                large,
                pool,
            )
        }
        dense: [3, 5, 4] => {
            let x1 = input => a: Conv2d<2, 3, padding = 1>, Relu;
            let x2 = concat(input, x1) => b: Conv2d<2, 3, padding = 1>, Relu;
            let x3 = concat(input, x1, x2) => c: Conv2d<2, 3, padding = 1>, Relu;
            concat(input, x1, x2, x3)
        }
        siamese: [2, 4, 5] => {
            layer stem: Conv2d<3, 3>;
            layer code: Linear<4>;
            let left = input => stem, Tanh, Flatten, code, Tanh;
            let right = (input => Tanh) * 2 => stem, Tanh, Flatten, code, Tanh;
            let difference = left - right;
            difference * difference => judge: Linear<1>
        }
        unet: [2, 6, 4] => {
            let fine = input => down: Conv2d<3, 3, padding = same>, Relu;
            let coarse = fine => MaxPool2d<2>, deep: Conv2d<4, 3, padding = same>, Relu;
            let larger = coarse => Upsample2d<2>;
            let joined = concat(larger, fine) => up: Conv2d<2, 3, padding = same>;
            joined + input
        }
        towers: [usize; 3] => {
            let user = input => users: Embedding<7, 6>, tower: Linear<4>, Relu;
            let item = input => items: Embedding<7, 6>, other: Linear<4>, Relu;
            user * item => Sum
        }
    }
    sum {
        last: [4, 5] => { Sum }
        image_0: [3, 4, 5] => { Sum<axis = 0> }
        image_1: [3, 4, 5] => { Sum<axis = 1> }
        image_2: [3, 4, 5] => { Sum<axis = 2> }
    }
    mean {
        last: [4, 5] => { Mean }
        image_0: [3, 4, 5] => { Mean<axis = 0> }
        image_1: [3, 4, 5] => { Mean<axis = 1> }
        image_2: [3, 4, 5] => { Mean<axis = 2> }
    }
    upsample2d {
        plain: [3, 2, 4] => { Upsample2d<2> }
        rectangle: [3, 2, 4] => { Upsample2d<(3, 1)> }
    }
    concat {
        rows: [2, 3, 4] => {
            let part = input => layer: Conv2d<2, (2, 1)>;
            concat(part, (input => Tanh), axis = 1)
        }
        columns: [2, 3, 4] => {
            let part = input => layer: Conv2d<2, (1, 3)>;
            concat(part, (input => Tanh), axis = 2)
        }
        longer: [3, 4] => { concat((input => layer: Linear<4>), (input => Tanh), axis = 0) }
        channels: [2, 3, 4] => { Parallel { { layer: Conv2d<3, 1> }, { Tanh } } }
        features: [5] => { Parallel { { layer: Linear<2> }, { Tanh } } }
        time: [3, 4] => { Parallel { { layer: Linear<3> }, { Tanh } } }
        itself: [4] => { Parallel { { Flatten }, { Flatten } } }
    }
}

// Convolutions and pooling of images.
include!("fixtures/images.rs");

// The rest of the activations.
include!("fixtures/activations.rs");

// Layers that move elements.
include!("fixtures/shapes.rs");

// Positions, and layers made of attention.
include!("fixtures/transformer.rs");

// Layers along time.
include!("fixtures/recurrent.rs");
include!("fixtures/separable.rs");

// Norms of each sample.
include!("fixtures/norms.rs");

// Random numbers.
include!("fixtures/noise.rs");

// Lines, and the border of images.
include!("fixtures/lines.rs");

// Volumes.
include!("fixtures/volumes.rs");

// Attention.
include!("fixtures/attention.rs");

// Layers in a random order.
include!("fixtures/random_networks.rs");
