//! Names become layers, arguments become typed, blocks become nodes and values.
//!
//! AFTER: each node is a known layer with all its arguments in range, or has no `def` and its
//! mistake was reported; each node's inputs come before it; names are unique.

mod args;
mod chain;
mod graph;
mod names;
mod outside;
mod shape;
mod shared;
mod wording;

pub(crate) use shape::mentions;

use crate::ast;
use crate::diag::Errors;
use crate::ir::{Net, Output, Port, ValueId};
use names::Names;
use proc_macro2::TokenStream;
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
    errors: &'a mut Errors,
}

/// Resolves one declaration.
pub fn resolve(network: ast::Network, errors: &mut Errors) -> Net {
    let (generics, types) = generics(&network);
    let constants: BTreeMap<String, TokenStream> =
        generics.iter().map(|g| (g.to_string(), g.to_token_stream())).collect();
    let net = Net {
        attrs: network.attrs,
        vis: network.vis,
        name: network.name,
        generics,
        types,
        inputs: Vec::new(),
        nodes: Vec::new(),
        outputs: Vec::new(),
        constants,
        expressions: Vec::new(),
        assertions: Vec::new(),
        minima: BTreeMap::new(),
        broken: network.broken,
    };
    let mut resolver = Resolver {
        net,
        names: Names::default(),
        values: Vec::new(),
        shared: Vec::new(),
        stray_name: false,
        errors,
    };
    resolver.inputs(network.inputs);
    resolver.shared(&network.shared);
    let declared = network.outputs.as_ref().map_or(0, Vec::len);
    let stated = resolver.stated_outputs(network.outputs);
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

/// Const generics, and type parameters, which were reported.
fn generics(network: &ast::Network) -> (Vec<Ident>, Vec<Ident>) {
    let (mut consts, mut types) = (Vec::new(), Vec::new());
    for param in &network.generics.params {
        match param {
            GenericParam::Const(param) => consts.push(param.ident.clone()),
            GenericParam::Type(param) => types.push(param.ident.clone()),
            GenericParam::Lifetime(_) => {}
        }
    }
    (consts, types)
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
