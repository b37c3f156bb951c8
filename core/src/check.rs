//! Whether the gradients of a network are right.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layers::{Call, OnDevice, forward};
use crate::model::{Model, arrays};
use crate::rng::Rng;
use crate::run::{Task, batch_size, params_of, portable};
use crate::train::{Inputs, values};
use crate::value::{Array, Value};
use dfdx::nn::tensor_collection::{
    RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorRef,
};
use dfdx::prelude::*;
use netwright_spec::graph::Graph;
use std::fmt;

/// Half of the distance of a central difference, in one try after the other: across a kink (of a
/// ReLU, between two maxima) a difference is wrong by chance, and the nearer its ends are, the rarer
/// is one between them. A wrong gradient is wrong at every distance.
const STEPS: [f64; 3] = [1e-6, 1e-7, 1e-8];
/// How far a gradient may be from the difference, relative to what is above one.
const TOLERANCE: f64 = 1e-4;
/// Tensors up to this size are checked element by element, others along random directions.
const ALL: usize = 64;
const DIRECTIONS: usize = 4;

/// The gradients of one layer with respect to one of its tensors.
#[derive(Clone, Debug)]
pub struct LayerGradient {
    /// The layer's name.
    pub layer: &'static str,
    /// What it is: `Conv2d`, or the type of a layer of your own.
    pub kind: &'static str,
    /// With respect to what: `input`, or the name of a parameter.
    pub of: String,
    /// The largest difference between gradient and central difference, relative to what is above one.
    pub error: f64,
}

impl LayerGradient {
    /// Whether it is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.error <= TOLERANCE
    }
}

/// What [`check_gradients`] found; it prints as a list.
#[derive(Clone, Debug)]
pub struct GradientReport {
    /// One for each input and parameter of each layer, in the order of the network.
    pub layers: Vec<LayerGradient>,
    /// Trained parameters that get no gradient from the network's outputs.
    pub without_gradient: Vec<&'static str>,
}

impl GradientReport {
    /// Whether every gradient is right and every trained parameter gets one.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.without_gradient.is_empty() && self.wrong().next().is_none()
    }

    /// The wrong ones.
    pub fn wrong(&self) -> impl Iterator<Item = &LayerGradient> {
        self.layers.iter().filter(|gradient| !gradient.is_right())
    }
}

impl fmt::Display for GradientReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for LayerGradient { layer, kind, of, error } in self.wrong() {
            writeln!(
                f,
                "`{layer}` ({kind}): the gradient of its {of} differs from the central difference \
                 by {error:.1e}"
            )?;
        }
        for name in &self.without_gradient {
            writeln!(f, "`{name}` gets no gradient")?;
        }
        let right = self.layers.iter().filter(|gradient| gradient.is_right()).count();
        write!(f, "{right} of {} gradients are right", self.layers.len())
    }
}

/// Compares the gradients of a network, layer by layer and in the training form, with central
/// differences in `f64`: (f(x + h) − f(x − h)) / 2h. So a layer of your own whose backward is wrong
/// is named, and so is a parameter that the tape does not reach.
///
/// A few samples are enough. A surrogate gradient, which is meant to differ, is reported as wrong.
///
/// ```ignore
/// let report = check_gradients(&net, &inputs)?;
/// assert!(report.is_right(), "{report}");
/// ```
///
/// # Errors
/// What running the network gives.
pub fn check_gradients<N, E, D, I>(net: &N, inputs: &I) -> Result<GradientReport>
where
    E: Float,
    D: Backend<E>,
    N: TensorCollection<E, D>,
    N::To<f64, Cpu>: Model<f64, Cpu>,
    I: Inputs + ?Sized,
{
    match N::iter_tensors(&mut RecursiveWalker { m: net, f: &mut InDoubles })? {
        Some(mut net) => check(&mut net, inputs),
        None => Err(Error::Data("the network could not be converted to `f64`".into())),
    }
}

/// A copy of the network in `f64` on the CPU.
struct InDoubles;

impl<E: Float, D: Backend<E>> TensorVisitor<E, D> for InDoubles {
    type Viewer = ViewTensorRef;
    type Err = Error;
    type E2 = f64;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, D>,
        tensor: &Tensor<S, E, D>,
    ) -> Result<Option<Tensor<S, f64, Cpu>>> {
        let data = tensor.as_vec().into_iter().map(Float::f64).collect();
        Cpu::default().try_tensor_from_vec(data, *tensor.shape()).on_device().map(Some)
    }
}

