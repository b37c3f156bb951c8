//! What a device must be able to do to run a network.

use crate::data::{Batch, Column, Samples};
use crate::engine::PlanReport;
use crate::error::Result;
use crate::files::{Loaded, StateDict};
use crate::in_place::InPlace;
use crate::model::Model;
use crate::run::{Outcome, Task};
use crate::train;
use crate::value::{Array, Value};
use dfdx::prelude::{Cpu, Dtype, Gradients};
use dfdx::tensor::CpuError;
use netwright_spec::graph::Graph;
use std::path::Path;

/// The float types networks work in: `f32` and `f64`.
pub trait Float: Dtype + num_traits::Float + Default + std::fmt::Display {
    /// How files call it: `F32`.
    const NAME: &'static str;
    /// The nearest value to an `f64`.
    fn of(x: f64) -> Self;
    /// As an `f64`.
    fn f64(self) -> f64;
    /// The values' bits, the least significant byte first.
    fn to_le(values: &[Self]) -> Vec<u8>;
    /// Back from [`Float::to_le`]; bytes that are too few for one more value are left out.
    fn from_le(bytes: &[u8]) -> Vec<Self>;
}

impl Float for f32 {
    const NAME: &'static str = "F32";
    fn of(x: f64) -> Self {
        x as f32
    }
    fn f64(self) -> f64 {
        f64::from(self)
    }
    fn to_le(values: &[Self]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }
    fn from_le(bytes: &[u8]) -> Vec<Self> {
        bytes.as_chunks().0.iter().map(|&x| f32::from_le_bytes(x)).collect()
    }
}

impl Float for f64 {
    const NAME: &'static str = "F64";
    fn of(x: f64) -> Self {
        x
    }
    fn f64(self) -> f64 {
        self
    }
    fn to_le(values: &[Self]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }
    fn from_le(bytes: &[u8]) -> Vec<Self> {
        bytes.as_chunks().0.iter().map(|&x| f64::from_le_bytes(x)).collect()
    }
}

