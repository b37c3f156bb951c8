//! What `network!` implements for each declared type, and how typed tensors run through it.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::layer::Own;
use crate::run::{Task, Update};
use crate::value::{AnyTensor, Array, Ranked, Value, erase, restore};
use dfdx::prelude::*;
use netwright_spec::graph::Graph;
use std::marker::PhantomData;

/// A declared network, whatever its layers are.
pub trait Model<E: Float, D: Backend<E>> {
    /// The whole network as data.
    fn graph(&self) -> &'static Graph;
    /// Calls `visit` for each of its parameters and buffers, in the order of `graph().params`.
    fn visit<'n>(&'n self, visit: &mut dyn FnMut(&'n dyn AnyTensor<E, D>));
    /// All of them.
    fn tensors(&self) -> Vec<&dyn AnyTensor<E, D>> {
        let mut all = Vec::new();
        self.visit(&mut |tensor| all.push(tensor));
        all
    }
    /// Calls `visit` for each of the same, to be changed.
    fn visit_mut<'n>(&'n mut self, visit: &mut dyn FnMut(&'n mut dyn AnyTensor<E, D>));
    /// All of them, to be changed.
    fn tensors_mut(&mut self) -> Vec<&mut dyn AnyTensor<E, D>> {
        let mut all = Vec::new();
        self.visit_mut(&mut |tensor| all.push(tensor));
        all
    }
    /// Its applications of layers of the user's, in the order of the graph.
    fn own(&self) -> Vec<Own<'_, E, D>> {
        Vec::new()
    }
    /// What it remembers between steps beside its parameters.
    fn state(&mut self) -> &mut State<E, D>;
}

/// What a network remembers between training steps beside its parameters: where its random numbers
/// (dropout) stand. It also ties a network without parameters to its float type and device.
#[derive(Clone, Debug)]
pub struct State<E, D> {
    seed: u64,
    steps: u64,
    types: PhantomData<fn() -> (E, D)>,
}

impl<E, D> Default for State<E, D> {
    fn default() -> Self {
        State { seed: 0, steps: 0, types: PhantomData }
    }
}

impl<E, D> State<E, D> {
    /// Begins anew from this seed.
    pub(crate) fn reseed(&mut self, seed: u64) {
        (self.seed, self.steps) = (seed, 0);
    }

    /// The key of the next step's random numbers.
    pub(crate) fn next_key(&mut self) -> u64 {
        self.steps += 1;
        crate::rng::mix(self.seed, self.steps)
    }
}

/// All parameters without their types.
pub(crate) fn arrays<E: Float, D: Backend<E>>(
    model: &(impl Model<E, D> + ?Sized),
) -> Result<Vec<Array<E, D>>> {
    model.tensors().into_iter().map(AnyTensor::array).collect()
}

/// Where columns go: the device of the parameters, or dfdx's default one for a network without any.
pub(crate) fn device_of<E: Float, D: Backend<E>>(params: &[Array<E, D>]) -> D {
    params.first().map_or_else(D::default, |p| p.data.device().clone())
}

/// Moves running statistics.
pub(crate) fn apply_updates<E: Float, D: Backend<E>>(
    model: &mut (impl Model<E, D> + ?Sized),
    updates: Vec<Update<E, D>>,
) -> Result<()> {
    let mut tensors = model.tensors_mut();
    for update in updates {
        if let Some(tensor) = tensors.get_mut(update.param) {
            tensor.axpy(1.0 - update.share, &update.value, update.share)?;
        }
    }
    Ok(())
}

/// A network that takes `X`: implemented by `network!` for a batch of any size and for one sample.
#[diagnostic::on_unimplemented(
    message = "the network `{Self}` does not take `{X}`",
    label = "this tensor does not have the declared input shape",
    note = "it takes the declared shape behind a batch axis (`usize` or `Const<N>`), or one sample \
            without it; see the declaration's table in its documentation"
)]
pub trait Forward<X> {
    /// The output: as typed as the input, batch and tape included.
    type Output;
    /// The inference form.
    fn infer(&self, input: X) -> Result<Self::Output>;
    /// The training form: dropout drops, batch normalization uses the batch's statistics and moves
    /// its running ones.
    fn train(&mut self, input: X) -> Result<Self::Output>;
}

/// The tapes a network runs on: none, or dfdx's `OwnedTape`.
pub trait ModelTape<E: Float, D: Backend<E>>: Tape<E, D> {
    /// The tape as the executor takes it.
    fn into_owned(self) -> Option<OwnedTape<E, D>>;
    /// Back from the executor.
    fn from_owned(tape: Option<OwnedTape<E, D>>) -> Self;
}

impl<E: Float, D: Backend<E>> ModelTape<E, D> for NoneTape {
    fn into_owned(self) -> Option<OwnedTape<E, D>> {
        None
    }
    fn from_owned(_: Option<OwnedTape<E, D>>) -> Self {
        NoneTape
    }
}

impl<E: Float, D: Backend<E>> ModelTape<E, D> for OwnedTape<E, D> {
    fn into_owned(self) -> Option<OwnedTape<E, D>> {
        Some(self)
    }
    fn from_owned(tape: Option<OwnedTape<E, D>>) -> Self {
        tape.unwrap_or_default()
    }
}

/// Inputs without their types, and the tape that came with them.
pub type Erased<E, D, T> = (Vec<Value<E, D>>, T);

