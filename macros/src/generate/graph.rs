//! The graph as a constant.

use super::{Code, fits, outside};
use crate::ir::{Node, Port};
use crate::sizes;
use netwright_spec::{Attr, ParamDef, ParamInit};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The expression behind `GRAPH`.
pub(super) fn graph(code: &Code<'_>) -> TokenStream {
    let (p, net) = (&code.p, code.net);
    let name = net.name.to_string();
    let inputs = net.inputs.iter().map(|port| input(code, port));
    let firsts = first_params(&net.nodes);
    let nodes = (0..net.nodes.len()).map(|number| node(code, number, &firsts));
    let outputs = net.outputs.iter().map(|output| {
        let name = output.name.as_ref().map_or("output".to_string(), ToString::to_string);
        let value = Literal::usize_unsuffixed(output.value.unwrap_or(0));
        quote!(#p::graph::Output { name: #name, value: #value })
    });
    let params = code.params();
    let params = params.iter().map(|(node, _, def)| param(code, node, def));
    let graph = quote! {
        &#p::graph::Graph {
            name: #name,
            inputs: &[#(#inputs),*],
            nodes: &[#(#nodes),*],
            outputs: &[#(#outputs),*],
            params: &[#(#params),*],
        }
    };
    let graph = outside::inlined(code, graph);
    match fits::assertions(code) {
        checks if checks.is_empty() => graph,
        checks => quote!({ #checks #graph }),
    }
}

fn input(code: &Code<'_>, port: &Port) -> TokenStream {
    let p = &code.p;
    let name = port.name.as_ref().map_or("input".to_string(), ToString::to_string);
    let (dims, index) = port.shape.as_ref().map_or((&[][..], false), |s| (&s.dims, s.index));
    let shape = sizes::slice(dims, &code.net.constants);
    quote!(#p::graph::Port { name: #name, shape: #shape, index: #index })
}

/// Where the parameters of each node begin: of a shared layer, at its first application's.
fn first_params(nodes: &[Node]) -> Vec<usize> {
    let (mut firsts, mut end) = (Vec::new(), 0);
    for node in nodes {
        let shared = node.shares.and_then(|first: usize| firsts.get(first).copied());
        firsts.push(shared.unwrap_or(end));
        if shared.is_none() {
            end += node.inferred.as_ref().map_or(0, |inferred| inferred.params.len());
        }
    }
    firsts
}

/// The number of a tied parameter.
fn tied(code: &Code<'_>, number: usize, firsts: &[usize]) -> TokenStream {
    match code.net.owner(number) {
        Some((owner, param)) => {
            let param = Literal::usize_unsuffixed(firsts[owner] + param);
            quote!(::core::option::Option::Some(#param))
        }
        None => quote!(::core::option::Option::None),
    }
}

fn node(code: &Code<'_>, number: usize, firsts: &[usize]) -> TokenStream {
    let (p, node) = (&code.p, &code.net.nodes[number]);
    let constants = &code.net.constants;
    let name = &node.name;
    let kind = node.def.map_or(node.written.as_str(), |def| def.name);
    let inner = outside::inner(code, node, number);
    let inputs = node.inputs.iter().map(|&value| Literal::usize_unsuffixed(value));
    let Some(inferred) = &node.inferred else { return TokenStream::new() };
    let shape = sizes::slice(&inferred.shape.dims, constants);
    let attrs = inferred.attrs.iter().map(|(name, value)| {
        let value = attr(code, value);
        quote!((#name, #value))
    });
    let count = inferred.params.len();
    let [first, count] = [firsts[number], count].map(Literal::usize_unsuffixed);
    let tied = tied(code, number, firsts);
    let line = Literal::u32_unsuffixed(u32::try_from(node.line).unwrap_or(u32::MAX));
    quote! {
        #p::graph::Node {
            name: #name,
            kind: #kind,
            inputs: &[#(#inputs),*],
            shape: #shape,
            attrs: &[#(#attrs),*],
            params: #p::graph::Params { first: #first, count: #count },
            tied: #tied,
            line: #line,
            inner: #inner,
        }
    }
}

fn attr(code: &Code<'_>, attr: &Attr) -> TokenStream {
    let p = &code.p;
    let constants = &code.net.constants;
    match attr {
        Attr::Size(dim) => {
            let size = sizes::size(dim, constants);
            quote!(#p::graph::Attr::Size(#size))
        }
        Attr::Sizes(dims) => {
            let dims = sizes::slice(dims, constants);
            quote!(#p::graph::Attr::Sizes(#dims))
        }
        Attr::Number(number) => {
            let number = sizes::number(number, constants);
            quote!(#p::graph::Attr::Number(#number))
        }
        Attr::Flag(flag) => quote!(#p::graph::Attr::Flag(#flag)),
        Attr::Word(word) => quote!(#p::graph::Attr::Word(#word)),
        Attr::Function(text) => {
            let function = constants.get(text);
            quote!(#p::graph::Attr::Function(#p::scalar::Function(#function)))
        }
    }
}

fn param(code: &Code<'_>, node: &Node, param: &ParamDef) -> TokenStream {
    let p = &code.p;
    let constants = &code.net.constants;
    let name = format!("{}.{}", node.name, param.name);
    let shape = sizes::slice(&param.dims, constants);
    let trainable = param.trainable;
    let init = match &param.init {
        ParamInit::Zeros => quote!(Zeros),
        ParamInit::Ones => quote!(Ones),
        ParamInit::Constant(x) => quote!(Constant(#x)),
        ParamInit::Normal => quote!(Normal(1.0)),
        ParamInit::NormalExceptRow(row) => {
            let row = sizes::size(row, constants);
            quote!(NormalExceptRow(#row))
        }
        ParamInit::FanIn(dims) => {
            let dims = sizes::slice(dims, constants);
            quote!(FanIn(#p::size::product(#dims)))
        }
        ParamInit::Glorot(dims) => {
            let [rows, columns] = dims.each_ref().map(|dim| sizes::size(dim, constants));
            quote!(Glorot(#rows, #columns))
        }
    };
    quote! {
        #p::graph::Param {
            name: #name,
            shape: #shape,
            init: #p::graph::Init::#init,
            trainable: #trainable,
        }
    }
}
