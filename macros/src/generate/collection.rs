//! dfdx's `TensorCollection`: what its optimizers, `alloc_grads` and `to_device` work with.

use super::{Code, model};
use crate::ir::Node;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// The longest tuple that dfdx visits.
const LONGEST_TUPLE: usize = 6;

/// One field description for each parameter, in nested tuples.
pub(super) fn implementation(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let consts = code.generics();
    let this = code.self_type();
    let (float2, device2) = (code.fresh("E2"), code.fresh("D2"));
    let to = code.type_of(&float2, &device2);
    let visitor = code.fresh("V");
    let body = code.body(visit(code));
    quote! {
        impl<#consts #float: #p::Float, #device: #p::Device<#float>>
            #p::TensorCollection<#float, #device> for #this
        {
            type To<#float2: #p::Dtype, #device2: #p::Device<#float2>> = #to;

            fn iter_tensors<#visitor: #p::ModuleVisitor<Self, #float, #device>>(
                visitor: &mut #visitor,
            ) -> ::core::result::Result<
                ::core::option::Option<Self::To<#visitor::E2, #visitor::D2>>,
                #visitor::Err,
            > {
                #body
            }
        }
    }
}

fn visit(code: &Code<'_>) -> TokenStream {
    let name = &code.net.name;
    let descriptions: Vec<_> = code.fields().flat_map(|node| described(code, node)).collect();
    let count = descriptions.len();
    let names: Vec<Ident> =
        (0..count).map(|i| Ident::new(&format!("t{i}"), Span::mixed_site())).collect();
    let mut next = names.iter();
    let fields = code.fields().map(|node| {
        model::literal(code, node, || {
            let tensor = next.next().cloned().unwrap_or_else(|| format_ident!("missing"));
            quote!(#tensor)
        })
    });
    let descriptions = nested(descriptions);
    let hidden = code.hidden_fields();
    let pattern = nested(names.iter().map(|name| quote!(#name)).collect());
    quote! {
        visitor.visit_fields(
            #descriptions,
            |#pattern| #name {
                #(#fields,)*
                #hidden
            },
        )
    }
}

/// The parameters of a field, or the field as a whole where it is a type of its own.
fn described(code: &Code<'_>, node: &Node) -> Vec<TokenStream> {
    let (p, field) = (&code.p, &node.ident);
    if node.outside.is_some() {
        let name = &node.name;
        return vec![quote!(Self::module(#name, |net| &net.#field, |net| &mut net.#field))];
    }
    let constants = model::constants_type(code);
    let params = node.inferred.iter().flat_map(|inferred| &inferred.params);
    let each = params.map(|param| {
        let text = format!("{}.{}", node.name, param.name);
        let slot = format_ident!("{}", param.name);
        let options = if param.trainable { quote!(reset_with) } else { quote!(detached) };
        quote! {
            Self::tensor(
                #text,
                |net| &net.#field.#slot,
                |net| &mut net.#field.#slot,
                #p::TensorOptions::#options(|t| #p::reset(#constants::GRAPH.params, #text, t)),
            )
        }
    });
    each.collect()
}

/// Tuples of at most six, of tuples of at most six, …
pub(crate) fn nested(mut items: Vec<TokenStream>) -> TokenStream {
    while items.len() > LONGEST_TUPLE {
        items = items.chunks(LONGEST_TUPLE).map(|chunk| quote!((#(#chunk,)*))).collect();
    }
    match items.is_empty() {
        true => quote!(()),
        false => quote!((#(#items,)*)),
    }
}
