//! What every layer must do, written once; a layer is one line of `support/every_layer.rs`.

#![allow(clippy::unwrap_used)]

#[path = "support/every_layer.rs"]
mod every_layer;
mod support;

use every_layer::every_layer;
use netwright::prelude::*;
use netwright_core::spec::catalogue;
use netwright_core::spec::graph::{Graph, Node};
use std::path::Path;
use support::{Case, Data, Random, Run};

/// A gradient may differ from the central difference by this much, relative to what is above one.
const TOLERANCE: f64 = 1e-6;
/// Half of the distance of a central difference.
const STEP: f64 = 1e-6;
/// Tensors up to this size are checked element by element, others along random directions.
const ALL: usize = 40;

type Net = dyn Model<f64, Cpu>;

fn contract(model: &mut Net, params: usize) {
    randomize(model);
    #[cfg(feature = "engine")]
    assert!(netwright::engine::covers(model.graph()), "the engine has no step for it");
    counts_its_parameters(model, params);
    has_the_inferred_shape(model);
    trains_as_it_infers_unless_declared(model);
    gives_the_same_bits_again(model);
    treats_samples_alike(model);
    for training in [None, Some(11)] {
        has_true_gradients(model, training);
    }
}

/// Parameters in [0.5, 1.5]: away from their initial zeros, and variances stay positive.
fn randomize(model: &mut Net) {
    let mut random = Random(1);
    let counts: Vec<usize> =
        model.graph().params.iter().map(|p| p.shape.iter().product()).collect();
    for (tensor, count) in model.tensors_mut().into_iter().zip(counts) {
        let values: Vec<f64> = (0..count).map(|_| 1.0 + 0.5 * random.number()).collect();
        tensor.write(&values).unwrap();
    }
}

fn counts_its_parameters(model: &Net, params: usize) {
    let tensors = model.tensors().into_iter().zip(model.graph().params);
    let trainable = tensors.filter(|(_, param)| param.trainable);
    let sum: usize = trainable.map(|(t, _)| t.array().unwrap().data.as_vec().len()).sum();
    assert_eq!((sum, model.graph().trainable()), (params, params));
}

fn has_the_inferred_shape(model: &Net) {
    let graph = model.graph();
    for batch in [1, 3, 65] {
        let outputs = case(model, batch, None).infer().unwrap().outputs;
        let mut shape = vec![batch];
        shape.extend_from_slice(graph.shape_of(graph.outputs[0].value));
        assert_eq!(outputs[0].shape, shape);
        assert_eq!(outputs[0].data.as_vec().len(), shape.iter().product::<usize>());
    }
}

/// Dropout, noise and batch normalization have a training form; only the last moves anything.
fn trains_as_it_infers_unless_declared(model: &Net) {
    let uses = |kind: &str| model.graph().nodes.iter().any(|node| node.kind.contains(kind));
    let run = |training| case(model, 3, training).run(&cotangent);
    let (infer, train) = (run(None), run(Some(5)));
    let drops = uses("Dropout")
        || uses("Noise")
        || model.graph().nodes.iter().any(|node| node.number("dropout") > 0.0);
    let declared = drops || uses("BatchNorm");
    assert_eq!(infer.output == train.output, !declared);
    assert!(infer.updates.is_empty());
    let buffers = model.graph().params.iter().filter(|param| !param.trainable).count();
    assert_eq!(train.updates.len(), buffers);
    assert_eq!(run(Some(5)).output == run(Some(6)).output, !drops);
}

fn gives_the_same_bits_again(model: &Net) {
    let run = || case(model, 3, Some(5)).run(&cotangent);
    assert_eq!(run(), run());
}

fn treats_samples_alike(model: &Net) {
    let whole = case(model, 3, None);
    let output = whole.infer().unwrap().outputs[0].data.as_vec();
    let width = output.len() / 3;
    for row in 0..3 {
        let input = match &whole.input {
            Data::Floats(data) => Data::Floats(part(data, row)),
            Data::Indices(data) => Data::Indices(part(data, row)),
        };
        let one = Case { model, input, batch: 1, training: None }.infer().unwrap();
        let expected = &output[row * width..][..width];
        for (got, expected) in one.outputs[0].data.as_vec().iter().zip(expected) {
            assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0));
        }
    }
}

fn part<T: Clone>(data: &[T], third: usize) -> Vec<T> {
    let width = data.len() / 3;
    data[third * width..][..width].to_vec()
}

/// Against central differences, for the input and each parameter.
fn has_true_gradients(model: &mut Net, training: Option<u64>) {
    let Run { grad_input, grads, .. } = case(model, 3, training).run(&cotangent);
    let Data::Floats(data) = case(model, 3, training).input else {
        return true_parameter_gradients(model, training, &grads);
    };
    for direction in directions(data.len()) {
        let difference = central(|step| {
            let moved = data.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
            loss(&Case { model, input: Data::Floats(moved), batch: 3, training })
        });
        close(dot(&grad_input, &direction), difference, "the input");
    }
    true_parameter_gradients(model, training, &grads);
}

