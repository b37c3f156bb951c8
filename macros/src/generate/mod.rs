//! The generated code: one struct, its graph as data, and impls whose bodies are single calls into
//! the runtime. No layer is known here by name; everything follows from what inference gave.

mod assertions;
mod collection;
mod docs;
mod fits;
mod forward;
mod graph;
mod model;
mod numbers;
mod outputs;
mod outside;
mod skeleton;

pub(crate) use collection::nested;

use crate::ir::{Generic, GenericKind, Net, Node};
use crate::sizes;
use netwright_spec::{Dim, ParamDef};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// Where the runtime's items are: the only paths that generated code names.
pub fn paths() -> TokenStream {
    quote!(::netwright::__private)
}

/// One declaration. After mistakes only what other code needs in order to compile: the same types
/// and methods, with bodies that are never run, and the type `unknown` for what is not known.
pub fn generate(net: &Net, unknown: &Ident) -> TokenStream {
    let code = Code::new(net, unknown);
    let parts = [
        model::declaration(&code),
        model::expressions(&code),
        numbers::declarations(&code),
        model::constants(&code),
        model::constructors(&code),
        model::layer(&code),
        model::stands(&code),
        model::implementation(&code),
        outputs::declaration(&code),
        forward::methods(&code),
        forward::implementations(&code),
        collection::implementation(&code),
        outside::part(&code),
        outside::checks(&code),
        assertions::assertions(&code),
        fits::implementation(&code),
        skeleton::anything_else(&code),
    ];
    quote!(#(#parts)*)
}

/// What all parts of the generated code use.
struct Code<'a> {
    net: &'a Net,
    /// The type of everything unknown in a broken network.
    unknown: &'a Ident,
    /// `::netwright::__private`
    p: TokenStream,
    /// The type parameters, renamed where a generic of the network has their name.
    float: Ident,
    device: Ident,
}

impl<'a> Code<'a> {
    fn new(net: &'a Net, unknown: &'a Ident) -> Self {
        let free = |name| fresh(net, name);
        Code { net, unknown, p: paths(), float: free("E"), device: free("D") }
    }

    /// A type parameter's name that no generic of the network has, nor the network.
    fn fresh(&self, name: &str) -> Ident {
        fresh(self.net, name)
    }

    /// The generic parameters of the declaration: `const N: usize, Side: Size, …`
    fn generics(&self) -> TokenStream {
        let p = &self.p;
        self.generics_with(|_| quote!(#p::Size))
    }

    /// The same with this bound instead of `Size`; one that was not understood has none.
    fn generics_with(&self, bound: impl Fn(&TokenStream) -> TokenStream) -> TokenStream {
        let params = self.net.generics.iter().map(|Generic { name, kind }| match kind {
            GenericKind::Const => quote!(const #name: usize,),
            GenericKind::Size(written) => {
                let bound = bound(written);
                quote!(#name: #bound,)
            }
            GenericKind::Mistaken => quote!(#name,),
        });
        quote!(#(#params)*)
    }

    /// Whether anything of it depends on a generic.
    fn is_generic(&self) -> bool {
        !self.net.generics.is_empty()
    }

    /// Whether these tokens depend on a generic.
    fn mentions_generics(&self, tokens: &TokenStream) -> bool {
        let mut generics = self.net.generics.iter();
        generics.any(|generic| crate::resolve::mentions(tokens, &generic.name.to_string()))
    }

    /// `Net<N, E, D>` for these two types.
    fn type_of(&self, float: impl quote::ToTokens, device: impl quote::ToTokens) -> TokenStream {
        let name = &self.net.name;
        let generics = self.net.generics.iter().map(|generic| &generic.name);
        quote!(#name<#(#generics,)* #float, #device>)
    }

    /// `Net<N, E, D>`.
    fn self_type(&self) -> TokenStream {
        self.type_of(&self.float, &self.device)
    }

    /// The type parameters of the declaration, which may stand in no field.
    fn type_params(&self) -> Vec<&'a Ident> {
        let types = self.net.generics.iter().filter(|one| !matches!(one.kind, GenericKind::Const));
        types.map(|generic| &generic.name).collect()
    }

    /// The fields that no user sees, as `init` fills them.
    fn hidden_fields(&self) -> TokenStream {
        let types =
            (!self.type_params().is_empty()).then(|| quote!(__types: ::core::marker::PhantomData,));
        quote!(__state: ::core::default::Default::default(), #types)
    }

    /// A body, or after mistakes one that fits every signature.
    fn body(&self, body: TokenStream) -> TokenStream {
        let p = &self.p;
        if self.net.broken { quote!(#p::unfinished()) } else { body }
    }

    /// The shape of one sample as a list of types.
    fn axes(&self, dims: &[Dim]) -> Vec<TokenStream> {
        dims.iter().map(|dim| sizes::axis(dim, &self.net.constants)).collect()
    }

    /// `Tensor<(Const<32>, Const<3>), E, D>`
    fn tensor(&self, dims: &[Dim]) -> TokenStream {
        let (p, float, device) = (&self.p, &self.float, &self.device);
        let axes = self.axes(dims);
        quote!(#p::Tensor<(#(#axes,)*), #float, #device>)
    }

    /// The nodes that are fields: those that have parameters, or are types of their own. A name that was used twice is none
    /// of them.
    fn fields(&self) -> impl Iterator<Item = &'a Node> {
        let nodes = &self.net.nodes;
        let twice = |node: &Node| {
            self.net.broken && nodes.iter().filter(|other| other.name == node.name).count() > 1
        };
        let has_field = |node: &Node| has_params(node) || node.outside.is_some();
        nodes.iter().filter(move |node| has_field(node) && node.shares.is_none() && !twice(node))
    }

    /// All parameters in the graph's order, each with its field and its own name in it.
    fn params(&self) -> Vec<(&'a Node, Ident, &'a ParamDef)> {
        let own = self.net.nodes.iter().filter(|node| node.shares.is_none());
        own.flat_map(|node| {
            let params = node.inferred.iter().flat_map(|inferred| &inferred.params);
            params.map(move |param| (node, format_ident!("{}", param.name), param))
        })
        .collect()
    }
}

fn has_params(node: &Node) -> bool {
    node.inferred.as_ref().is_some_and(|inferred| !inferred.params.is_empty())
}

fn fresh(net: &Net, name: &str) -> Ident {
    let mut name = name.to_string();
    let taken = || net.generics.iter().map(|generic| &generic.name).chain([&net.name]);
    while taken().any(|taken| *taken == name) {
        name.push('_');
    }
    Ident::new(&name, Span::mixed_site())
}

/// The struct of a layer with a type for each of its slots: `Conv2d<#weight, #bias>`.
fn layer_path(code: &Code<'_>, node: &Node) -> TokenStream {
    let p = &code.p;
    let layer = node.def.map_or("Absent", |def| def.name);
    let layer = Ident::new(layer, node.place.start);
    quote!(#p::layers::#layer)
}