/// A dfdx device that runs networks.
///
/// Its methods are not generic: their bodies are compiled once, inside this crate, and a program
/// that declares a network instantiates none of them.
pub trait Backend<E: Float>: InPlace<E> {
    /// Runs a network forward; on a tape if the task has one.
    fn run(task: Task<'_, E, Self>) -> Result<Outcome<E, Self>>;

    /// Writes a network to a file: [`Files::save`](crate::Files::save).
    fn save(model: &dyn Model<E, Self>, file: &Path) -> Result<()>;

    /// Writes one for PyTorch: [`Files::save_state_dict`](crate::Files::save_state_dict).
    fn save_state_dict(model: &dyn Model<E, Self>, file: &StateDict<'_>) -> Result<()>;

    /// Reads a network from a file: [`Files::load`](crate::Files::load).
    fn load(model: &mut dyn Model<E, Self>, file: &StateDict<'_>) -> Result<Loaded>;

    /// How a network runs here.
    fn plan(graph: &'static Graph) -> PlanReport;

    /// The value of a built-in loss.
    fn loss(
        criterion: train::Criterion<'_>,
        outputs: Vec<train::Output<E, Self>>,
        targets: &[Value<E, Self>],
    ) -> Result<train::Scalar<E, Self>>;

    /// The right answers by a built-in loss.
    fn correct(
        criterion: train::Criterion<'_>,
        outputs: &[Array<E, Self>],
        targets: &[Value<E, Self>],
    ) -> Result<Option<train::Correct>>;

    /// One step of a built-in optimizer.
    fn optimize(
        rule: train::Rule,
        memory: &mut train::Memory,
        model: &mut dyn Model<E, Self>,
        gradients: &mut Gradients<E, Self>,
    ) -> Result<()>;

    /// One step in a way of this device's own, if it has one for this loss and optimizer.
    fn learn(
        model: &mut dyn Model<E, Self>,
        batch: &Batch,
        loss: &dyn train::Loss<E, Self>,
        optimizer: &mut dyn train::Optimizer<E, Self>,
    ) -> Result<Option<train::Report>>;

    /// The number of the first trained parameter whose gradient is not finite.
    fn not_finite(
        model: &dyn Model<E, Self>,
        params: &[Array<E, Self>],
        gradients: &mut Gradients<E, Self>,
    ) -> Result<Option<usize>>;

    /// One step of a training.
    fn step(
        model: &mut dyn Model<E, Self>,
        batch: &Batch,
        loss: &dyn train::Loss<E, Self>,
        optimizer: &mut dyn train::Optimizer<E, Self>,
    ) -> Result<train::Evaluation>;

    /// A whole training.
    fn fit(
        model: &mut dyn Model<E, Self>,
        data: &dyn Samples,
        loss: &dyn train::Loss<E, Self>,
        optimizer: &mut dyn train::Optimizer<E, Self>,
        settings: &train::Settings<'_>,
    ) -> Result<train::History>;

    /// Loss and accuracy of all samples.
    fn evaluate(
        model: &dyn Model<E, Self>,
        data: &dyn Samples,
        loss: &dyn train::Loss<E, Self>,
    ) -> Result<train::Evaluation>;

    /// Overwrites `outputs` with one column for each output.
    fn predict(
        model: &dyn Model<E, Self>,
        inputs: &[Column],
        outputs: &mut Vec<Column>,
    ) -> Result<()>;

    /// The same in a way of this device's own; false, and nothing has changed, if it has none.
    fn infer(
        model: &dyn Model<E, Self>,
        inputs: &[Column],
        outputs: &mut Vec<Column>,
    ) -> Result<bool>;

    /// How this device calls an error that is not its own: dfdx's traits have no other type.
    fn foreign_error() -> Self::Err;
}

/// Bodies of `f32` are compiled here. Those of `f64`, which most programs never run, are marked
/// `#[inline]`: rustc then compiles them in the program that does, which halves the time that
/// everybody waits for this crate. The last name is the module of `train` that updates parameters.
macro_rules! portable {
    ($device:ty, $float:ty, $run:path, $plan:path, $error:expr, #[$inline:meta], $updates:ident) => {
        impl Backend<$float> for $device {
            #[$inline]
            fn run(task: Task<'_, $float, Self>) -> Result<Outcome<$float, Self>> {
                $run(task)
            }

            #[$inline]
            fn save(model: &dyn Model<$float, Self>, file: &Path) -> Result<()> {
                crate::files::save(model, file)
            }

            #[$inline]
            fn save_state_dict(
                model: &dyn Model<$float, Self>,
                file: &StateDict<'_>,
            ) -> Result<()> {
                crate::files::save_state_dict(model, file)
            }

            #[$inline]
            fn load(model: &mut dyn Model<$float, Self>, file: &StateDict<'_>) -> Result<Loaded> {
                crate::files::load(model, file)
            }

            #[$inline]
            fn plan(graph: &'static Graph) -> PlanReport {
                $plan(graph)
            }

            #[$inline]
            fn loss(
                criterion: train::Criterion<'_>,
                outputs: Vec<train::Output<$float, Self>>,
                targets: &[Value<$float, Self>],
            ) -> Result<train::Scalar<$float, Self>> {
                criterion.compute(outputs, targets)
            }

            #[$inline]
            fn correct(
                criterion: train::Criterion<'_>,
                outputs: &[Array<$float, Self>],
                targets: &[Value<$float, Self>],
            ) -> Result<Option<train::Correct>> {
                criterion.correct(outputs, targets)
            }

            #[$inline]
            fn optimize(
                rule: train::Rule,
                memory: &mut train::Memory,
                model: &mut dyn Model<$float, Self>,
                gradients: &mut Gradients<$float, Self>,
            ) -> Result<()> {
                train::$updates::optimize(rule, memory, model, gradients)
            }

            #[$inline]
            fn learn(
                model: &mut dyn Model<$float, Self>,
                batch: &Batch,
                loss: &dyn train::Loss<$float, Self>,
                optimizer: &mut dyn train::Optimizer<$float, Self>,
            ) -> Result<Option<train::Report>> {
                train::$updates::learn(model, batch, loss, optimizer)
            }

            #[$inline]
            fn not_finite(
                model: &dyn Model<$float, Self>,
                params: &[Array<$float, Self>],
                gradients: &mut Gradients<$float, Self>,
            ) -> Result<Option<usize>> {
                train::$updates::not_finite(model, params, gradients)
            }

            #[$inline]
            fn step(
                model: &mut dyn Model<$float, Self>,
                batch: &Batch,
                loss: &dyn train::Loss<$float, Self>,
                optimizer: &mut dyn train::Optimizer<$float, Self>,
            ) -> Result<train::Evaluation> {
                train::step(model, batch, loss, optimizer)
            }

            #[$inline]
            fn fit(
                model: &mut dyn Model<$float, Self>,
                data: &dyn Samples,
                loss: &dyn train::Loss<$float, Self>,
                optimizer: &mut dyn train::Optimizer<$float, Self>,
                settings: &train::Settings<'_>,
            ) -> Result<train::History> {
                train::fit(model, data, loss, optimizer, settings)
            }

            #[$inline]
            fn evaluate(
                model: &dyn Model<$float, Self>,
                data: &dyn Samples,
                loss: &dyn train::Loss<$float, Self>,
            ) -> Result<train::Evaluation> {
                train::evaluate(model, data, loss)
            }

            #[$inline]
            fn predict(
                model: &dyn Model<$float, Self>,
                inputs: &[Column],
                outputs: &mut Vec<Column>,
            ) -> Result<()> {
                train::predict(model, inputs, outputs)
            }

            #[$inline]
            fn infer(
                model: &dyn Model<$float, Self>,
                inputs: &[Column],
                outputs: &mut Vec<Column>,
            ) -> Result<bool> {
                train::$updates::predict(model, inputs, outputs)
            }

            #[$inline]
            fn foreign_error() -> Self::Err {
                $error
            }
        }
    };
}

portable!(Cpu, f32, crate::engine::run, PlanReport::of, CpuError::WrongNumElements, #[inline(never)], fused);
portable!(Cpu, f64, crate::run::portable, PlanReport::portable, CpuError::WrongNumElements, #[inline], plain);

#[cfg(feature = "cuda")]
mod cuda {
    use super::*;
    use dfdx::tensor::{Cuda, CudaError};

    portable!(Cuda, f32, crate::run::portable, PlanReport::portable, CudaError::Cpu(CpuError::WrongNumElements), #[inline(never)], plain);
    portable!(Cuda, f64, crate::run::portable, PlanReport::portable, CudaError::Cpu(CpuError::WrongNumElements), #[inline], plain);
}