fn true_parameter_gradients(model: &mut Net, training: Option<u64>, grads: &[Vec<f64>]) {
    let params = model.graph().params;
    for (i, param) in params.iter().enumerate().filter(|(_, param)| param.trainable) {
        let values = model.tensors()[i].array().unwrap().data.as_vec();
        for mut direction in directions(values.len()) {
            direction[param.still()].fill(0.0);
            let difference = central(|step| {
                let moved: Vec<f64> =
                    values.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
                model.tensors_mut()[i].write(&moved).unwrap();
                loss(&case(model, 3, training))
            });
            close(dot(&grads[i], &direction), difference, param.name);
        }
        model.tensors_mut()[i].write(&values).unwrap();
    }
}

fn close(gradient: f64, difference: f64, what: &str) {
    let tolerance = TOLERANCE * difference.abs().max(1.0);
    assert!((gradient - difference).abs() <= tolerance, "{what}: {gradient}, not {difference}");
}

fn central(mut loss: impl FnMut(f64) -> f64) -> f64 {
    (loss(STEP) - loss(-STEP)) / (2.0 * STEP)
}

/// Each axis of a small space, a few random directions of a large one.
fn directions(count: usize) -> Vec<Vec<f64>> {
    let mut random = Random(2);
    if count > ALL {
        return (0..8).map(|_| (0..count).map(|_| random.number()).collect()).collect();
    }
    (0..count).map(|i| (0..count).map(|j| f64::from(u8::from(i == j))).collect()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn loss(case: &Case<'_, f64, Cpu>) -> f64 {
    let output = case.infer().unwrap().outputs[0].data.as_vec();
    dot(&output, &cotangent(output.len()))
}

fn cotangent(count: usize) -> Vec<f64> {
    let mut random = Random(3);
    (0..count).map(|_| random.number()).collect()
}

/// Indices are below 7: what tables of the list have at least.
fn case(model: &Net, batch: usize, training: Option<u64>) -> Case<'_, f64, Cpu> {
    let port = model.graph().inputs[0];
    let count = batch * port.shape.iter().product::<usize>();
    let mut random = Random(4);
    let input = match port.index {
        true => Data::Indices((0..count).map(|_| random.below(7)).collect()),
        false => Data::Floats(random.apart(count)),
    };
    Case { model, input, batch, training }
}

/// A network of that layer, a test that it keeps the contract, and all graphs for the tests below.
macro_rules! contracts {
    ($($name:ident: $shape:tt => { $($body:tt)* })*) => {
        $(mod $name {
            use netwright::prelude::*;
            network! {
                pub struct Net($shape) { $($body)* }
            }
            #[test]
            fn contract() {
                let mut net = Net::<f64, Cpu>::init(&Cpu::default(), 1).unwrap();
                super::contract(&mut net, Net::<f32, Cpu>::PARAMS);
            }
        })*
        fn graphs() -> Vec<&'static Graph> {
            vec![$($name::Net::<f64, Cpu>::init(&Cpu::default(), 1).unwrap().graph()),*]
        }
    };
}

every_layer!(contracts);

#[test]
fn every_layer_has_a_contract_and_its_files() {
    let graphs = graphs();
    let has = |is: &dyn Fn(&Node) -> bool| graphs.iter().flat_map(|graph| graph.nodes).any(is);
    for def in catalogue::ALL {
        let name = snake(def.name);
        let files =
            [format!("spec/src/layers/{name}.rs"), format!("tests/fixtures/{name}.safetensors")];
        // What is made of others is known by the names of its parts.
        let named = match catalogue::COMPOSITES.contains(&def.name) {
            true => has(&|node| node.name.starts_with(&format!("{name}_1"))),
            false => {
                let runs = include_str!("../core/src/layers/mod.rs");
                let arm = format!("\"{}\"", def.name);
                assert!(runs.contains(&arm), "{} is not run in core", def.name);
                has(&|node| node.kind == def.name)
            }
        };
        assert!(named, "{} has no line in the list", def.name);
        for file in files {
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).exists(), "no {file}");
        }
    }
}

/// `MaxPool2d` as `max_pool2d`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

mod threads {
    use super::*;

    network! {
        struct Large([3, 14, 14]) {
            Conv2d<32, 3>, BatchNorm2d, Relu, MaxPool2d<2>, Dropout, Conv2d<32, 3>, Gelu,
            Flatten, Linear<64>, LayerNorm, Linear<10>, LogSoftmax,
        }
    }

    #[test]
    fn one_and_two_give_the_same_bits() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let net = Large::<f32, Cpu>::seeded(&Cpu::default(), 1);
                let mut random = Random(4);
                let input = (0..65 * 588).map(|_| random.number() as f32).collect();
                let case =
                    Case { model: &net, input: Data::Floats(input), batch: 65, training: Some(3) };
                case.run(&|count| cotangent(count).into_iter().map(|x| x as f32).collect())
            })
        };
        assert!(run(1) == run(2));
    }
}
