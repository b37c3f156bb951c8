//! What is generated for a layer that is not in the catalogue: another network, or a type of the
//! user's. Both implement the runtime's `Layer`.

use super::Code;
use crate::ir::Node;
use netwright_spec::Shape;
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The type of its field: the written one for the network's float type and device.
pub(super) fn field_type(code: &Code<'_>, ty: &TokenStream) -> TokenStream {
    let Code { p, float, device, .. } = code;
    quote!(#p::Of<#ty, #float, #device>)
}

/// What the graph says of a node beside its shape.
pub(super) fn inner(code: &Code<'_>, node: &Node, number: usize) -> TokenStream {
    let p = &code.p;
    let Some(ty) = &node.outside else { return quote!(::core::option::Option::None) };
    let first = Literal::usize_unsuffixed(node.shares.unwrap_or(number));
    quote! {
        ::core::option::Option::Some(#p::graph::Inner::Declared {
            layer: <#ty as #p::Layer<f32, #p::Cpu>>::DECLARED,
            first: #first,
        })
    }
}

/// Whether the network has such a layer.
pub(super) fn any(code: &Code<'_>) -> bool {
    code.net.nodes.iter().any(|node| node.outside.is_some())
}

/// The graph with the graphs of such layers in it. The length of an array cannot depend on a
/// generic, so a generic network's is completed when the program runs.
pub(super) fn inlined(code: &Code<'_>, graph: TokenStream) -> TokenStream {
    if !any(code) || code.is_generic() {
        return graph;
    }
    let p = &code.p;
    let outputs = Literal::usize_unsuffixed(code.net.outputs.len());
    let (room, all) = (quote!(#p::inline), quote!({ ROOM.values }));
    quote!({
        const DECLARED: &'static #p::graph::Graph = #graph;
        const ROOM: #room::Room = #room::room(DECLARED);
        const POOLS: &'static #room::Pools<{ ROOM.inputs }, { ROOM.text }> =
            &#room::pools::<{ ROOM.inputs }, { ROOM.text }, #all>(DECLARED);
        const LISTS: &'static #room::Lists<{ ROOM.nodes }, { ROOM.params }, #outputs> =
            &#room::lists::<{ ROOM.nodes }, { ROOM.params }, #outputs, #all>(
                DECLARED,
                &POOLS.inputs,
                &POOLS.text,
            );
        &#p::graph::Graph {
            name: DECLARED.name,
            inputs: DECLARED.inputs,
            nodes: &LISTS.nodes,
            outputs: &LISTS.outputs,
            params: &LISTS.params,
        }
    })
}

/// `Model::own`: each application is also where the compiler proves that the type takes what
/// arrives and gives the stated shape.
pub(super) fn own(code: &Code<'_>) -> TokenStream {
    if !any(code) || code.net.broken {
        return TokenStream::new();
    }
    let Code { p, float, device, .. } = code;
    let applications = code.net.nodes.iter().filter(|node| node.outside.is_some());
    let applications = applications.filter_map(|node| application(code, node));
    quote! {
        fn own(&self) -> ::std::vec::Vec<#p::Own<'_, #float, #device>> {
            let mut list = ::std::vec::Vec::new();
            #(#applications)*
            list
        }
    }
}

fn application(code: &Code<'_>, node: &Node) -> Option<TokenStream> {
    let Code { p, float, device, .. } = code;
    let field = &node.shares.map_or(node, |first| &code.net.nodes[first]).ident;
    let x = taped(code, code.net.shape(*node.inputs.first()?)?);
    let (shape, span) = node.stated.as_ref()?;
    let y = taped(code, shape);
    let at = |span| Span::call_site().located_at(span);
    let (me, list, layer) = (quote!(self), quote!(list), quote!(layer));
    let takes = quote_spanned!(at(node.place.start)=> #p::takes::<#x, _>(&#me.#field));
    let own = quote_spanned!(at(*span)=> #p::own::<#float, #device, #x, #y, _>(#layer, &mut #list));
    Some(quote!({ let layer = #takes; #own; }))
}

/// The tensor behind a batch axis, with a tape.
fn taped(code: &Code<'_>, shape: &Shape) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let axes = code.axes(&shape.dims);
    let unit = if shape.index { quote!(usize) } else { quote!(#float) };
    quote!(#p::Tensor<(usize, #(#axes,)*), #unit, #device, #p::OwnedTape<#float, #device>>)
}
