//! What a layer is: its arguments and its shape rule.

use crate::args::{ArgDef, Args, Number};
use crate::dim::{Dim, Op, SizeError, simplify};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// The definition of one layer. `layers/` has a file for each; [`crate::catalogue::ALL`] lists them.
#[derive(Clone, Copy, Debug)]
pub struct LayerDef {
    /// The name, as PyTorch calls it.
    pub name: &'static str,
    /// One line of documentation.
    pub doc: &'static str,
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
    /// Uniform in ±1/√(product of these sizes): PyTorch's default for weights and biases.
    FanIn(Vec<Dim>),
    /// Normal with mean 0 and variance 1.
    Normal,
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
}

/// A condition on sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cond {
    /// Both are the same.
    Equal(Dim, Dim),
    /// The first is not larger than the second.
    AtMost(Dim, Dim),
    /// The first divides the second.
    Divides(Dim, Dim),
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

enum Decision {
    True,
    False,
    Later,
    Generic(String),
}

impl Cond {
    /// Both sizes.
    pub fn sides(&self) -> [&Dim; 2] {
        let (Cond::Equal(a, b) | Cond::AtMost(a, b) | Cond::Divides(a, b)) = self;
        [a, b]
    }

    fn decide(&self) -> Decision {
        let [a, b] = self.sides();
        if a == b && a.known() != Some(0) {
            return Decision::True;
        }
        if let (Cond::AtMost(..), Some(0)) | (Cond::Divides(..), Some(1)) = (self, a.known()) {
            return Decision::True;
        }
        match (a.known(), b.known()) {
            (Some(a), Some(b)) if self.holds(a, b) => Decision::True,
            (Some(_), Some(_)) => Decision::False,
            _ => match a.generic().or(b.generic()) {
                Some(name) if !matches!(self, Cond::Equal(..)) => {
                    Decision::Generic(name.to_string())
                }
                Some(_) => Decision::False,
                None => self.decide_expressions(a, b),
            },
        }
    }

    /// What can be said about sizes whose values only the compiler knows.
    fn decide_expressions(&self, a: &Dim, b: &Dim) -> Decision {
        let ((base_a, more_a), (base_b, more_b)) = (simplify::offset(a), simplify::offset(b));
        let decided = match self {
            Cond::Equal(..) if base_a == base_b => Some(more_a == more_b),
            Cond::AtMost(..) if base_a == base_b => Some(more_a <= more_b),
            Cond::AtMost(..) => a.known().filter(|n| *n <= simplify::at_least(b)).map(|_| true),
            Cond::Divides(..) => simplify::factors(b)
                .into_iter()
                .any(|factor| factor == a || self.known_divides(a, factor))
                .then_some(true),
            Cond::Equal(..) => None,
        };
        match decided {
            Some(true) => Decision::True,
            Some(false) => Decision::False,
            None => Decision::Later,
        }
    }

    fn known_divides(&self, a: &Dim, b: &Dim) -> bool {
        matches!((a.known(), b.known()), (Some(a), Some(b)) if self.holds(a, b))
    }

    fn holds(&self, a: usize, b: usize) -> bool {
        match self {
            Cond::Equal(..) => a == b,
            Cond::AtMost(..) => a <= b,
            Cond::Divides(..) => crate::size::divides(a, b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(cond: Cond) -> &'static str {
        let args = Args::new();
        let mut context = Context::new("Any", &args, &[]);
        match context.require(cond, Problem::new("wrong")) {
            Err(problem) if problem.text == "wrong" => "wrong",
            Err(_) => "refused",
            Ok(()) if context.deferred.is_empty() => "holds",
            Ok(()) => "later",
        }
    }

    fn plus(dim: &Dim, n: usize) -> Dim {
        dim.add(&n.into()).unwrap()
    }

    #[test]
    fn what_the_expressions_say_is_decided_at_once() {
        for side in [Dim::Type("Side".into()), Dim::Named("SIDE".into())] {
            let (more, most) = (plus(&side, 1), plus(&side, 2));
            assert_eq!(demand(Cond::Equal(plus(&more, 1), most.clone())), "holds");
            assert_eq!(demand(Cond::Equal(side.clone(), more.clone())), "wrong");
            assert_eq!(demand(Cond::AtMost(more.clone(), most.clone())), "holds");
            assert_eq!(demand(Cond::AtMost(most, more)), "wrong");
            let four = side.mul(&4.into()).unwrap();
            assert_eq!(demand(Cond::Divides(2.into(), four.clone())), "holds");
            assert_eq!(demand(Cond::Divides(side.clone(), four.clone())), "holds");
            assert_eq!(demand(Cond::Divides(3.into(), four)), "later");
            assert_eq!(demand(Cond::Equal(side, 4.into())), "later");
        }
    }

    #[test]
    fn type_parameters_are_at_least_one() {
        let side = Dim::Type("Side".into());
        assert_eq!(demand(Cond::AtMost(3.into(), plus(&side, 2))), "holds");
        assert_eq!(demand(Cond::AtMost(3.into(), plus(&side, 1))), "later");
        let side = Dim::Named("SIDE".into());
        assert_eq!(demand(Cond::AtMost(3.into(), plus(&side, 2))), "later");
    }

    #[test]
    fn a_const_generic_is_only_equal_to_itself() {
        let (n, side) = (Dim::Generic("N".into()), Dim::Type("Side".into()));
        assert_eq!(demand(Cond::Equal(n.clone(), n.clone())), "holds");
        assert_eq!(demand(Cond::Equal(n.clone(), side.clone())), "wrong");
        assert_eq!(demand(Cond::AtMost(n, side)), "refused");
    }
}
