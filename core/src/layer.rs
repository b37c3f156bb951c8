//! What stands in a network beside the layers of the catalogue: other networks, and layers of the
//! user's.

use crate::backend::{Backend, Float};
use crate::error::{Error, Result};
use crate::model::Input;
use crate::value::{AnyTensor, Array, Ranked, Value, concrete, restore, unreal};
use dfdx::prelude::*;
use netwright_spec::graph::{Declared, Param};
use std::marker::PhantomData;

/// A tensor that carries the tape: what an own layer takes and gives.
pub type Taped<S, E = f32, D = Cpu> = Tensor<S, E, D, OwnedTape<E, D>>;

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The inference form.
    Inference,
    /// The training form.
    Training {
        /// For random numbers: another one for each layer and each step, the same again for the
        /// same seed of the network.
        seed: u64,
    },
}

/// A type with parameters that can stand in a network as a layer: `encoder: Encoder -> [64]`.
///
/// `network!` implements it for every network, `#[derive(Layer)]` for a type of your own, whose
/// forward you write as [`Apply`].
pub trait Layer<E: Float, D: Backend<E>>: Sized {
    /// The parameters of a layer of the user's; a network's are in its graph.
    #[doc(hidden)]
    const PARAMS: &'static [Param] = &[];

    /// With all parameters zero.
    fn zeros(device: &D) -> Result<Self>;

    /// Calls `each` for each of its parameters, in their order.
    fn list<'n>(&'n self, each: &mut dyn FnMut(&'n dyn AnyTensor<E, D>));

    /// Calls `each` for each of the same, to be changed.
    fn visit<'n>(&'n mut self, each: &mut dyn FnMut(&'n mut dyn AnyTensor<E, D>));
}

/// What `network!` must know of a type that stands in it: implemented for its form for `f32` on the
/// CPU, which is what its name alone means.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a network as a layer",
    label = "neither a network nor a type that derives `Layer`",
    note = "write `#[derive(Clone, Layer)]` above the type, and implement `Apply` for it"
)]
pub trait Stands {
    /// The type for another float type and device.
    type To<E: Dtype, D: Device<E>>;
    /// What goes into the graph.
    const DECLARED: Declared;
}

/// Something that const evaluation found to hold. Where it does not, or is a mistake, rustc takes
/// every type that goes through a `Proof` for mistaken too and reports nothing more about it: one
/// mistake is one error.
pub struct Proof<const HOLDS: usize>;

/// A type that stands in a network.
pub trait Proven<T> {
    /// As [`Stands::To`].
    type To<E: Dtype, D: Device<E>>;
    /// As [`Stands::DECLARED`].
    const DECLARED: Declared;
}

impl<T: Stands> Proven<T> for Proof<0> {
    type To<E: Dtype, D: Device<E>> = T::To<E, D>;
    const DECLARED: Declared = T::DECLARED;
}

/// A shape that arrives at a layer.
pub trait Arrives<X> {
    /// The shape itself.
    type Itself;
}

impl<X> Arrives<X> for Proof<0> {
    type Itself = X;
}

/// What a [`Proof`] says of a type that can stand in a network.
pub const fn stands<T: Stands>() -> usize {
    0
}

/// The forward of a layer of your own, over dfdx's tensors; dfdx's tape differentiates it.
///
/// `X` is the tensor it takes and `Output` the one it gives, both behind a batch axis and with a
/// tape ([`Taped`]). Implement it for one shape, or for every shape that fits.
///
/// ```ignore
/// use netwright::prelude::*;
///
/// /// y = x · σ(x · slope), with a slope for each feature.
/// #[derive(Clone, Debug, Layer)]
/// struct Swish<const N: usize, E: Dtype = f32, D: Device<E> = Cpu> {
///     #[param(init = ones)]
///     slope: Tensor<(Const<N>,), E, D>,
/// }
///
/// impl<const N: usize, E: Float, D: Backend<E>> Apply<Taped<(usize, Const<N>), E, D>> for Swish<N, E, D> {
///     type Output = Taped<(usize, Const<N>), E, D>;
///     fn apply(&self, x: Taped<(usize, Const<N>), E, D>, _: Mode) -> netwright::Result<Self::Output> {
///         let slope = self.slope.retaped::<OwnedTape<E, D>>().broadcast_like(x.shape());
///         Ok(x.with_empty_tape() * (x * slope).sigmoid())
///     }
/// }
///
/// network! {
///     struct Net([8]) -> [2] { Linear<16>, swish: Swish<16> -> [16], Linear<2> }
/// }
///
/// assert_eq!(Net::PARAMS, 8 * 16 + 16 + 16 + 16 * 2 + 2);
/// let net = Net::seeded(&Cpu::default(), 42);
/// assert_eq!(net.swish.slope.as_vec(), [1.0; 16]);
/// ```
pub trait Apply<X> {
    /// What it gives.
    type Output;

    /// Computes it.
    ///
    /// # Errors
    /// Whatever the layer cannot do; a device's error through [`Error::device`].
    fn apply(&self, x: X, mode: Mode) -> Result<Self::Output>;
}

