//! The struct, its constants, how it is made, and its `Model` implementation.

use super::{Code, docs, fits, graph, layer_path, outside, skeleton};
use crate::ir::Node;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Attribute;

/// The struct with one field for each layer that has parameters.
pub(super) fn declaration(code: &Code<'_>) -> TokenStream {
    let Code { net, p, float, device, .. } = code;
    let (attrs, vis, name) = (&net.attrs, &net.vis, &net.name);
    let declared = code.generics_with(TokenStream::clone);
    let table = docs::table(net);
    let fields = code.fields().map(|node| field(code, node));
    let unknown = skeleton::fields(code);
    let params = code.type_params();
    let types = (!params.is_empty()).then(
        || quote!(#[doc(hidden)] __types: ::core::marker::PhantomData<fn() -> (#(#params,)*)>,),
    );
    let clone = (!derives(attrs, "Clone")).then(|| quote!(#[derive(::core::clone::Clone)]));
    let debug = (!derives(attrs, "Debug")).then(|| debug(code));
    quote! {
        #(#attrs)*
        #table
        #clone
        #vis struct #name<#declared #float: #p::Dtype = f32, #device: #p::Device<#float> = #p::Cpu> {
            #(#fields)*
            #unknown
            #[doc(hidden)]
            __state: #p::State<#float, #device>,
            #types
        }
        #debug
    }
}

fn field(code: &Code<'_>, node: &Node) -> TokenStream {
    let (ident, path) = (&node.ident, layer_path(code, node));
    let doc = docs::layer(node);
    if let Some(ty) = &node.outside {
        let ty = outside::field_type(code, node, ty);
        return quote!(#[doc = #doc] pub #ident: #ty,);
    }
    let slots = slots(node, |param| match param {
        Some(param) => code.tensor(&param.dims),
        None => {
            let p = &code.p;
            quote!(#p::layers::Absent)
        }
    });
    quote! {
        #[doc = #doc]
        pub #ident: #path<#(#slots),*>,
    }
}

/// One thing for each slot of the layer's struct: present or switched off by an option.
fn slots(
    node: &Node,
    mut each: impl FnMut(Option<&netwright_spec::ParamDef>) -> TokenStream,
) -> Vec<TokenStream> {
    let params = node.inferred.as_ref().map_or(&[][..], |inferred| &inferred.params);
    let names = node.def.map_or(&[][..], |def| def.params);
    names.iter().map(|name| each(params.iter().find(|param| param.name == *name))).collect()
}

/// A struct literal of a layer, with `value` for each parameter, or for a type of its own.
pub(super) fn literal(
    code: &Code<'_>,
    node: &Node,
    mut value: impl FnMut() -> TokenStream,
) -> TokenStream {
    let (ident, path) = (&node.ident, layer_path(code, node));
    let names = node.def.map_or(&[][..], |def| def.params).iter().map(|n| format_ident!("{n}"));
    let p = &code.p;
    if node.outside.is_some() {
        let value = value();
        return quote!(#ident: #value);
    }
    let values = slots(node, |param| match param {
        Some(_) => value(),
        None => quote!(#p::layers::Absent),
    });
    quote!(#ident: #path { #(#names: #values),* })
}

/// Whether the user's own derives contain this trait.
fn derives(attrs: &[Attribute], name: &str) -> bool {
    let mut found = false;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
        // What cannot be parsed here is reported by rustc.
        let _ = attr.parse_nested_meta(|meta| {
            found |= meta.path.segments.last().is_some_and(|last| last.ident == name);
            Ok(())
        });
    }
    found
}

fn debug(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let consts = code.generics();
    let this = code.self_type();
    let constants = constants_type(code);
    quote! {
        impl<#consts #float: #p::Dtype, #device: #p::Device<#float>> ::core::fmt::Debug for #this {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #p::debug(#constants::GRAPH, f)
            }
        }
    }
}

/// The type whose `GRAPH` and `PARAMS` need no inference: `<Net<N, f32, Cpu>>`.
pub(super) fn constants_type(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let this = code.type_of(quote!(f32), quote!(#p::Cpu));
    quote!(<#this>)
}

/// The constants that hold the sizes and numbers written as expressions.
pub(super) fn expressions(code: &Code<'_>) -> TokenStream {
    let items = code.net.expressions.iter().map(|(name, ty, value)| {
        quote! {
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            const #name: #ty = #value;
        }
    });
    quote!(#(#items)*)
}

/// `GRAPH` and `PARAMS`.
pub(super) fn constants(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let consts = code.generics();
    let this = code.type_of(quote!(f32), quote!(#p::Cpu));
    let (graph, params) = match code.net.broken {
        true => (skeleton::constant(code), skeleton::constant(code)),
        false => (graph::graph(code), quote!(Self::GRAPH.trainable())),
    };
    quote! {
        impl<#consts> #this {
            /// The whole network as data: nodes, shapes, parameters, source lines.
            pub const GRAPH: &'static #p::graph::Graph = #graph;
            /// How many numbers are trained.
            pub const PARAMS: usize = #params;
        }
    }
}

/// `seeded`, `try_seeded` and `init`.
pub(super) fn constructors(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let consts = code.generics();
    let (this, this_f32) = (code.self_type(), code.type_of(quote!(f32), device));
    let fits = fits::bound(code);
    let init = code.body(quote! {
        let mut net = <Self as #p::Layer<#float, #device>>::zeros(device)?;
        #p::initialize(&mut net, seed)?;
        ::core::result::Result::Ok(net)
    });
    quote! {
        impl<#consts #device: #p::Backend<f32>> #this_f32 {
            /// A network of `f32` on this device, with initial weights that depend on the seed
            /// alone.
            ///
            /// # Panics
            /// If the device has no memory left; see [`try_seeded`](Self::try_seeded).
            #[track_caller]
            pub fn seeded(device: &#device, seed: u64) -> Self #fits {
                #p::expect(Self::init(device, seed))
            }

            /// As [`seeded`](Self::seeded), with a device's failure as an error.
            pub fn try_seeded(device: &#device, seed: u64) -> #p::Result<Self> #fits {
                Self::init(device, seed)
            }
        }

        impl<#consts #float: #p::Float, #device: #p::Backend<#float>> #this {
            /// A network of any float type on this device: `Net::<f64, _>::init(&device, 42)?`.
            pub fn init(device: &#device, seed: u64) -> #p::Result<Self> #fits {
                #init
            }
        }
    }
}

/// All fields with zeros.
fn zeros(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let fields = code.fields().map(|node| {
        let zeros = match node.outside {
            Some(_) => quote!(#p::Layer::zeros(device)),
            None => quote!(#p::zeros(device)),
        };
        // Not `?`, which rustc compiles to three calls, for each parameter.
        literal(code, node, || {
            quote! {
                match #zeros {
                    ::core::result::Result::Ok(zeros) => zeros,
                    ::core::result::Result::Err(error) => return ::core::result::Result::Err(error),
                }
            }
        })
    });
    let hidden = code.hidden_fields();
    quote! {
        ::core::result::Result::Ok(Self {
            #(#fields,)*
            #hidden
        })
    }
}

/// Calls `each` for all parameters.
fn listed(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let fields = code.fields().map(|node| {
        let field = &node.ident;
        match node.outside {
            Some(_) => quote!(#p::Layer::list(&self.#field, each);),
            None => {
                let names = params(node);
                quote!(#(each(&self.#field.#names);)*)
            }
        }
    });
    quote!(#(#fields)*)
}

/// The same, to be changed.
fn visited(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let fields = code.fields().map(|node| {
        let field = &node.ident;
        match node.outside {
            Some(_) => quote!(#p::Layer::visit(&mut self.#field, each);),
            None => {
                let names = params(node);
                quote!(#(each(&mut self.#field.#names);)*)
            }
        }
    });
    quote!(#(#fields)*)
}

/// The names of a layer's parameters.
fn params(node: &Node) -> Vec<Ident> {
    let params = node.inferred.iter().flat_map(|inferred| &inferred.params);
    params.map(|param| format_ident!("{}", param.name)).collect()
}

/// `Layer`: the parameters without their types. A network can stand in another one.
pub(super) fn layer(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let (consts, this) = (code.generics(), code.self_type());
    let (zeros, list, visit) =
        (code.body(zeros(code)), code.body(listed(code)), code.body(visited(code)));
    quote! {
        impl<#consts #float: #p::Float, #device: #p::Backend<#float>> #p::Layer<#float, #device>
            for #this
        {
            fn zeros(device: &#device) -> #p::Result<Self> {
                #zeros
            }
            fn list<'n>(
                &'n self,
                each: &mut dyn ::core::ops::FnMut(&'n dyn #p::AnyTensor<#float, #device>),
            ) {
                #list
            }
            fn visit<'n>(
                &'n mut self,
                each: &mut dyn ::core::ops::FnMut(&'n mut dyn #p::AnyTensor<#float, #device>),
            ) {
                #visit
            }
        }
    }
}

/// `Stands`: what another network must know of this one.
pub(super) fn stands(code: &Code<'_>) -> TokenStream {
    let p = &code.p;
    let (consts, constants) = (code.generics(), constants_type(code));
    let (this, float, device) =
        (code.type_of(quote!(f32), quote!(#p::Cpu)), code.fresh("E2"), code.fresh("D2"));
    let to = code.type_of(&float, &device);
    // A broken network fits everywhere: its mistakes are reported, and where it stands is none.
    let declared = match code.net.broken {
        true => quote!(Own(&[])),
        false => quote!(Network(#constants::GRAPH)),
    };
    quote! {
        impl<#consts> #p::Stands for #this {
            type To<#float: #p::Dtype, #device: #p::Device<#float>> = #to;
            const DECLARED: #p::graph::Declared = #p::graph::Declared::#declared;
        }
    }
}

/// `Model`: what the runtime does with a network of any type.
pub(super) fn implementation(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let consts = code.generics();
    let this = code.self_type();
    let constants = constants_type(code);
    let graph = match outside::any(code) && code.is_generic() {
        true => quote!(#p::inline::inlined(#constants::GRAPH)),
        false => quote!(#constants::GRAPH),
    };
    let own = outside::own(code);
    quote! {
        impl<#consts #float: #p::Float, #device: #p::Backend<#float>> #p::Model<#float, #device>
            for #this
        {
            fn graph(&self) -> &'static #p::graph::Graph {
                #graph
            }
            fn visit<'n>(
                &'n self,
                visit: &mut dyn ::core::ops::FnMut(&'n dyn #p::AnyTensor<#float, #device>),
            ) {
                #p::Layer::list(self, visit);
            }
            fn visit_mut<'n>(
                &'n mut self,
                visit: &mut dyn ::core::ops::FnMut(&'n mut dyn #p::AnyTensor<#float, #device>),
            ) {
                #p::Layer::visit(self, visit);
            }
            #own
            fn state(&mut self) -> &mut #p::State<#float, #device> {
                &mut self.__state
            }
        }
    }
}
