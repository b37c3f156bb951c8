//! Named constants among sizes that are types: each gets a type of its value.

use super::Code;
use crate::ir::{Net, Node};
use crate::sizes;
use netwright_spec::Dim;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;

/// A type alias for each constant that something is computed from together with a type parameter.
pub(super) fn declarations(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let mut names = BTreeSet::new();
    for dim in type_sizes(code.net) {
        sizes::for_each_name(dim, &mut |name| {
            names.insert(name.to_string());
        });
    }
    let aliases = names.iter().map(|name| {
        let (alias, value) = (code.net.constants.type_name(name), code.net.constants.get(name));
        quote! {
            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code)]
            type #alias = #p::constant_size!(#value);
        }
    });
    quote!(#(#aliases)*)
}

/// All sizes of axes and in conditions that depend on a type parameter; a condition is about one
/// as soon as either side is.
fn type_sizes(net: &Net) -> impl Iterator<Item = &Dim> {
    let inputs = net.inputs.iter().flat_map(|port| &port.shape).flat_map(|shape| &shape.dims);
    let stated = net.outputs.iter().flat_map(|output| &output.stated);
    let outputs = stated.flat_map(|(shape, _)| &shape.dims);
    let nodes = net.nodes.iter().flat_map(dims);
    let axes = inputs.chain(outputs).chain(nodes).filter(|dim| dim.is_type());
    axes.chain(net.bounds.iter().flat_map(|bound| bound.cond.sides()))
}

fn dims(node: &Node) -> impl Iterator<Item = &Dim> {
    node.inferred.iter().flat_map(|inferred| {
        inferred.shape.dims.iter().chain(inferred.params.iter().flat_map(|param| &param.dims))
    })
}
