//! What a layer is: its arguments and its shape rule.

use crate::args::{ArgDef, Args, Number};
use crate::cond::Decision;
use crate::dim::{Dim, Op, SizeError};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

pub use crate::cond::Cond;

/// The definition of one layer. `layers/` has a file for each; [`crate::catalogue::ALL`] lists them.
#[derive(Clone, Copy, Debug)]
pub struct LayerDef {
    /// The name, as PyTorch calls it.
    pub name: &'static str,
    /// One line of documentation.
    pub doc: &'static str,
    /// What it takes, for the documentation's table; of one that joins several values, how that is
    /// written.
    pub takes: &'static str,
    /// What Keras calls it; empty if it has none.
    pub keras: &'static str,
    /// What PyTorch calls it, or how it is written there.
    pub pytorch: &'static str,
    /// How many values it takes; more than one only for what blocks and operators insert.
    pub arity: Arity,
    /// Its arguments: positional ones first.
    pub args: &'static [ArgDef],
    /// Names of its parameters, in the order of the fields of the runtime's struct; an option may
    /// leave one out.
    pub params: &'static [&'static str],
    /// Output shape, parameters and attributes for these arguments and inputs.
    pub infer: fn(&mut Context<'_>) -> Result<Inferred, Problem>,
}

/// How many values a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// The value before it in the chain.
    One,
    /// Two or more, joined by a block or an operator.
    Many,
}

/// What a shape rule gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// The output's shape.
    pub shape: Shape,
    /// The parameters that exist with these arguments.
    pub params: Vec<ParamDef>,
    /// What the runtime needs to know; never a shape that it can read from input or output.
    pub attrs: Vec<(&'static str, Attr)>,
}

impl Inferred {
    /// Only a shape: a layer without parameters.
    pub fn shape(shape: Shape) -> Self {
        Inferred { shape, params: Vec::new(), attrs: Vec::new() }
    }

    /// Adds a parameter.
    pub fn param(mut self, name: &'static str, dims: Vec<Dim>, init: ParamInit) -> Self {
        self.params.push(ParamDef { name, dims, init, trainable: true });
        self
    }

    /// Adds a buffer: saved and loaded, but not trained.
    pub fn buffer(mut self, name: &'static str, dims: Vec<Dim>, init: ParamInit) -> Self {
        self.params.push(ParamDef { name, dims, init, trainable: false });
        self
    }

    /// Adds an attribute.
    pub fn attr(mut self, name: &'static str, attr: Attr) -> Self {
        self.attrs.push((name, attr));
        self
    }
}

/// One parameter of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDef {
    /// `weight`, `bias`, `running_mean`, …
    pub name: &'static str,
    /// Its shape.
    pub dims: Vec<Dim>,
    /// Its values at the beginning.
    pub init: ParamInit,
    /// Whether the optimizer updates it.
    pub trainable: bool,
}

/// Initial values, with sizes that may still be expressions. See [`crate::graph::Init`].
#[derive(Clone, Debug, PartialEq)]
pub enum ParamInit {
    /// All zero.
    Zeros,
    /// All one.
    Ones,
    /// All the same number.
    Constant(f64),
    /// Uniform in ±1/√(product of these sizes): PyTorch's default for weights and biases.
    FanIn(Vec<Dim>),
    /// Normal with mean 0 and variance 1.
    Normal,
    /// The same, with zeros in this row.
    NormalExceptRow(Dim),
}

/// An attribute of a node. See [`crate::graph::Attr`].
#[derive(Clone, Debug, PartialEq)]
pub enum Attr {
    /// One size.
    Size(Dim),
    /// Several sizes.
    Sizes(Vec<Dim>),
    /// A number.
    Number(Number),
    /// A flag.
    Flag(bool),
    /// A word.
    Word(String),
    /// A function of one number, as written.
    Function(String),
}

/// A condition that the macro cannot decide: an assertion in the generated code, or a bound where
/// it depends on a type parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// What must hold.
    pub cond: Cond,
    /// What is said if it does not.
    pub problem: Problem,
}

/// What a shape rule works with.
#[derive(Debug)]
pub struct Context<'a> {
    /// The network's name, for help texts.
    pub network: &'a str,
    /// The layer's name as written.
    pub layer: &'a str,
    /// The arguments.
    pub args: &'a Args,
    /// The values that arrive; never empty.
    pub inputs: &'a [Arrival],
    /// Conditions left to the compiler.
    pub deferred: Vec<Deferred>,
}

impl<'a> Context<'a> {
    /// A context without deferred conditions.
    pub fn new(layer: &'a str, args: &'a Args, inputs: &'a [Arrival]) -> Self {
        Context { network: "Net", layer, args, inputs, deferred: Vec::new() }
    }

    /// The same in the network of this name.
    pub fn of(self, network: &'a str) -> Self {
        Context { network, ..self }
    }

    /// The single input, which must be floats.
    pub fn floats(&self) -> Result<&'a Arrival, Problem> {
        match self.inputs {
            [arrival, ..] if arrival.shape.index => Err(Problem::needs_floats(self.layer, arrival)),
            [arrival, ..] => Ok(arrival),
            [] => Err(Problem::new(format!("`{}` has no input", self.layer))),
        }
    }

    /// All inputs of a layer that joins several, which must be floats.
    pub fn all_floats(&self) -> Result<&'a [Arrival], Problem> {
        match self.inputs.iter().find(|arrival| arrival.shape.index) {
            Some(arrival) => Err(Problem::needs_floats(self.layer, arrival)),
            None => Ok(self.inputs),
        }
    }

    /// The single input as an image: channels, height and width.
    pub fn image(&self) -> Result<[Dim; 3], Problem> {
        let arrival = self.floats()?;
        match arrival.shape.dims.as_slice() {
            [c, h, w] => Ok([c.clone(), h.clone(), w.clone()]),
            dims => {
                let problem = self.takes("[channels, height, width]", arrival);
                Err(match dims {
                    [h, w] => problem.help(format!(
                        "a single channel is written too: put `Reshape<[1, {}, {}]>` between them",
                        h.written(),
                        w.written()
                    )),
                    [_] => problem.help("put `Reshape<[channels, height, width]>` between them"),
                    _ => problem,
                })
            }
        }
    }

    /// Wrong rank.
    pub fn takes(&self, takes: &str, arrival: &Arrival) -> Problem {
        Problem::takes(self.layer, takes, arrival)
    }

    /// Computes a size; an impossible one is a problem of this layer.
    pub fn compute(&self, op: Op, args: &[Dim]) -> Result<Dim, Problem> {
        Dim::compute(op, args).map_err(|e| self.size_error(e))
    }

    /// The product of sizes.
    pub fn product(&self, dims: &[Dim]) -> Result<Dim, Problem> {
        Dim::product(dims).map_err(|e| self.size_error(e))
    }

    /// A size that cannot be computed, as a problem of this layer.
    pub fn size_error(&self, error: SizeError) -> Problem {
        Problem::size(self.network, self.layer, error)
    }

    /// Demands `cond`: decided at once where the sizes say enough, left to the compiler where they
    /// are named constants or type parameters, refused where a const generic would have to be
    /// compared.
    pub fn require(&mut self, cond: Cond, problem: Problem) -> Result<(), Problem> {
        match cond.decide() {
            Decision::True => Ok(()),
            Decision::False => Err(problem),
            Decision::Later => {
                self.deferred.push(Deferred { cond, problem });
                Ok(())
            }
            Decision::Generic(name) => Err(self.size_error(SizeError::Generic(name))),
        }
    }
}