/// A layer of the user's without its types, as a run calls it.
pub trait OwnLayer<E: Float, D: Backend<E>> {
    /// Runs a whole batch; the tape goes through it.
    fn run(
        &self,
        input: Value<E, D>,
        tape: OwnedTape<E, D>,
        mode: Mode,
    ) -> Result<(Array<E, D>, OwnedTape<E, D>)>;
}

/// All of a network's applications of own layers, in the order of its graph.
pub type Own<'a, E, D> = Box<dyn OwnLayer<E, D> + 'a>;

struct Typed<'a, L, X>(&'a L, PhantomData<fn(X)>);

impl<E, D, L, X> OwnLayer<E, D> for Typed<'_, L, X>
where
    E: Float,
    D: Backend<E>,
    X: Taken<E, D>,
    L: Apply<X>,
    L::Output: Input<E, D, Tape = OwnedTape<E, D>>,
{
    fn run(
        &self,
        input: Value<E, D>,
        tape: OwnedTape<E, D>,
        mode: Mode,
    ) -> Result<(Array<E, D>, OwnedTape<E, D>)> {
        let (values, tape) = self.0.apply(X::taken(input, tape)?, mode)?.into_values()?;
        match values.into_iter().next() {
            Some(Value::Floats(array)) => Ok((array, tape)),
            _ => Err(Error::Data("it gave no floats".into())),
        }
    }
}

/// What an own layer can take.
pub trait Taken<E: Float, D: Backend<E>>: Sized {
    /// With its type.
    fn taken(value: Value<E, D>, tape: OwnedTape<E, D>) -> Result<Self>;
}

impl<S: Ranked, E: Float, D: Backend<E>> Taken<E, D> for Taped<S, E, D> {
    fn taken(value: Value<E, D>, tape: OwnedTape<E, D>) -> Result<Self> {
        match value {
            Value::Floats(array) => restore(array, tape),
            Value::Indices(_) => Err(Error::Data("it takes floats, but was given indices".into())),
        }
    }
}

impl<S: Ranked, E: Float, D: Backend<E>> Taken<E, D> for Tensor<S, usize, D, OwnedTape<E, D>> {
    fn taken(value: Value<E, D>, tape: OwnedTape<E, D>) -> Result<Self> {
        match value {
            Value::Indices(Array { data, shape }) => {
                let typed = concrete::<S>(&shape).and_then(|sizes| S::from_concrete(&sizes));
                let typed = typed.ok_or_else(|| unreal(&shape))?;
                let tensor = data.device().try_tensor_from_vec(data.as_vec(), typed);
                Ok(tensor.map_err(Error::device)?.put_tape(tape))
            }
            Value::Floats(_) => Err(Error::Data("it takes indices, but was given floats".into())),
        }
    }
}

/// What stands in a network as a layer, takes `X` and gives `Y`, as its declaration promises. Of a
/// network, const evaluation may have proved it ([`ByValues`]); the types do where generics come in
/// ([`ByTypes`]).
#[diagnostic::on_unimplemented(
    message = "the layer `{Self}` does not give the stated shape for the one that arrives",
    label = "no `Apply` of its takes `{X}` and gives `{Y}`",
    note = "behind a batch axis: `impl Apply<Taped<(usize, …), E, D>>`, with an `Output` of the same \
            form; of a network, they are the shapes of its input and its output"
)]
pub trait Part<X, Y, Proved, E: Float, D: Backend<E>> {
    /// Adds the own layers of a network, or itself.
    fn own<'a>(&'a self, list: &mut Vec<Own<'a, E, D>>);
}

/// See [`Part`].
pub struct ByValues;

/// See [`Part`].
pub struct ByTypes;

/// A layer of the user's that takes this shape, without its types.
pub fn typed<'a, X, Y, E, D, L>(layer: &'a L) -> Own<'a, E, D>
where
    E: Float,
    D: Backend<E>,
    X: Axes<E, D>,
    Y: Axes<E, D>,
    L: Apply<X::Tensor, Output = Y::Tensor>,
{
    Box::new(Typed::<L, X::Tensor>(layer, PhantomData))
}

/// The shape of one sample, as a tuple of sizes; what arrives has a batch axis before it.
pub trait Axes<E: Float, D: Backend<E>> {
    /// The tensor behind a batch axis.
    type Tensor: Taken<E, D> + Input<E, D, Tape = OwnedTape<E, D>> + 'static;
}

/// The shape of one sample of indices.
pub struct Indices<S>(PhantomData<S>);

macro_rules! axes {
    ($(($($axis:ident),*);)*) => {
        $(impl<E: Float, D: Backend<E>, $($axis: Dim),*> Axes<E, D> for ($($axis,)*) {
            type Tensor = Taped<(usize, $($axis,)*), E, D>;
        }

        impl<E: Float, D: Backend<E>, $($axis: Dim),*> Axes<E, D> for Indices<($($axis,)*)> {
            type Tensor = Tensor<(usize, $($axis,)*), usize, D, OwnedTape<E, D>>;
        })*
    };
}

axes! {
    ();
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, F);
    (A, B, C, F, G);
}

/// Adds the own layers of what stands in a network as a layer.
pub fn own<'a, X, Y, Proved, E: Float, D: Backend<E>, L: Part<X, Y, Proved, E, D>>(
    layer: &'a L,
    list: &mut Vec<Own<'a, E, D>>,
) {
    layer.own(list);
}
