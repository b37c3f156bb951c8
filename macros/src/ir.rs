//! A network with its names resolved: nodes in an order in which they can run, connected by the
//! numbers of values. Blocks are gone; several inputs, outputs and uses of a value are not special.

use crate::diag::{Extent, with_help};
use crate::sizes::{self, Constants};
use netwright_spec::layer::{Cond, Deferred};
use netwright_spec::problem::Arrival;
use netwright_spec::{Args, Inferred, LayerDef, Problem, Shape};
use proc_macro2::{Span, TokenStream};
use std::collections::BTreeMap;
use syn::{Attribute, Ident, Visibility};

/// The number of a value: inputs first, then the output of each node.
pub type ValueId = usize;

/// A declared network.
pub struct Net {
    /// Doc comments, derives and other attributes.
    pub attrs: Vec<Attribute>,
    /// Its visibility.
    pub vis: Visibility,
    /// Its name.
    pub name: Ident,
    /// Its generic parameters, in the order of the declaration.
    pub generics: Vec<Generic>,
    /// Its inputs.
    pub inputs: Vec<Port>,
    /// What it does.
    pub nodes: Vec<Node>,
    /// What comes out.
    pub outputs: Vec<Output>,
    /// The tokens of named constants, blocks and number expressions.
    pub constants: Constants,
    /// Sizes and numbers that are expressions, each as a hidden constant of this name and type.
    pub expressions: Vec<(Ident, TokenStream, TokenStream)>,
    /// Conditions that const evaluation decides.
    pub assertions: Vec<Assertion>,
    /// Conditions on type parameters: bounds that rustc checks for each instantiation.
    pub bounds: Vec<Bound>,
    /// The assertion that a named constant is at least one, where there is one.
    pub minima: BTreeMap<String, usize>,
    /// A mistake in it was reported.
    pub broken: bool,
}

/// A generic parameter.
pub struct Generic {
    /// Its name.
    pub name: Ident,
    /// What it stands for.
    pub kind: GenericKind,
}

/// The kinds of generic parameters.
pub enum GenericKind {
    /// `const N: usize`
    Const,
    /// `Side: Size`, with the bound as written.
    Size(TokenStream),
    /// A type that was reported: a size that is one of them is unknown.
    Mistaken,
}

/// An input.
pub struct Port {
    /// Its name.
    pub name: Option<Ident>,
    /// Its shape; `None` after a mistake.
    pub shape: Option<Shape>,
    /// Its tokens.
    pub span: Span,
}

/// An output.
pub struct Output {
    /// Its name.
    pub name: Option<Ident>,
    /// The value; `None` after a mistake.
    pub value: Option<ValueId>,
    /// The declared shape and its tokens, if it was written.
    pub stated: Option<(Shape, Span)>,
}

/// One operation.
pub struct Node {
    /// The user's name, or one made from the layer's.
    pub name: String,
    /// The tokens that name it, for the field and for messages.
    pub ident: Ident,
    /// The layer, or `None` after a mistake and for a layer that is not in the catalogue.
    pub def: Option<&'static LayerDef>,
    /// The type of a layer that is not in the catalogue: another network, or one of the user's.
    pub outside: Option<TokenStream>,
    /// The layer as written: a block's keyword for what the block inserts.
    pub written: String,
    /// The written name.
    pub place: Extent,
    /// Its line.
    pub line: usize,
    /// Arguments, defaults filled in.
    pub args: Args,
    /// Where arguments were written.
    pub arg_places: Vec<(&'static str, Extent)>,
    /// What it takes; a value after a mistake is still its value.
    pub inputs: Vec<ValueId>,
    /// What each input is to a block that joins several; empty for a layer of a chain.
    pub roles: Vec<Role>,
    /// `-> [64]` behind it.
    pub stated: Option<(Shape, Span)>,
    /// What the shape rule gave; `None` before inference and after a mistake.
    pub inferred: Option<Inferred>,
    /// The assertions by number that its shape rests on.
    pub rests_on: Vec<usize>,
    /// The node by number whose parameters it uses: a shared layer's first application.
    pub shares: Option<usize>,
    /// Which of its outputs have names that something may use; one, unless several are named.
    pub wanted: Vec<bool>,
    /// Where the names of its outputs stand.
    pub names_place: Extent,
    /// It stands for this output of its input, until inference knows where that is.
    pub output_of: Option<usize>,
}

/// What a value is to the block that joins it.
pub enum Role {
    /// The end of this branch: `its branch`, `branch 2`.
    End(String),
    /// What came into the block.
    Input,
    /// The value of this name, before the first layer of a chain.
    Value(String),
}

impl Node {
    /// The token of an argument, or of the layer where it was not written.
    pub fn arg_place(&self, name: &str) -> Extent {
        let written = self.arg_places.iter().find(|(n, _)| *n == name);
        written.map_or(self.place, |(_, place)| *place)
    }
}

/// A condition that const evaluation decides.
pub struct Assertion {
    /// A `bool` expression.
    pub condition: TokenStream,
    /// What is said if it is false.
    pub text: String,
    /// The tokens it points at.
    pub place: Extent,
    /// Other assertions by number: if one of them fails, this one says nothing.
    pub after: Vec<usize>,
}

/// A condition on type parameters.
pub struct Bound {
    /// Of which sizes.
    pub cond: Cond,
    /// What is said where it does not hold.
    pub problem: Problem,
    /// The tokens it is about.
    pub place: Extent,
    /// Where in the network: the number of the node. What stands first is reported first.
    pub node: usize,
}

/// Behind all nodes: what a declared output demands.
pub const AT_THE_END: usize = usize::MAX;

impl Net {
    /// The generic parameter of this name.
    pub fn generic(&self, name: &str) -> Option<&Generic> {
        self.generics.iter().find(|generic| generic.name == name)
    }

