//! What is generated for a layer that is not in the catalogue: another network, or a type of the
//! user's. Both implement the runtime's `Layer`.

use super::Code;
use crate::diag::Extent;
use crate::ir::Node;
use crate::sizes;
use netwright_spec::Shape;
use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

/// The type of its field: the written one for the network's float type and device.
pub(super) fn field_type(code: &Code<'_>, node: &Node, ty: &TokenStream) -> TokenStream {
    let Code { float, device, .. } = code;
    let known = known(code, node, ty);
    quote!(#known::To<#float, #device>)
}

/// What is known of the type, through a proof that there is something to know. Only a type without
/// generics can be proved once for all.
fn known(code: &Code<'_>, node: &Node, ty: &TokenStream) -> TokenStream {
    let p = &code.p;
    if code.mentions_generics(ty) {
        return quote_spanned!(at(node.place.start)=> <#ty as #p::Stands>);
    }
    let stands = check_name(code, first(code, node), "STANDS");
    quote!(<#p::Proof<{ #stands }> as #p::Proven<#ty>>)
}

/// The node whose field it is: itself, or the first application of a shared layer.
fn first<'a>(code: &Code<'a>, node: &'a Node) -> &'a Node {
    node.shares.and_then(|first| code.net.nodes.get(first)).unwrap_or(node)
}

/// `__Net_encoder_STANDS`
fn check_name(code: &Code<'_>, node: &Node, what: &str) -> Ident {
    format_ident!("__{}_{}_{what}", code.net.name, node.name, span = at(node.place.start))
}

/// Names are looked up as in generated code, errors point at the user's token.
fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// What the graph says of a node beside its shape.
pub(super) fn inner(code: &Code<'_>, node: &Node, number: usize) -> TokenStream {
    let p = &code.p;
    let Some(ty) = &node.outside else { return quote!(::core::option::Option::None) };
    let first = Literal::usize_unsuffixed(node.shares.unwrap_or(number));
    let known = known(code, node, ty);
    let layer = quote!(#known::DECLARED);
    quote! {
        ::core::option::Option::Some(#p::graph::Inner::Declared { layer: #layer, first: #first })
    }
}

/// The types that depend on sizes that are types, for numbers that are known.
pub(super) fn sized(code: &Code<'_>) -> Vec<TokenStream> {
    let p = &code.p;
    let sizes: Vec<String> = code.net.type_sizes().map(ToString::to_string).collect();
    let known = |name: &Ident| quote!(<#name as #p::sizes::Concrete>::Number);
    let first = code.net.nodes.iter().filter(|node| node.shares.is_none());
    let types = first.filter_map(|node| node.outside.as_ref());
    let types = types.filter(|ty| sizes.iter().any(|size| crate::resolve::mentions(ty, size)));
    types.map(|ty| replaced(ty.clone(), &sizes, &known)).collect()
}

fn replaced(
    tokens: TokenStream,
    names: &[String],
    with: &impl Fn(&Ident) -> TokenStream,
) -> TokenStream {
    let each = tokens.into_iter().map(|tree| match tree {
        TokenTree::Ident(ident) if names.iter().any(|name| ident == name) => with(&ident),
        TokenTree::Group(group) => {
            let inner = replaced(group.stream(), names, with);
            TokenTree::Group(Group::new(group.delimiter(), inner)).into()
        }
        other => other.into(),
    });
    each.collect()
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
    let field = &first(code, node).ident;
    let mut x = axes(code, code.net.shape(*node.inputs.first()?)?);
    let y = axes(code, &node.stated.as_ref()?.0);
    let mut proved = quote!(#p::ByTypes);
    if is_checked(code, node) {
        let fits = check_name(code, node, "FITS");
        x = quote!(<#p::Proof<{ #fits }> as #p::Arrives<#x>>::Itself);
        proved = quote!(#p::ByValues);
    }
    let (me, list) = (quote!(self), quote!(list));
    let place = at(node.place.start);
    Some(quote_spanned! {place=>
        #p::own::<#x, #y, #proved, #float, #device, _>(&#me.#field, &mut #list);
    })
}

/// The shape of one sample as a type.
fn axes(code: &Code<'_>, shape: &Shape) -> TokenStream {
    let p = &code.p;
    let axes = code.axes(&shape.dims);
    if shape.index { quote!(#p::Indices<(#(#axes,)*)>) } else { quote!((#(#axes,)*)) }
}

/// What a network is where it stands as a layer: a network with one input and one output. A broken
/// one fits everywhere.
pub(super) fn part(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let (x, y, proved) = (code.fresh("X"), code.fresh("Y"), code.fresh("P"));
    if code.net.broken {
        return part_for(code, quote!(#x, #y, #proved,), [quote!(#x), quote!(#y), quote!(#proved)]);
    }
    let ([input], [output]) = (&code.net.inputs[..], &code.net.outputs[..]) else {
        return TokenStream::new();
    };
    let shapes = (&input.shape, output.value.and_then(|value| code.net.shape(value)));
    let (Some(from), Some(to)) = shapes else { return TokenStream::new() };
    let exact = [axes(code, from), axes(code, to), quote!(#p::ByTypes)];
    let any = [quote!(#x), quote!(#y), quote!(#p::ByValues)];
    let (exact, any) =
        (part_for(code, TokenStream::new(), exact), part_for(code, quote!(#x, #y,), any));
    quote!(#exact #any)
}

fn part_for(code: &Code<'_>, free: TokenStream, args: [TokenStream; 3]) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let (generics, this) = (code.generics(), code.self_type());
    let body = code.body(quote!(list.extend(#p::Model::own(self))));
    quote! {
        impl<#generics #free #float: #p::Float, #device: #p::Backend<#float>>
            #p::Part<#(#args,)* #float, #device> for #this
        {
            fn own<'a>(&'a self, list: &mut ::std::vec::Vec<#p::Own<'a, #float, #device>>) {
                let _ = &list;
                #body
            }
        }
    }
}

/// What const evaluation says of networks that stand here as layers, in the words of all other
/// messages. Where generics come in, only the types know.
pub(super) fn checks(code: &Code<'_>) -> TokenStream {
    let outside = code.net.nodes.iter().filter(|node| node.outside.is_some());
    let stand = outside.clone().filter(|node| node.shares.is_none());
    let stand = stand.map(|node| stands(code, node));
    let fit = outside.filter(|node| !code.net.broken && is_checked(code, node));
    let fit = fit.filter_map(|node| fits(code, node));
    quote!(#(#stand)* #(#fit)*)
}

/// Whether the shapes and the type of a node are known when constants are evaluated.
fn is_checked(code: &Code<'_>, node: &Node) -> bool {
    let generic =
        |shape: &Shape| shape.dims.iter().any(|dim| dim.generic().is_some() || dim.is_type());
    let stated = node.stated.iter().map(|(shape, _)| shape);
    let mut shapes = stated.chain(node.inputs.iter().filter_map(|&value| code.net.shape(value)));
    let typed = node.outside.as_ref().is_some_and(|ty| code.mentions_generics(ty));
    !typed && !shapes.any(generic)
}

fn stands(code: &Code<'_>, node: &Node) -> TokenStream {
    let (p, name) = (&code.p, check_name(code, node, "STANDS"));
    match &node.outside {
        Some(ty) if !code.mentions_generics(ty) => {
            let value = quote_spanned!(at(node.place.start)=> #p::stands::<#ty>());
            quote!(#[doc(hidden)] #[allow(non_upper_case_globals)] const #name: usize = #value;)
        }
        _ => TokenStream::new(),
    }
}

fn fits(code: &Code<'_>, node: &Node) -> Option<TokenStream> {
    let (p, net, constant) = (&code.p, code.net, check_name(code, node, "FITS"));
    let ty = node.outside.as_ref()?;
    let input = *node.inputs.first()?;
    let (shape, (stated, span)) = (net.shape(input)?, node.stated.as_ref()?);
    let arrival = net.arrival(input, node.roles.first(), true)?;
    let but = format!(", but {} {}", arrival.origin, arrival.shape);
    let (name, index, text) = (&node.written, shape.index, stated.to_string());
    let [takes, gives] = [shape, stated].map(|s| sizes::slice(&s.dims, &net.constants));
    let known = known(code, node, ty);
    let taken = node.place.call(
        "assert",
        quote! {
            #p::stated::takes(LAYER, #index, #takes),
            "{}",
            #p::stated::takes_text(#name, LAYER, #but).as_str()
        },
    );
    let given = Extent::from(*span).call(
        "assert",
        quote! {
            #p::stated::gives(LAYER, #gives),
            "{}",
            #p::stated::gives_text(#name, LAYER, #text).as_str()
        },
    );
    let same = format!(
        "`{name}` is repeated, so it must give the shape that it takes, {}, not {text}",
        arrival.shape
    );
    let keeps = Extent::from(*span)
        .call("assert", quote!(#p::stated::keeps(LAYER, #takes, #gives), "{}", #same));
    Some(quote! {
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const #constant: usize = {
            const LAYER: #p::graph::Declared = #known::DECLARED;
            #taken;
            #given;
            #keeps;
            0
        };
    })
}