/// Compiled once, for all networks.
fn check<I>(model: &mut dyn Model<f64, Cpu>, inputs: &I) -> Result<GradientReport>
where
    I: Inputs + ?Sized,
{
    let graph = model.graph();
    let inputs = values(inputs.columns(), &Cpu::default())?;
    let batch = batch_size(graph, &inputs)?;
    let mut check = Check { graph, model, batch };
    let (mut flow, mut layers) = (inputs.clone(), Vec::new());
    for number in 0..graph.nodes.len() {
        layers.extend(check.node(number, &flow)?);
        let output = check.run(number, check.inputs(number, &flow), None)?;
        let shape = [&[batch], graph.nodes[number].shape].concat();
        flow.push(Value::Floats(Array { data: output.split_tape().0, shape }));
    }
    Ok(GradientReport { layers, without_gradient: check.without_gradient(inputs)? })
}

/// A tensor that a layer's output depends on.
#[derive(Clone, Copy)]
enum Of {
    Input(usize),
    Param(usize),
}

struct Check<'a> {
    graph: &'static Graph,
    model: &'a mut dyn Model<f64, Cpu>,
    batch: usize,
}

type Flat = Tensor<(usize,), f64, Cpu, OwnedTape<f64, Cpu>>;

/// What an output depends on, how a message calls it, and its numbers.
type Dependence = (Of, String, Tensor<(usize,), f64, Cpu>);

