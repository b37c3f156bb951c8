//! What a network says about new samples.

use super::CHUNK;
use super::step::infer;
use crate::backend::{Backend, Float};
use crate::data::{Batch, Column, Dataset};
use crate::error::{Error, Result};
use crate::model::{Model, arrays, device_of};

/// What a prediction can be made for: a [`Column`], several for a network of several inputs, or
/// the inputs of a [`Dataset`].
pub trait Inputs {
    /// One column for each input of the network.
    fn columns(&self) -> &[Column];
}

impl Inputs for Column {
    fn columns(&self) -> &[Column] {
        std::slice::from_ref(self)
    }
}

impl Inputs for [Column] {
    fn columns(&self) -> &[Column] {
        self
    }
}

impl<const N: usize> Inputs for [Column; N] {
    fn columns(&self) -> &[Column] {
        self
    }
}

impl Inputs for Vec<Column> {
    fn columns(&self) -> &[Column] {
        self
    }
}

impl Inputs for Dataset {
    fn columns(&self) -> &[Column] {
        self.inputs()
    }
}

/// Overwrites `outputs` with one column of floats for each output, in the inference form.
pub(crate) fn predict<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    inputs: &[Column],
    outputs: &mut Vec<Column>,
) -> Result<()> {
    let samples = inputs.first().map_or(0, Column::len);
    if samples == 0 {
        return Err(Error::Data("the data to predict from has no samples".into()));
    }
    if !D::infer(model, inputs, outputs)? {
        *outputs = infer_all(model, inputs, samples)?;
    }
    Ok(())
}

/// With the device's general way, in batches.
fn infer_all<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    inputs: &[Column],
    samples: usize,
) -> Result<Vec<Column>> {
    let params = arrays(model)?;
    let device: D = device_of(&params);
    let mut found: Vec<(Vec<f32>, Vec<usize>)> = Vec::new();
    for first in (0..samples).step_by(CHUNK) {
        let numbers: Vec<usize> = (first..samples.min(first + CHUNK)).collect();
        let part = inputs.iter().map(|c| c.gather(&numbers)).collect::<Result<_>>()?;
        let batch = Batch { inputs: part, targets: Vec::new() };
        for (i, output) in infer(model, &params, &batch, &device)?.into_iter().enumerate() {
            if i == found.len() {
                found.push((Vec::new(), output.shape.get(1..).unwrap_or(&[]).to_vec()));
            }
            found[i].0.extend(output.data.as_vec().into_iter().map(|x| x.f64() as f32));
        }
    }
    found.into_iter().map(|(data, shape)| Column::floats(data, &shape)).collect()
}
