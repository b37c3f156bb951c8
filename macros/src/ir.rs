//! A network with its names resolved: nodes in an order in which they can run, connected by the
//! numbers of values. Blocks are gone; several inputs, outputs and uses of a value are not special.

use netwright_spec::problem::Arrival;
use netwright_spec::{Args, Inferred, LayerDef, Shape};
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
    /// Its const generics.
    pub generics: Vec<Ident>,
    /// Its inputs.
    pub inputs: Vec<Port>,
    /// What it does.
    pub nodes: Vec<Node>,
    /// What comes out.
    pub outputs: Vec<Output>,
    /// The tokens of named constants, blocks and number expressions, by their text.
    pub constants: BTreeMap<String, TokenStream>,
    /// Conditions that const evaluation decides.
    pub assertions: Vec<Assertion>,
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
    /// The layer, or `None` after a mistake.
    pub def: Option<&'static LayerDef>,
    /// The layer as written: a block's keyword for what the block inserts.
    pub written: String,
    /// The written name's token.
    pub span: Span,
    /// Its line.
    pub line: usize,
    /// Arguments, defaults filled in.
    pub args: Args,
    /// Where arguments were written.
    pub arg_spans: Vec<(&'static str, Span)>,
    /// What it takes; a value after a mistake is still its value.
    pub inputs: Vec<ValueId>,
    /// `-> [64]` behind it.
    pub stated: Option<(Shape, Span)>,
    /// What the shape rule gave; `None` before inference and after a mistake.
    pub inferred: Option<Inferred>,
}

impl Node {
    /// The token of an argument, or of the layer where it was not written.
    pub fn arg_span(&self, name: &str) -> Span {
        self.arg_spans.iter().find(|(n, _)| *n == name).map_or(self.span, |(_, span)| *span)
    }
}

/// A condition that const evaluation decides.
pub struct Assertion {
    /// A `bool` expression.
    pub condition: TokenStream,
    /// What is said if it is false.
    pub text: String,
    /// The token it points at.
    pub span: Span,
}

impl Net {
    /// The shape of a value, if it is known.
    pub fn shape(&self, value: ValueId) -> Option<&Shape> {
        match value.checked_sub(self.inputs.len()) {
            None => self.inputs.get(value)?.shape.as_ref(),
            Some(node) => self.nodes.get(node)?.inferred.as_ref().map(|i| &i.shape),
        }
    }

    /// A value as it arrives at a layer, with where it was made; `before` says that the layer
    /// stands right behind it.
    pub fn arrival(&self, value: ValueId, before: bool) -> Option<Arrival> {
        let shape = self.shape(value)?.clone();
        let origin = match value.checked_sub(self.inputs.len()) {
            None => match self.inputs.get(value).and_then(|p| p.name.as_ref()) {
                Some(name) => format!("the input `{name}` is"),
                None => "the network's input is".to_string(),
            },
            Some(node) => {
                let node = self.nodes.get(node)?;
                let before = if before { " before it" } else { "" };
                format!("`{}`{before} (line {}) gives", node.written, node.line)
            }
        };
        Some(Arrival { shape, origin })
    }
}
