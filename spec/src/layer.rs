//! What a layer is: its arguments and its shape rule.

use crate::args::{ArgDef, Args, Number};
use crate::composite::Made;
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
    /// How many values it takes.
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
    /// These in this order, of which the first must be there: `(query, memory) => Layer`. A rule
    /// takes them with [`Context::several`].
    UpTo(&'static [Input]),
    /// Two or more, joined by a block or an operator.
    Many,
}

impl Arity {
    /// Whether a user writes it as a layer; others are inserted by blocks and operators.
    pub fn is_layer(&self) -> bool {
        !matches!(self, Arity::Many)
    }

    /// How many values may stand before `=>`.
    pub fn most(&self) -> usize {
        match self {
            Arity::One => 1,
            Arity::UpTo(inputs) => inputs.len(),
            Arity::Many => usize::MAX,
        }
    }
}

/// One of several values that a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// What a message calls it.
    pub name: &'static str,
    /// Indices, such as lengths, instead of floats.
    pub index: bool,
}

impl Input {
    /// An input of floats.
    pub const fn floats(name: &'static str) -> Self {
        Input { name, index: false }
    }

    /// An input of indices.
    pub const fn indices(name: &'static str) -> Self {
        Input { name, index: true }
    }

    /// All of them, for a message: "`x`, `lengths` (indices) and `h`".
    pub fn list(inputs: &[Input]) -> String {
        let mut text = String::new();
        for (number, input) in inputs.iter().enumerate() {
            let before = match number {
                0 => "",
                _ if number + 1 == inputs.len() => " and ",
                _ => ", ",
            };
            let kind = if input.index { " (indices)" } else { "" };
            text += &format!("{before}`{}`{kind}", input.name);
        }
        text
    }
}

/// What a shape rule gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// The output's shape.
    pub shape: Shape,
    /// Further outputs with their names, where the declaration asks for them
    /// ([`Context::outputs`]). The layer then gives all of them in one flat value, one after the
    /// other.
    pub also: Vec<(&'static str, Shape)>,
    /// The parameters that exist with these arguments.
    pub params: Vec<ParamDef>,
    /// The one that another layer has for it: the first of its [`LayerDef::params`], and none of
    /// `params`.
    pub tied: Option<Tied>,
    /// What the runtime needs to know; never a shape that it can read from input or output.
    pub attrs: Vec<(&'static str, Attr)>,
}

impl Inferred {
    /// Only a shape: a layer without parameters.
    pub fn shape(shape: Shape) -> Self {
        Inferred { shape, also: Vec::new(), params: Vec::new(), tied: None, attrs: Vec::new() }
    }

    /// Adds a further output.
    pub fn also(mut self, name: &'static str, shape: Shape) -> Self {
        self.also.push((name, shape));
        self
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

    /// Takes its first parameter from another layer.
    pub fn tied(self, tied: Tied) -> Self {
        Inferred { tied: Some(tied), ..self }
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

/// A parameter of another layer that a layer uses as its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Tied {
    /// What both layers call it, and the argument that names the other layer.
    pub param: &'static str,
    /// The other layer's name.
    pub layer: String,
    /// The shape that it must have.
    pub dims: Vec<Dim>,
    /// What the axes of this shape are, for a message.
    pub axes: &'static [&'static str],
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
    /// Uniform in ±√(6 / (rows + columns)): Glorot and Bengio's bound, PyTorch's `xavier_uniform_`.
    Glorot([Dim; 2]),
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
    /// How many values are wanted: with more than one, a layer that has them gives all its outputs.
    pub outputs: usize,
    /// Conditions left to the compiler.
    pub deferred: Vec<Deferred>,
    /// What it is made of, see [`crate::composite`].
    pub(crate) made: Made,
}

impl<'a> Context<'a> {
    /// A context without deferred conditions.
    pub fn new(layer: &'a str, args: &'a Args, inputs: &'a [Arrival]) -> Self {
        let (deferred, made) = (Vec::new(), Made::default());
        Context { network: "Net", layer, args, inputs, outputs: 1, deferred, made }
    }

    /// The same in the network of this name.
    pub fn of(self, network: &'a str) -> Self {
        Context { network, ..self }
    }

    /// The same where this many values are wanted.
    pub fn giving(self, outputs: usize) -> Self {
        Context { outputs, ..self }
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

    /// The inputs of an [`Arity::UpTo`], each in its place. Which is which follows from order and
    /// kind: where `lengths` are indices, `(x, h)` is without them.
    pub fn several<const N: usize>(
        &self,
        inputs: &[Input; N],
    ) -> Result<[Option<&'a Arrival>; N], Problem> {
        let mut taken = [None; N];
        let mut next = 0;
        for arrival in self.inputs {
            // The first must be there.
            let end = if next == 0 { N.min(1) } else { N };
            let fits = |at: &usize| inputs[*at].index == arrival.shape.index;
            match (next..end).find(fits) {
                Some(at) => (taken[at], next) = (Some(arrival), at + 1),
                None => return Err(self.stray_input(inputs, arrival)),
            }
        }
        Ok(taken)
    }

    /// An input that has no place among those that a layer takes.
    fn stray_input(&self, inputs: &[Input], arrival: &Arrival) -> Problem {
        if arrival.shape.index && !inputs.iter().any(|input| input.index) {
            return Problem::needs_floats(self.layer, arrival);
        }
        let order = if inputs.len() > 1 { ", in this order" } else { "" };
        let takes = format!("{}{order}", Input::list(inputs));
        self.takes(&takes, arrival).help("only the first must be there")
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

#[cfg(test)]
mod tests {
    use super::*;

    const INPUTS: [Input; 4] =
        [Input::floats("x"), Input::indices("lengths"), Input::floats("h"), Input::floats("c")];

    /// Which arrival stands in which place; `i` are indices, `f` floats.
    fn places(kinds: &str) -> Result<Vec<Option<usize>>, String> {
        let arrival = |(number, kind)| Arrival {
            shape: Shape { index: kind == 'i', dims: vec![Dim::Known(number)] },
            origin: format!("`V{number}` is"),
        };
        let (args, arrivals) = (Args::new(), kinds.chars().enumerate().map(arrival));
        let arrivals: Vec<Arrival> = arrivals.collect();
        let taken = Context::new("Lstm", &args, &arrivals).several(&INPUTS);
        let number = |arrival: &Arrival| arrival.shape.dims[0].known();
        taken
            .map(|taken| taken.iter().map(|one| one.and_then(number)).collect())
            .map_err(|problem| problem.text)
    }

    #[test]
    fn inputs_are_told_by_order_and_kind() {
        assert_eq!(places("f"), Ok(vec![Some(0), None, None, None]));
        assert_eq!(places("fi"), Ok(vec![Some(0), Some(1), None, None]));
        assert_eq!(places("fff"), Ok(vec![Some(0), None, Some(1), Some(2)]));
        assert_eq!(places("fiff"), Ok(vec![Some(0), Some(1), Some(2), Some(3)]));
    }

    #[test]
    fn an_input_without_a_place_is_named() {
        let text = "`Lstm` takes `x`, `lengths` (indices), `h` and `c`, in this order, but ";
        assert_eq!(places("ffi"), Err(format!("{text}`V2` is [usize; 2]")));
        assert_eq!(places("fii"), Err(format!("{text}`V2` is [usize; 2]")));
        assert_eq!(places("if"), Err(format!("{text}`V0` is [usize; 0]")));
    }
}
