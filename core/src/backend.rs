//! What a device must be able to do to run a network.

use crate::error::Result;
use crate::run::{Outcome, Task};
use dfdx::prelude::{Cpu, Device, Dtype};

/// The float types networks work in: `f32` and `f64`.
pub trait Float: Dtype + num_traits::Float + Default + std::fmt::Display {
    /// The nearest value to an `f64`.
    fn of(x: f64) -> Self;
    /// As an `f64`.
    fn f64(self) -> f64;
}

impl Float for f32 {
    fn of(x: f64) -> Self {
        x as f32
    }
    fn f64(self) -> f64 {
        f64::from(self)
    }
}

impl Float for f64 {
    fn of(x: f64) -> Self {
        x
    }
    fn f64(self) -> f64 {
        self
    }
}

/// A dfdx device that runs networks.
///
/// Its methods are not generic: their bodies are compiled once, inside this crate, and a program
/// that declares a network instantiates none of them.
pub trait Backend<E: Float>: Device<E> {
    /// Runs a network forward; on a tape if the task has one.
    fn run(task: Task<'_, E, Self>) -> Result<Outcome<E, Self>>;

    /// How this device calls an error that is not its own: dfdx's traits have no other type.
    fn foreign_error() -> Self::Err;
}

macro_rules! portable {
    ($device:ty, $float:ty, $error:expr) => {
        impl Backend<$float> for $device {
            fn run(task: Task<'_, $float, Self>) -> Result<Outcome<$float, Self>> {
                crate::run::portable(task)
            }

            fn foreign_error() -> Self::Err {
                $error
            }
        }
    };
}

portable!(Cpu, f32, dfdx::tensor::CpuError::WrongNumElements);
portable!(Cpu, f64, dfdx::tensor::CpuError::WrongNumElements);

#[cfg(feature = "cuda")]
mod cuda {
    use super::*;
    use dfdx::tensor::{CpuError, Cuda, CudaError};

    portable!(Cuda, f32, CudaError::Cpu(CpuError::WrongNumElements));
    portable!(Cuda, f64, CudaError::Cpu(CpuError::WrongNumElements));
}