/// Marked `#[inline]` as all bodies of `f64` are: compiled in the program that checks, not for everybody.
impl Check<'_> {
    #[inline]
    fn inputs(&self, number: usize, flow: &[Value<f64, Cpu>]) -> Vec<Value<f64, Cpu>> {
        self.graph.nodes[number].inputs.iter().map(|&value| flow[value].clone()).collect()
    }

    /// Runs one node.
    #[inline]
    fn run(
        &self,
        number: usize,
        inputs: Vec<Value<f64, Cpu>>,
        tape: Option<OwnedTape<f64, Cpu>>,
    ) -> Result<Flat> {
        let node = &self.graph.nodes[number];
        let (params, own) = (arrays(self.model)?, self.model.own());
        forward(&mut Call {
            number,
            node,
            params: &params_of(&params, node)?,
            own: &own,
            inputs,
            tape,
            batch: self.batch,
            training: Some(1),
            device: &Cpu::default(),
            updates: &mut Vec::new(),
        })
    }

    /// All gradients of a node; the best of several tries.
    #[inline]
    fn node(&mut self, number: usize, flow: &[Value<f64, Cpu>]) -> Result<Vec<LayerGradient>> {
        let mut best: Vec<LayerGradient> = Vec::new();
        for (seed, step) in (0..).zip(STEPS) {
            let found = self.try_node(number, flow, (seed, step))?;
            for (number, gradient) in found.into_iter().enumerate() {
                match best.get_mut(number) {
                    Some(best) if best.error <= gradient.error => {}
                    Some(best) => *best = gradient,
                    None => best.push(gradient),
                }
            }
            if best.iter().all(LayerGradient::is_right) {
                break;
            }
        }
        Ok(best)
    }

    #[inline]
    fn try_node(
        &mut self,
        number: usize,
        flow: &[Value<f64, Cpu>],
        (seed, step): (u64, f64),
    ) -> Result<Vec<LayerGradient>> {
        let node = &self.graph.nodes[number];
        let mut random = Rng::seeded(seed, number as u64);
        let inputs: Vec<_> =
            self.inputs(number, flow).into_iter().map(|v| shaken(v, &mut random)).collect();
        let output = self.run(number, inputs.clone(), Some(OwnedTape::default()))?;
        let weights = normal(output.shape().0, &mut random);
        let weights = tensor(weights);
        let loss = output.try_mul(weights.clone()).on_device()?.try_sum::<(), _>().on_device()?;
        let mut gradients = loss.try_backward().on_device()?;
        let mut found = Vec::new();
        for (of, name, data) in self.tensors(number, &inputs)? {
            gradients.try_alloc_for(&data).on_device()?;
            let gradient = gradients.get(&data).as_vec();
            let mut error: f64 = 0.0;
            for mut direction in directions(gradient.len(), &mut random) {
                if let (Of::Param(i), true) = (of, data.shape().0 == direction.len()) {
                    direction[self.graph.params[i].still()].fill(0.0);
                }
                let mut along =
                    |step| self.moved(number, &inputs, (of, &direction, step), &weights);
                let difference = (along(step)? - along(-step)?) / (2.0 * step);
                let expected: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
                let size = difference.abs().max(expected.abs()).max(1.0);
                // A NaN is an error, too.
                error = error.max(((difference - expected).abs() / size).min(f64::MAX));
            }
            found.push(LayerGradient { layer: node.name, kind: node.kind, of: name, error });
        }
        Ok(found)
    }

    /// What the output of a node depends on.
    #[inline]
    fn tensors(&self, number: usize, inputs: &[Value<f64, Cpu>]) -> Result<Vec<Dependence>> {
        let (node, arrays) = (&self.graph.nodes[number], arrays(self.model)?);
        let floats = inputs.iter().enumerate().filter_map(|(i, value)| match value {
            Value::Floats(array) => {
                let name = if i == 0 { "input".into() } else { format!("input {}", i + 1) };
                Some((Of::Input(i), name, array.data.clone()))
            }
            Value::Indices(_) => None,
        });
        let params = node.reads().map(|param| (param, &self.graph.params[param]));
        let params = params.filter(|(_, param)| param.trainable).map(|(i, param)| {
            let name = param.name.rsplit('.').next().unwrap_or(param.name);
            (Of::Param(i), format!("`{name}`"), arrays[i].data.clone())
        });
        Ok(floats.chain(params).collect())
    }

    /// The weighted sum of a node's outputs, one of its tensors moved meanwhile.
    #[inline]
    fn moved(
        &mut self,
        number: usize,
        inputs: &[Value<f64, Cpu>],
        (of, direction, step): (Of, &[f64], f64),
        weights: &Tensor<(usize,), f64, Cpu>,
    ) -> Result<f64> {
        let moved = |x: &[f64]| x.iter().zip(direction).map(|(x, d)| x + step * d).collect();
        let mut inputs = inputs.to_vec();
        let mut before = None;
        match of {
            // Where it lies: a layer of the user's reads its parameters from itself.
            Of::Param(i) => {
                let data = arrays(self.model)?[i].data.as_vec();
                let to: Vec<f64> = moved(&data);
                self.model.tensors_mut()[i].write(&to)?;
                before = Some((i, data));
            }
            Of::Input(i) => {
                if let Value::Floats(array) = &mut inputs[i] {
                    array.data = tensor(moved(&array.data.as_vec()));
                }
            }
        }
        let output = self.run(number, inputs, None);
        if let Some((i, data)) = before {
            self.model.tensors_mut()[i].write(&data)?;
        }
        Ok(output?.as_vec().iter().zip(weights.as_vec()).map(|(y, w)| y * w).sum())
    }

    /// Trained parameters that a backward from all outputs gives nothing but zeros.
    #[inline]
    fn without_gradient(&self, inputs: Vec<Value<f64, Cpu>>) -> Result<Vec<&'static str>> {
        let (params, own) = (arrays(self.model)?, self.model.own());
        let outcome = portable(Task {
            graph: self.graph,
            params: &params,
            own: &own,
            inputs,
            tape: Some(OwnedTape::default()),
            training: Some(1),
            input_gradients: false,
        })?;
        let mut random = Rng::seeded(0, u64::MAX);
        let mut loss = tensor(vec![0.0]).put_tape(outcome.tape.unwrap_or_default());
        for output in outcome.outputs {
            let weights = tensor(normal(output.data.shape().0, &mut random));
            let sum = output.data.put_tape(OwnedTape::default()).try_mul(weights).on_device()?;
            let sum = sum.try_sum::<(), _>().on_device()?.try_reshape_like(&(1,)).on_device()?;
            loss = loss.try_add(sum).on_device()?;
        }
        let loss = loss.try_sum::<(), _>().on_device()?;
        let mut gradients = loss.try_backward().on_device()?;
        let mut without = Vec::new();
        for (param, array) in self.graph.params.iter().zip(&params) {
            gradients.try_alloc_for(&array.data).on_device()?;
            let zeros = gradients.get(&array.data).as_vec().iter().all(|&x| x == 0.0);
            if param.trainable && zeros {
                without.push(param.name);
            }
        }
        Ok(without)
    }
}

fn tensor(data: Vec<f64>) -> Tensor<(usize,), f64, Cpu> {
    let count = (data.len(),);
    Cpu::default().tensor_from_vec(data, count)
}

/// A value a little beside: zeros and equal numbers are where kinks lie.
fn shaken(value: Value<f64, Cpu>, random: &mut Rng) -> Value<f64, Cpu> {
    match value {
        Value::Floats(Array { data, shape }) => {
            let data = data.as_vec().into_iter().map(|x| match x == 0.0 {
                true => 1e-3 * random.normal().abs(),
                false => x * (1.0 + 1e-3 * random.normal()),
            });
            Value::Floats(Array { data: tensor(data.collect()), shape })
        }
        indices => indices,
    }
}

fn normal(count: usize, random: &mut Rng) -> Vec<f64> {
    (0..count).map(|_| random.normal()).collect()
}

fn directions(count: usize, random: &mut Rng) -> Vec<Vec<f64>> {
    if count > ALL {
        return (0..DIRECTIONS).map(|_| normal(count, random)).collect();
    }
    let unit = |i: usize| (0..count).map(|j| if i == j { 1.0 } else { 0.0 }).collect();
    (0..count).map(unit).collect()
}
