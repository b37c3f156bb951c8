//! Initial values of parameters.

use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::model::Model;
use crate::rng::{Rng, mix};
use dfdx::prelude::*;
use netwright_spec::graph::{Init, Param};

/// Gives all parameters their initial values. Each has a stream of random numbers of its own, so
/// that they do not change when a layer is added behind them.
pub fn initialize<E: Float, D: Backend<E>>(model: &mut dyn Model<E, D>, seed: u64) -> Result<()> {
    let graph = model.graph();
    for (number, (tensor, param)) in model.tensors_mut().into_iter().zip(graph.params).enumerate() {
        let values: Vec<E> = values(param, mix(seed, number as u64));
        tensor.write(&values)?;
    }
    model.state().reseed(seed);
    Ok(())
}

/// What dfdx's `BuildModule` and `ResetParams` call for the parameter of this name: the seed comes
/// from the device's random numbers.
pub fn reset<S: Shape, E: Float, D: Device<E>>(
    params: &[Param],
    name: &str,
    tensor: &mut Tensor<S, E, D>,
) -> Result<(), D::Err> {
    tensor.copy_from(&drawn(params, name, tensor.device()));
    Ok(())
}

/// Instantiated once for each device, not for each shape.
fn drawn<E: Float, D: Device<E>>(params: &[Param], name: &str, device: &D) -> Vec<E> {
    let Some(param) = params.iter().find(|param| param.name == name) else { return Vec::new() };
    let seed = match param.init {
        Init::Zeros | Init::Ones | Init::Constant(_) => 0,
        _ => device.random_u64(),
    };
    values(param, seed)
}

fn values<E: Float>(param: &Param, seed: u64) -> Vec<E> {
    let mut rng = Rng::seeded(seed, 0);
    let mut draw: Box<dyn FnMut() -> f64> = match param.init {
        Init::Zeros => Box::new(|| 0.0),
        Init::Ones => Box::new(|| 1.0),
        Init::Constant(x) => Box::new(move || x),
        Init::FanIn(fan_in) => {
            let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
            Box::new(move || (2.0 * rng.uniform() - 1.0) * bound)
        }
        Init::Glorot(rows, columns) => {
            let bound = (6.0 / (rows.saturating_add(columns).max(1) as f64)).sqrt();
            Box::new(move || (2.0 * rng.uniform() - 1.0) * bound)
        }
        Init::Uniform(bound) => Box::new(move || (2.0 * rng.uniform() - 1.0) * bound),
        Init::Normal(deviation) => Box::new(move || rng.normal() * deviation),
        Init::NormalExceptRow(_) => Box::new(move || rng.normal()),
    };
    let count = param.shape.iter().product();
    let mut values: Vec<E> = (0..count).map(|_| E::of(draw())).collect();
    if let Some(still) = values.get_mut(param.still()) {
        still.fill(E::default());
    }
    values
}
