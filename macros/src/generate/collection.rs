//! dfdx's `TensorCollection`: what its optimizers, `alloc_grads` and `to_device` work with.

use super::{Code, model};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

/// The longest tuple that dfdx visits.
const LONGEST_TUPLE: usize = 6;

/// One field description for each parameter, in nested tuples.
pub(super) fn implementation(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, net, .. } = code;
    let consts = code.generics();
    let (this, name) = (code.self_type(), &net.name);
    let (float2, device2) = (code.fresh("E2"), code.fresh("D2"));
    let to = code.type_of(&float2, &device2);
    let visitor = code.fresh("V");
    let body = code.body(visit(code));
    let _ = name;
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
    let p = &code.p;
    let name = &code.net.name;
    let constants = model::constants_type(code);
    let params = code.params();
    let descriptions = params.iter().enumerate().map(|(number, (node, slot, param))| {
        let field = &node.ident;
        let text = format!("{}.{}", node.name, param.name);
        let number = Literal::usize_unsuffixed(number);
        let options = if param.trainable { quote!(reset_with) } else { quote!(detached) };
        quote! {
            Self::tensor(
                #text,
                |net| &net.#field.#slot,
                |net| &mut net.#field.#slot,
                #p::TensorOptions::#options(|t| #p::reset(#constants::GRAPH, #number, t)),
            )
        }
    });
    let names: Vec<Ident> =
        (0..params.len()).map(|i| Ident::new(&format!("t{i}"), Span::mixed_site())).collect();
    let mut next = names.iter();
    let fields = code.fields().map(|node| {
        model::literal(code, node, || {
            let tensor = next.next().cloned().unwrap_or_else(|| format_ident!("missing"));
            quote!(#tensor)
        })
    });
    let descriptions = nested(descriptions.collect());
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

/// Tuples of at most six, of tuples of at most six, …
fn nested(mut items: Vec<TokenStream>) -> TokenStream {
    while items.len() > LONGEST_TUPLE {
        items = items.chunks(LONGEST_TUPLE).map(|chunk| quote!((#(#chunk,)*))).collect();
    }
    match items.is_empty() {
        true => quote!(()),
        false => quote!((#(#items,)*)),
    }
}