/// What a network can be given: a tensor of floats or of indices, or a tuple of them.
pub trait Input<E: Float, D: Backend<E>> {
    /// Its tape.
    type Tape: ModelTape<E, D>;
    /// Without its type.
    fn into_values(self) -> Result<Erased<E, D, Self::Tape>>;
}

impl<S: Ranked, E: Float, D: Backend<E>, T: ModelTape<E, D>> Input<E, D> for Tensor<S, E, D, T> {
    type Tape = T;
    fn into_values(self) -> Result<Erased<E, D, T>> {
        let (array, tape) = erase(self)?;
        Ok((vec![Value::Floats(array)], tape))
    }
}

impl<S: Ranked, E: Float, D: Backend<E>, T: ModelTape<E, D>> Input<E, D>
    for Tensor<S, usize, D, T>
{
    type Tape = T;
    fn into_values(self) -> Result<Erased<E, D, T>> {
        let (tensor, tape) = self.split_tape();
        let shape: Vec<usize> = tensor.shape().concrete().into();
        let count = tensor.shape().num_elements();
        let data = tensor.device().try_tensor_from_vec(tensor.as_vec(), (count,));
        let data = data.map_err(Error::device)?;
        Ok((vec![Value::Indices(Array { data, shape })], tape))
    }
}

/// Several inputs: the tape stands on the first.
macro_rules! tuple {
    ($first:ident, $($rest:ident),*) => {
        impl<E: Float, D: Backend<E>, $first, $($rest),*> Input<E, D> for ($first, $($rest),*)
        where
            $first: Input<E, D>,
            $($rest: Input<E, D, Tape = NoneTape>,)*
        {
            type Tape = $first::Tape;
            #[allow(non_snake_case)]
            fn into_values(self) -> Result<Erased<E, D, Self::Tape>> {
                let ($first, $($rest),*) = self;
                let (mut values, tape) = $first.into_values()?;
                $(values.extend($rest.into_values()?.0);)*
                Ok((values, tape))
            }
        }
    };
}

tuple!(I0, I1);
tuple!(I0, I1, I2);
tuple!(I0, I1, I2, I3);
tuple!(I0, I1, I2, I3, I4);
tuple!(I0, I1, I2, I3, I4, I5);
tuple!(I0, I1, I2, I3, I4, I5, I6);
tuple!(I0, I1, I2, I3, I4, I5, I6, I7);

/// What comes out of a run, output by output.
pub type Arrays<E, D> = std::vec::IntoIter<Array<E, D>>;

/// What a network gives: a tensor, or the struct of several that `network!` declares.
pub trait Output<E: Float, D: Backend<E>, T>: Sized {
    /// With its type.
    fn from_arrays(arrays: &mut Arrays<E, D>, tape: T) -> Result<Self>;
}

impl<S: Ranked, E: Float, D: Backend<E>, T: ModelTape<E, D>> Output<E, D, T>
    for Tensor<S, E, D, T>
{
    fn from_arrays(arrays: &mut Arrays<E, D>, tape: T) -> Result<Self> {
        match arrays.next() {
            Some(array) => restore(array, tape),
            None => Err(Error::Data("the network has no output".into())),
        }
    }
}

/// Whether the input has a batch axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batched {
    /// The first axis is the batch.
    Yes,
    /// One sample.
    No,
}

/// The inference form of a typed forward; its body is the same for all networks.
pub fn infer<E: Float, D: Backend<E>, I, O>(
    model: &dyn Model<E, D>,
    input: I,
    batched: Batched,
) -> Result<O>
where
    I: Input<E, D>,
    O: Output<E, D, I::Tape>,
{
    let (values, tape) = input.into_values()?;
    let run = run_values(model, values, tape.into_owned(), batched, None)?;
    O::from_arrays(&mut run.outputs.into_iter(), I::Tape::from_owned(run.tape))
}

/// The training form of a typed forward.
pub fn train<E: Float, D: Backend<E>, I, O>(
    model: &mut dyn Model<E, D>,
    input: I,
    batched: Batched,
) -> Result<O>
where
    I: Input<E, D>,
    O: Output<E, D, I::Tape>,
{
    let (values, tape) = input.into_values()?;
    let key = model.state().next_key();
    let run = run_values(&*model, values, tape.into_owned(), batched, Some(key))?;
    apply_updates(model, run.updates)?;
    O::from_arrays(&mut run.outputs.into_iter(), I::Tape::from_owned(run.tape))
}

fn run_values<E: Float, D: Backend<E>>(
    model: &dyn Model<E, D>,
    mut inputs: Vec<Value<E, D>>,
    tape: Option<OwnedTape<E, D>>,
    batched: Batched,
    training: Option<u64>,
) -> Result<crate::run::Outcome<E, D>> {
    let params = arrays(model)?;
    if batched == Batched::No {
        inputs = inputs.into_iter().map(with_batch_of_one).collect();
    }
    let own = model.own();
    let task = Task {
        graph: model.graph(),
        params: &params,
        own: &own,
        inputs,
        tape,
        training,
        input_gradients: true,
    };
    let mut outcome = D::run(task)?;
    if batched == Batched::No {
        for output in &mut outcome.outputs {
            output.shape.remove(0);
        }
    }
    Ok(outcome)
}

fn with_batch_of_one<E: Float, D: Backend<E>>(value: Value<E, D>) -> Value<E, D> {
    let mut shape = vec![1];
    shape.extend_from_slice(value.shape());
    value.reshaped(shape)
}
