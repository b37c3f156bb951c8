//! `Repeat<DEPTH> { Block -> [64] }` with a depth that only the compiler knows: dfdx's `Repeated`,
//! which holds so many of a layer, stands in a network as a layer itself.

use crate::backend::{Backend, Float};
use crate::error::Result;
use crate::layer::{Layer, Own, Part, Stands};
use crate::sizes::Fits;
use crate::value::AnyTensor;
use dfdx::nn::modules::Repeated;
use dfdx::prelude::{Device, Dtype};
use netwright_spec::graph::Declared;

impl<T: Stands, const N: usize> Stands for Repeated<T, N> {
    type To<E: Dtype, D: Device<E>> = Repeated<T::To<E, D>, N>;
    const DECLARED: Declared = Declared::Repeated(&T::DECLARED, N);
}

impl<T: Fits, const N: usize> Fits for Repeated<T, N> {}

impl<E: Float, D: Backend<E>, T: Layer<E, D>, const N: usize> Layer<E, D> for Repeated<T, N> {
    fn zeros(device: &D) -> Result<Self> {
        let modules = (0..N).map(|_| T::zeros(device)).collect::<Result<_>>()?;
        Ok(Repeated { modules })
    }

    fn list<'n>(&'n self, each: &mut dyn FnMut(&'n dyn AnyTensor<E, D>)) {
        self.modules.iter().for_each(|layer| layer.list(each));
    }

    fn visit<'n>(&'n mut self, each: &mut dyn FnMut(&'n mut dyn AnyTensor<E, D>)) {
        self.modules.iter_mut().for_each(|layer| layer.visit(each));
    }
}

/// Each takes what the one before it gives.
impl<X, P, E: Float, D: Backend<E>, T, const N: usize> Part<X, X, P, E, D> for Repeated<T, N>
where
    T: Part<X, X, P, E, D>,
{
    fn own<'a>(&'a self, list: &mut Vec<Own<'a, E, D>>) {
        self.modules.iter().for_each(|layer| layer.own(list));
    }
}
