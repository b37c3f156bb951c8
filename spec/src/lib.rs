//! The dictionary of netwright's language: what sizes, shapes and layers are, which arguments a
//! layer takes, how its output follows from its input, and what is said when it does not.
//!
//! The macro compiler reads this crate while a program is compiled, and the runtime reads the same
//! [`graph`] types while it runs, so that the two can never disagree. It depends on nothing,
//! does no I/O and never panics: all arithmetic is checked or saturating.

pub mod args;
pub mod catalogue;
pub mod dim;
pub mod graph;
pub mod layer;
pub mod layers;
pub mod problem;
pub mod shape;
pub mod size;

pub use args::{ArgDef, ArgKind, Args, Number, Place, Value};
pub use dim::{Dim, Op};
pub use layer::{Attr, Context, Inferred, LayerDef, ParamDef, ParamInit};
pub use problem::{At, Problem};
pub use shape::Shape;
