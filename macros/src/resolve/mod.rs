//! Names become layers, arguments become typed, blocks become nodes and values.
//!
//! AFTER: each node is a known layer with all its arguments in range, or has no `def` and its
//! mistake was reported; each node's inputs come before it; names are unique.

mod args;
mod arithmetic;
mod chain;
mod graph;
mod names;
mod outside;
mod shape;
mod shared;
mod tied;
mod wording;

pub(crate) use shape::mentions;

use crate::ast;
use crate::diag::Errors;
use crate::ir::{AT_THE_END, Bound, Generic, GenericKind, Net, Output, Port, ValueId};
use crate::sizes::Constants;
use names::Names;
use netwright_spec::layer::Cond;
use netwright_spec::{Dim, Problem};
use quote::ToTokens;
use std::collections::BTreeMap;
use syn::{GenericParam, Ident};

/// What the stage carries along.
struct Resolver<'a> {
    net: Net,
    names: Names,
    /// The named values so far.
    values: Vec<graph::Bound>,
    shared: Vec<shared::SharedLayer<'a>>,
    /// A name that no value has was reported.
    stray_name: bool,
    /// That there are too many layers was reported.
    too_many: bool,
    errors: &'a mut Errors,
}

/// Resolves one declaration.
pub fn resolve(network: ast::Network, errors: &mut Errors) -> Net {
    let generics = generics(&network);
    let mut constants = Constants::of(&network.name);
    for Generic { name, .. } in &generics {
        constants.insert(name.to_string(), name.to_token_stream());
    }
    let bounds = generics.iter().filter_map(not_zero).collect();
    let net = Net {
        attrs: network.attrs,
        vis: network.vis,
        name: network.name,
        generics,
        inputs: Vec::new(),
        nodes: Vec::new(),
        outputs: Vec::new(),
        constants,
        expressions: Vec::new(),
        assertions: Vec::new(),
        bounds,
        minima: BTreeMap::new(),
        broken: network.broken,
    };
    let mut resolver = Resolver {
        net,
        names: Names::default(),
        values: Vec::new(),
        shared: Vec::new(),
        stray_name: false,
        too_many: false,
        errors,
    };
    resolver.inputs(network.inputs);
    resolver.shared(&network.shared);
    let declared = network.outputs.as_ref().map_or(0, Vec::len);
    let bounds = resolver.net.bounds.len();
    let stated = resolver.stated_outputs(network.outputs);
    resolver.net.bounds.iter_mut().skip(bounds).for_each(|bound| bound.node = AT_THE_END);
    match &network.body {
        ast::Body::Chain(chain) => {
            let last = resolver.chain(chain, 0);
            resolver.outputs(stated, last);
            resolver.unused_inputs();
        }
        ast::Body::Graph(graph) => resolver.graph(graph, stated, declared),
    }
    resolver.unused_shared(network.broken);
    resolver.net
}

fn generics(network: &ast::Network) -> Vec<Generic> {
    let params = network.generics.params.iter().filter_map(|param| match param {
        GenericParam::Const(param) => Some((&param.ident, GenericKind::Const)),
        GenericParam::Type(param) if param.bounds.is_empty() => {
            Some((&param.ident, GenericKind::Mistaken))
        }
        GenericParam::Type(param) => {
            Some((&param.ident, GenericKind::Size(param.bounds.to_token_stream())))
        }
        GenericParam::Lifetime(_) => None,
    });
    params.map(|(name, kind)| Generic { name: name.clone(), kind }).collect()
}

/// A size is at least one: typenum's numbers begin with zero.
fn not_zero(generic: &Generic) -> Option<Bound> {
    let name = &generic.name;
    matches!(generic.kind, GenericKind::Size(_)).then(|| Bound {
        cond: Cond::AtMost(Dim::Known(1), Dim::Type(name.to_string())),
        problem: Problem::new(format!("the size `{name}` must be at least 1")),
        place: name.span().into(),
        node: 0,
    })
}

impl Resolver<'_> {
    fn inputs(&mut self, ports: Vec<ast::Port>) {
        let ports: Vec<Port> = ports
            .into_iter()
            .map(|port| Port {
                shape: self.shape(&port.shape),
                span: port.name.as_ref().map_or(port.shape.span, Ident::span),
                name: port.name,
            })
            .collect();
        for port in &ports {
            if let Some(name) = &port.name {
                self.names.claim(name, self.errors);
            }
        }
        self.net.inputs = ports;
        if self.net.inputs.is_empty() {
            // After a mistake in the header: the first layer still takes a value.
            self.net.inputs.push(Port { name: None, shape: None, span: self.net.name.span() });
        }
    }

    fn stated_outputs(&mut self, ports: Option<Vec<ast::Port>>) -> Vec<Output> {
        let mut outputs = Vec::new();
        for port in ports.unwrap_or_default() {
            let span = port.shape.span;
            if port.shape.index {
                self.errors.push(span, "a network gives floats: an output cannot be indices");
                continue;
            }
            let stated = self.shape(&port.shape).map(|shape| (shape, span));
            let same = |output: &Output| output.name.is_some() && output.name == port.name;
            if let Some(name) = port.name.as_ref().filter(|_| outputs.iter().any(same)) {
                let text = format!("there are two outputs named `{name}`");
                self.errors.push_help(name.span(), text, "give each output a name of its own");
                continue;
            }
            outputs.push(Output { name: port.name, value: None, stated });
        }
        outputs
    }

    /// The last value of a chain is its only output.
    fn outputs(&mut self, mut stated: Vec<Output>, last: ValueId) {
        if let Some(extra) = stated.get(1) {
            let span = extra.name.as_ref().map(Ident::span);
            let span = span.or(extra.stated.as_ref().map(|(_, span)| *span));
            self.errors.push_help(
                span.unwrap_or_else(|| self.net.name.span()),
                "a chain of layers has one output",
                "give several in the graph form: `let a = image => …; (a => …, b)`",
            );
        }
        // Of several outputs none is meant to be the chain's.
        let only = if stated.len() == 1 { stated.pop() } else { None };
        let mut output = only.unwrap_or(Output { name: None, value: None, stated: None });
        output.value = Some(last);
        self.net.outputs = vec![output];
    }

    /// A chain takes the first input.
    fn unused_inputs(&mut self) {
        let understood = |port: &&Port| port.shape.is_some();
        for port in self.net.inputs.iter().skip(1).filter(understood) {
            let name = port.name.as_ref().map_or_else(String::new, |n| format!(" `{n}`"));
            self.errors.push_help(
                port.span,
                format!("the input{name} is never used: a chain of layers takes the first input"),
                "take it away, or write a graph: `let a = image => Relu; concat(a, meta)`",
            );
        }
    }
}
