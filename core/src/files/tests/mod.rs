use super::{Files, topology};
use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::model::{Model, State, arrays};
use crate::rng::Rng;
use crate::value::AnyTensor;
use dfdx::prelude::*;
use netwright_spec::graph::{Attr, Graph, Init, Node, Output, Param, Params, Port};
use std::fs;
use std::path::{Path, PathBuf};

mod damaged;
mod differing;
mod replacing;
mod round_trip;

/// A network with a weight, a bias and a buffer, whose graph shows every kind of attribute.
struct Tiny<E: Float, D: Backend<E> = Cpu> {
    weight: Tensor<Rank2<2, 3>, E, D>,
    bias: Tensor<Rank1<2>, E, D>,
    mean: Tensor<Rank1<2>, E, D>,
    state: State<E, D>,
}

const ATTRS: &[(&str, Attr)] = &[
    ("size", Attr::Size(2)),
    ("sizes", Attr::Sizes(&[1, 2])),
    ("whole", Attr::Number(2.0)),
    ("small", Attr::Number(1e-5)),
    ("all", Attr::Number(f64::INFINITY)),
    ("flag", Attr::Flag(true)),
    ("word", Attr::Word("sa\"me")),
];

static TINY: Graph = Graph {
    name: "Tiny",
    inputs: &[Port { name: "input", shape: &[3], index: false }],
    nodes: &[
        Node {
            name: "linear_1",
            kind: "Linear",
            inputs: &[0],
            shape: &[2],
            attrs: ATTRS,
            params: Params { first: 0, count: 2 },
            tied: None,
            line: 7,
            inner: None,
        },
        Node {
            name: "norm",
            kind: "BatchNorm1d",
            inputs: &[1],
            shape: &[2],
            attrs: &[],
            params: Params { first: 2, count: 1 },
            tied: None,
            line: 8,
            inner: None,
        },
    ],
    outputs: &[Output { name: "output", value: 2 }],
    params: &[
        param("linear_1.weight", &[2, 3], Init::FanIn(3), true),
        param("linear_1.bias", &[2], Init::Ones, true),
        param("norm.running_mean", &[2], Init::Zeros, false),
    ],
};

const fn param(name: &'static str, shape: &'static [usize], init: Init, trainable: bool) -> Param {
    Param { name, shape, init, trainable }
}

impl<E: Float, D: Backend<E>> Model<E, D> for Tiny<E, D> {
    fn graph(&self) -> &'static Graph {
        &TINY
    }
    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n dyn AnyTensor<E, D>)) {
        visit(&self.weight);
        visit(&self.bias);
        visit(&self.mean);
    }
    fn visit_mut<'n>(&'n mut self, visit: &mut dyn FnMut(&'n mut dyn AnyTensor<E, D>)) {
        visit(&mut self.weight);
        visit(&mut self.bias);
        visit(&mut self.mean);
    }
    fn state(&mut self) -> &mut State<E, D> {
        &mut self.state
    }
}

fn tiny<E: Float>(values: [f64; 10]) -> Tiny<E>
where
    Cpu: Backend<E>,
{
    let device = Cpu::default();
    let values: Vec<E> = values.into_iter().map(E::of).collect();
    let mut net = Tiny {
        weight: device.zeros(),
        bias: device.zeros(),
        mean: device.zeros(),
        state: State::default(),
    };
    net.weight.copy_from(&values[..6]);
    net.bias.copy_from(&values[6..8]);
    net.mean.copy_from(&values[8..]);
    net
}

/// A network whose numbers stand for "as it was before".
fn untouched() -> Tiny<f32> {
    tiny([-1.0; 10])
}

const SOME: [f64; 10] = [0.1, -0.0, 1e-40, 3.0, f64::INFINITY, -7.5, f64::NAN, 1e30, 0.5, 2.0];

/// All numbers of a network, as bits.
fn bits<E: Float, D: Backend<E>>(net: &dyn Model<E, D>) -> Vec<u8> {
    arrays(net).unwrap().iter().flat_map(|array| E::to_le(&array.data.as_vec())).collect()
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A file with these bytes.
fn file(directory: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join("tiny.safetensors");
    fs::write(&path, bytes).unwrap();
    path
}

/// The bytes of a saved network.
fn saved() -> Vec<u8> {
    let directory = directory();
    let path = directory.path().join("tiny.safetensors");
    tiny::<f32>(SOME).save(&path).unwrap();
    fs::read(path).unwrap()
}

/// What a failed load says after the file's name; the network must be as before.
fn refused(path: &Path) -> String {
    let mut net = untouched();
    let error = net.load(path).unwrap_err();
    assert_eq!(bits(&net), bits(&untouched()), "{error}");
    problem(error, path)
}

fn problem(error: Error, path: &Path) -> String {
    assert!(matches!(&error, Error::File { file, .. } if file == path), "{error}");
    let text = error.to_string();
    text.strip_prefix(&format!("{}: ", path.display())).unwrap().to_string()
}

/// The names in a directory.
fn names(directory: &tempfile::TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