    /// The names of its sizes that are types.
    pub fn type_sizes(&self) -> impl Iterator<Item = &Ident> {
        let is_size = |generic: &&Generic| matches!(generic.kind, GenericKind::Size(_));
        self.generics.iter().filter(is_size).map(|generic| &generic.name)
    }

    /// Leaves a condition of a node to the compiler, as an assertion behind those `before` it, or as
    /// a bound. Returns the assertions that what comes next rests on.
    pub fn defer(
        &mut self,
        (node, place): (usize, Extent),
        Deferred { cond, problem }: Deferred,
        before: Vec<usize>,
    ) -> Vec<usize> {
        if cond.sides().iter().any(|dim| dim.is_type()) {
            self.bound(Bound { cond, problem, place, node });
            return before;
        }
        let mut after = before;
        for dim in cond.sides() {
            sizes::for_each_name(dim, &mut |name| after.extend(self.minima.get(name)));
        }
        self.assertions.push(Assertion {
            condition: sizes::condition(&cond, &self.constants),
            text: with_help(&problem.text, problem.help.as_deref()),
            place,
            after,
        });
        vec![self.assertions.len() - 1]
    }

    /// Adds a bound in the order of nodes. Height and width are often the same size: one of them is
    /// enough.
    fn bound(&mut self, new: Bound) {
        if self.bounds.iter().any(|bound| bound.cond == new.cond && bound.node <= new.node) {
            return;
        }
        let at = self.bounds.partition_point(|bound| bound.node <= new.node);
        self.bounds.insert(at, new);
    }

    /// The shape of a value, if it is known.
    pub fn shape(&self, value: ValueId) -> Option<&Shape> {
        match value.checked_sub(self.inputs.len()) {
            None => self.inputs.get(value)?.shape.as_ref(),
            Some(node) => self.nodes.get(node)?.inferred.as_ref().map(|i| &i.shape),
        }
    }

    /// Of a node with a tied parameter: the node that brings it, and which of that one's it is.
    pub fn owner(&self, number: usize) -> Option<(usize, usize)> {
        let tied = self.nodes.get(number)?.inferred.as_ref()?.tied.as_ref()?;
        let other = self.nodes[..number].iter().position(|other| other.name == tied.layer)?;
        let params = &self.nodes[other].inferred.as_ref()?.params;
        let own = params.iter().position(|param| param.name == tied.param);
        own.map_or_else(|| self.owner(other), |param| Some((other, param)))
    }

    /// A value as it arrives at a layer right behind it, at a block that joins it, or (`None`) at
    /// the end of the network, with where it was made.
    pub fn arrival(&self, value: ValueId, as_what: Option<&Role>, before: bool) -> Option<Arrival> {
        let shape = self.shape(value)?.clone();
        let made = match value.checked_sub(self.inputs.len()) {
            Some(node) => Some(self.nodes.get(node)?),
            None => None,
        };
        let name = self.inputs.get(value).and_then(|port| port.name.as_ref());
        let origin = match (as_what, made, name) {
            (None, Some(node), _) => {
                let before = if before { " before it" } else { "" };
                format!("`{}`{before} (line {}) gives", node.written, node.line)
            }
            (None, None, Some(name)) => format!("the input `{name}` is"),
            (None, None, None) => "the network's input is".to_string(),
            (Some(Role::End(branch)), Some(node), _) => {
                format!("{branch} ends with `{}` (line {}), which gives", node.written, node.line)
            }
            (Some(Role::End(branch)), None, _) => format!("{branch} is"),
            (Some(Role::Value(name)), Some(node), _) => {
                format!("`{name}`, from `{}` (line {}), is", node.written, node.line)
            }
            (Some(Role::Value(name)), None, _) => format!("the input `{name}` is"),
            (Some(Role::Input), Some(node), _) => {
                format!("its input, from `{}` (line {}), is", node.written, node.line)
            }
            (Some(Role::Input), None, Some(name)) => format!("its input `{name}` is"),
            (Some(Role::Input), None, None) => "its input, the network's, is".to_string(),
        };
        Some(Arrival { shape, origin })
    }
}
