//! The dictionary of netwright's language: what sizes, shapes and layers are, which arguments a
//! layer takes, how its output follows from its input, and what is said when it does not.
//!
//! The macro compiler reads this crate while a program is compiled, and the runtime reads the same
//! [`graph`] types while it runs, so that the two can never disagree. It depends on nothing,
//! does no I/O and never panics: all arithmetic is checked or saturating. Only the compiler takes the
//! feature `language`; without it there are the graph types alone.

#[cfg(feature = "language")]
pub mod args;
#[cfg(feature = "language")]
pub mod catalogue;
#[cfg(feature = "language")]
pub mod composite;
#[cfg(feature = "language")]
mod cond;
#[cfg(feature = "language")]
pub mod dim;
pub mod graph;
pub mod inline;
#[cfg(feature = "language")]
pub mod layer;
#[cfg(feature = "language")]
pub mod layers;
#[cfg(feature = "language")]
pub mod problem;
pub mod scalar;
#[cfg(feature = "language")]
pub mod shape;
pub mod size;
pub mod stated;

#[cfg(feature = "language")]
pub use args::{ArgDef, ArgKind, Args, Number, Place, Value};
#[cfg(feature = "language")]
pub use dim::{Dim, Op};
#[cfg(feature = "language")]
pub use layer::{Attr, Context, Inferred, LayerDef, ParamDef, ParamInit};
#[cfg(feature = "language")]
pub use problem::{At, Problem};
#[cfg(feature = "language")]
pub use shape::Shape;
